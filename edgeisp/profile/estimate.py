"""Estimates for chips that nobody here has: a roofline fitted to published latencies, with the error that it makes.

A layer takes the longer of its MACs over a rate and its bytes over a bandwidth (Williams et al. 2009), a call takes
something besides. The three numbers are fitted for each chip and precision to networks whose latency is published.
How far off the estimate is, is found by leaving each of these networks out in turn and estimating it from the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeisp.profile.frames import GOALS
from edgeisp.profile.report import Static
from edgeisp.profile.table import Table

Precision = Literal["fp16", "w8a8"]
BYTES: dict[Precision, int] = {"fp16": 2, "w8a8": 1}
RATES = np.geomspace(0.5e12, 80e12, 56)
"""MACs per second that are tried."""
BANDWIDTHS = np.geomspace(20e9, 3e12, 40)
"""Bytes per second; accelerators keep much in memory of their own, so that this may exceed the chip's DRAM."""
OVERHEADS = np.concatenate([[0.0], np.geomspace(0.02e-3, 1.5e-3, 14)])
"""Seconds for each call."""


class Conv(msgspec.Struct, frozen=True):
    """Equal convolutions of a published network."""

    kernel: int
    into: int
    out: int
    groups: int = 1
    pixels: int = 1
    times: int = 1


class Network(msgspec.Struct, frozen=True):
    """A published network."""

    name: str
    parameters: int
    source: str
    input: tuple[int, int]
    layers: tuple[Conv, ...]
    note: str = ""


class Chip(msgspec.Struct, frozen=True):
    """A chip, and which part of it was measured."""

    name: str
    unit: str


class Latency(msgspec.Struct, frozen=True):
    """A published latency."""

    network: str
    chip: str
    precision: Precision
    ms: float
    source: str


class Unchecked(msgspec.Struct, frozen=True):
    """A published latency that no estimate can be held against."""

    network: str
    known: str
    why: str
    source: str


class Published(msgspec.Struct, frozen=True):
    """The data file."""

    note: str
    sources: dict[str, str]
    chips: tuple[Chip, ...]
    networks: tuple[Network, ...]
    measurements: tuple[Latency, ...]
    unchecked: tuple[Unchecked, ...]


@cache
def published() -> Published:
    """What ``chips.json`` says."""
    content = (files("edgeisp.profile") / "chips.json").read_bytes()
    return msgspec.json.decode(content, type=Published)


@dataclass(frozen=True)
class Work:
    """A network as the model sees it: MACs and elements moved, by layer."""

    macs: NDArray[np.float64]
    elements: NDArray[np.float64]

    @classmethod
    def of_network(cls, network: Network) -> Work:
        """Of a published network at its input size."""
        pixels = network.input[0] * network.input[1]
        macs, elements = [], []
        for conv in network.layers:
            weights = conv.kernel**2 * conv.into * conv.out / conv.groups
            for _ in range(conv.times):
                macs.append(weights * pixels * conv.pixels)
                elements.append(weights + (conv.into + conv.out) * pixels * conv.pixels)
        return cls(np.array(macs), np.array(elements))

    @classmethod
    def of_static(cls, static: Static) -> Work:
        """Of one of our networks, counted in float32: every operation counts, as if none were fused."""
        moved = [layer.weight_bytes + layer.read_bytes + layer.written_bytes for layer in static.layers]
        macs = [layer.macs for layer in static.layers]
        return cls(np.array(macs, np.float64), np.array(moved, np.float64) / 4)


@dataclass(frozen=True)
class Roof:
    """What was fitted for a chip at a precision."""

    chip: str
    precision: Precision
    rate: float
    bandwidth: float
    overhead: float

    @property
    def unbound(self) -> bool:
        """Whether the fit found no limit of bandwidth: it chose the largest that is tried."""
        return self.bandwidth >= float(BANDWIDTHS[-1])

    def __str__(self) -> str:
        memory = "no limit of memory seen" if self.unbound else f"{self.bandwidth / 1e9:.0f} GB/s"
        return f"{self.rate / 1e12:.1f} TMAC/s, {memory}, {self.overhead * 1e3:.2f} ms"

    def ms(self, work: Work) -> float:
        """The estimate."""
        moved = work.elements * BYTES[self.precision] / self.bandwidth
        return 1e3 * float(np.maximum(work.macs / self.rate, moved).sum() + self.overhead)


def fit(chip: str, precision: Precision, known: Sequence[tuple[Work, float]]) -> Roof:
    """The roof with the least squared logarithmic error over ``known`` works and their ms; searched on a grid."""
    size = BYTES[precision]
    layers = np.stack(
        [
            [
                np.maximum(work.macs / rate, work.elements * size / bandwidth).sum()
                for rate, bandwidth in product(RATES, BANDWIDTHS)
            ]
            for work, _ in known
        ]
    )
    wanted = np.array([ms / 1e3 for _, ms in known])[:, None, None]
    errors = (np.log((layers[:, :, None] + OVERHEADS) / wanted) ** 2).sum(0)
    best, overhead = np.unravel_index(int(errors.argmin()), errors.shape)
    rate, bandwidth = divmod(int(best), len(BANDWIDTHS))
    return Roof(chip, precision, float(RATES[rate]), float(BANDWIDTHS[bandwidth]), float(OVERHEADS[overhead]))


UNBOUND = (
    f"No limit of memory seen: the fit took the largest bandwidth that is tried, {BANDWIDTHS[-1] / 1e12:.0f} TB/s. At "
    "128x128 these networks keep their activations in the accelerator's own memory, so nothing here tells what DRAM "
    "allows; at larger inputs such an estimate may be too fast."
)


@dataclass(frozen=True)
class Held:
    """A published network, estimated from all the others."""

    latency: Latency
    ms: float

    @property
    def ratio(self) -> float:
        """Estimate over published; 1 is right."""
        return self.ms / self.latency.ms


@cache
def fitted(chip: str, precision: Precision) -> tuple[Roof, tuple[Held, ...]]:
    """The roof of a chip from all that is published of it, and how each network fares without its own latency."""
    works = {network.name: Work.of_network(network) for network in published().networks}
    here = [m for m in published().measurements if (m.chip, m.precision) == (chip, precision)]
    known = [(works[m.network], m.ms) for m in here]
    held = tuple(
        Held(m, fit(chip, precision, known[:i] + known[i + 1 :]).ms(works[m.network]))
        for i, m in enumerate(here)
    )
    return fit(chip, precision, known), held


@dataclass(frozen=True)
class Estimate:
    """What a function may take on a chip."""

    roof: Roof
    ms: float
    low: float
    """``ms`` over the largest ratio that a left-out network had, on any chip: so much faster it may be."""
    high: float
    """``ms`` over the smallest."""


def errors(precision: Precision) -> list[float]:
    """Ratios of all left-out networks at a precision. Of all chips: the four or five of one chip may agree by luck."""
    return [one.ratio for chip in published().chips for one in fitted(chip.name, precision)[1]]


def estimates(work: Work, chips: Iterable[str]) -> list[Estimate]:
    """For each chip and precision."""
    found = []
    for chip in chips:
        for precision in BYTES:
            roof, _ = fitted(chip, precision)
            ms, ratios = roof.ms(work), errors(precision)
            found.append(Estimate(roof, ms, ms / max(ratios), ms / min(ratios)))
    return found


def table(name: str, shape: tuple[int, ...], found: Sequence[Estimate]) -> Table:
    """Estimates for people."""
    megapixels = 4 * shape[-2] * shape[-1] / 1e6
    rows = tuple(
        (
            e.roof.chip,
            e.roof.precision,
            f"{e.ms:,.1f}",
            f"{e.low:,.1f} to {e.high:,.1f}",
            f"{e.ms / megapixels:,.1f}",
            *(f"{100 * e.ms / megapixels * goal.megapixels / goal.ms:,.0f} %" for goal in GOALS),
        )
        for e in found
    )
    columns = (
        "chip",
        "precision",
        ">ESTIMATE ms",
        ">may be",
        ">ms/MP",
        *(f">of {goal.name}" for goal in GOALS),
    )
    return Table(
        f"ESTIMATE, not measured: {name}, tile at {'x'.join(map(str, shape))}",
        columns,
        rows,
        "From a roofline fitted to published latencies of other networks; every operation moved through memory, none "
        "fused, no halo. May be: by the worst errors below at this precision, of any chip. No phone has run this "
        "network here.",
    )


def validation() -> Table:
    """How the estimate fares on networks whose latency is published."""
    rows: list[tuple[str, ...]] = []
    for chip, precision in product(published().chips, BYTES):
        roof, held = fitted(chip.name, precision)
        found = str(roof)
        for one in held:
            rows.append(
                (
                    one.latency.network,
                    chip.name,
                    precision,
                    f"{one.latency.ms:.3f}",
                    f"{one.ms:.3f}",
                    f"{one.ratio:.2f}",
                    found,
                )
            )
            found = ""
    for left in published().unchecked:
        rows.append((left.network, "", "", "", "", "", f"not estimated: {left.why}. Known: {left.known}"))
    columns = (
        "network",
        "chip",
        "precision",
        ">published ms",
        ">estimate ms",
        ">ratio",
        "roof fitted to all",
    )
    return Table(
        "Validation: each network estimated from the others of its chip",
        columns,
        tuple(rows),
        f"{UNBOUND} Sources: {'; '.join(published().sources.values())}.",
    )
