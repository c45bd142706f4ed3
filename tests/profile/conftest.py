"""A network whose costs can be counted by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import pytest
import torch
from torch import Tensor, nn

from edgeisp.export.records import Parity, Unverified
from edgeisp.models.functions import Function
from edgeisp.profile.report import (
    Costs,
    Device,
    Layer,
    Machine,
    Measured,
    Measurement,
    Operator,
    Outcome,
    Report,
    Settings,
    Static,
    Subject,
    Thumbnail,
)

SIDE = 16


class Countable(nn.Module):
    """3x3 convolution of 4 to 8, depthwise 3x3 of 8, a linear layer on the mean, a 1x1 of 8 to 12, shuffle."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(4, 8, 3, padding=1)
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.gain = nn.Linear(8, 8)
        self.last = nn.Conv2d(8, 12, 1)
        self.unused = nn.Conv2d(8, 8, 1)

    def forward(self, raw: Tensor) -> Tensor:
        x = torch.relu(self.first(raw))
        y = self.depthwise(x)
        self.unused(y)
        gain = self.gain(x.mean((2, 3)))
        return nn.functional.pixel_shuffle(self.last(y * gain[:, :, None, None]), 2)


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def countable() -> Function:
    """Its function ``tile``."""
    torch.manual_seed(0)
    shapes = {"raw": (1, 4, SIDE, SIDE)}, {"rgb": (1, 3, 2 * SIDE, 2 * SIDE)}
    return Function("tile", Countable().eval(), *shapes)


@pytest.fixture(scope="session")
def by_hand() -> dict[str, dict[str, int]]:
    """MACs of its layers, MACs that no output needs, bytes of the weights that are used."""
    pixels = SIDE * SIDE
    macs = {"first": pixels * 8 * 4 * 9, "depthwise": pixels * 8 * 9, "gain": 8 * 8, "last": pixels * 12 * 8}
    weights = (4 * 9 * 8 + 8) + (9 * 8 + 8) + (8 * 8 + 8) + (8 * 12 + 12)
    return {"macs": macs, "unused": {"macs": pixels * 8 * 8}, "weights": {"bytes": 4 * weights}}


@pytest.fixture
def make_report() -> Callable[..., Report]:
    """A report of one artifact, ``net.tflite``, and perhaps of a control, with given samples in ms."""

    def measured(samples: Sequence[float]) -> Measurement:
        operators = (
            Operator(name="conv 0", kind="conv", ms=3.0, delegated=True),
            Operator(name="sin 1", kind="sin", ms=1.0, delegated=False),
        )
        outcome = Measured(
            load_ms=5.0,
            first_ms=20.0,
            samples_ms=tuple(samples),
            idle_bytes=50_000_000,
            peak_bytes=80_000_000,
            parity=Parity(psnr_db=120.0, max_error=1e-6),
            operators=operators,
            operators_by="a profiler",
        )
        return Measurement(function="tile", engine="tflite", ran_on="LiteRT", threads=1, outcome=outcome)

    def layer(macs: int) -> Static:
        conv = Layer(
            name="conv",
            operation="conv2d",
            macs=macs,
            weight_bytes=100,
            read_bytes=1000,
            written_bytes=900,
            shape=(1, 3, 8, 8),
            widths=(4, 3),
        )
        return Static(
            counted_on="TFLite",
            parameters=None,
            macs=macs,
            weight_bytes=100,
            peak_activation_bytes=1900,
            layers=(conv,),
        )

    def subject(name: str, measurement: Measurement, macs: int) -> Subject:
        return Subject(
            name=name,
            kind="artifact",
            path=f"build/{name}",
            sha256="0" * 64,
            bytes=1000,
            model="net",
            target="tflite",
            precision="fp32",
            tile=(512, 512),
            halo=96,
            stride=8,
            verification=Unverified(reason="no <Mac> | here"),
            delegation={},
            costs={"tile": Costs(network=None, file=layer(macs))},
            measurements=(measurement,),
            thumbnails=(Thumbnail(title="picture", png=b"\x89PNG"),),
        )

    def make(
        samples: Sequence[float] = (10.0, 11.0, 12.0),
        control: Sequence[float] | None = None,
        macs: int = 1000,
        outcome: Outcome | None = None,
    ) -> Report:
        found = measured(samples)
        if outcome is not None:
            found = msgspec.structs.replace(found, outcome=outcome)
        subjects = [subject("net.tflite", found, macs)]
        if control is not None:
            subjects.append(subject("control.tflite", measured(control), 1000))
        return Report(
            edgeisp="0",
            created="2026-01-01T00:00:00+00:00",
            commit="c" * 40,
            machine=Machine(
                processor="a processor", cores=2, memory_bytes=2**30, system="Linux", python="3.11", load=0.1
            ),
            device=Device(
                kind="host",
                name="a processor",
                system="Linux",
                peak_macs_per_second=1e9,
                bytes_per_second=1e9,
            ),
            settings=Settings(runs=3, warmup=1, threads=(1,)),
            subjects=tuple(subjects),
        )

    return make
