"""Every claim of a model card, measured here where it can be, beside the paper's figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgeisp.errors import BadInputError
from edgeisp.models import MODELS, checkpoint, cost
from edgeisp.models.card import Check, Claim, ModelCard
from edgeisp.models.functions import ISPNetwork
from edgeisp.profile.frames import GOALS, frames
from edgeisp.profile.report import Measured, Report, threads_of
from edgeisp.profile.statistics import median
from edgeisp.profile.table import Table
from edgeisp.raw.reader import RawReader

Status = Literal["measured", "needs data", "needs device", "not checkable"]


@dataclass(frozen=True)
class Line:
    """A claim and what became of it."""

    model: str
    what: str
    paper: str
    source: str
    status: Status
    ours: float | None = None
    """In the claim's own terms: a count, a share, dB or ms."""
    shown: str = ""
    holds: bool | None = None
    """None where nothing was measured."""
    note: str = ""


@dataclass(frozen=True)
class Evidence:
    """What the user gave to check claims with."""

    weights: Path | None = None
    data: Mapping[str, str] | None = None
    """By kind: ``{"zrr": "zrr:/data/zrr"}``."""
    reports: Sequence[Report] = ()
    step: Callable[[str], None] = lambda what: None


def check(name: str, evidence: Evidence) -> list[Line]:
    """Every claim of the network called ``name``.

    Raises:
        BadInputError: no such network, or a data set that is not as it should be.
        CheckpointError: the weights are damaged.
    """
    card = MODELS.get(name)
    network = card.build()
    return [_line(card, network, claim, evidence) for claim in card.claims]


def _line(card: ModelCard, network: ISPNetwork, claim: Claim, evidence: Evidence) -> Line:
    def line(status: Status, ours: float | None = None, note: str = "") -> Line:
        holds = None if ours is None or claim.check is None else claim.check.holds(ours)
        shown = "" if ours is None or claim.check is None else _shown(ours, claim.check)
        return Line(card.name, claim.what, claim.paper, claim.source, status, ours, shown, holds, note)

    evidence.step(f"{card.name}: {claim.what}")
    wanted = claim.check
    if wanted is None:
        return line("not checkable")
    if wanted.quantity == "parameters":
        return line("measured", cost.parameters(network) / wanted.of)
    if wanted.quantity == "macs":
        at = "x".join(map(str, card.reference_input))
        return line("measured", cost.frame_macs(network, card.reference_input) / wanted.of, f"at {at}")
    if wanted.quantity == "psnr":
        given = (evidence.data or {}).get(wanted.data or "")
        if given is None:
            return line("needs data", note=f"--data {wanted.data}:DIR")
        decibels, note = _psnr(card.name, wanted, evidence.weights, given)
        return line("measured", decibels, note)
    times = _latency(card.name, wanted, evidence.reports)
    if times is None:
        return line("needs device", note=f"--report of a run on {wanted.device}")
    return line("measured", times)


def _psnr(name: str, wanted: Check, weights: Path | None, data: str) -> tuple[float, str]:
    """Mean PSNR over the pictures of an evaluation set, and what it was measured with."""
    from edgeisp.extras import require

    require("train")
    from edgeisp.training.evalset import evaluation_set
    from edgeisp.training.evaluate import evaluate

    loaded = checkpoint.load(name, weights)
    scores = [
        score
        for score in evaluate(loaded.network, evaluation_set(data, RawReader())).scores
        if score.what == "all" and score.protocol == (wanted.protocol or score.protocol)
    ]
    if not scores:
        raise BadInputError(
            f"no picture with {wanted.protocol} ground truth",
            where=data,
            cure="`edgeisp eval` says what it has",
        )
    count = sum(score.pictures for score in scores)
    mean = sum(score.pictures * score.network.psnr for score in scores) / count
    trained = loaded.card.get("data", "unknown data")
    return mean, f"{count} pictures, {scores[0].protocol} GT; {loaded.path.name}, trained on {trained}"


def _latency(name: str, wanted: Check, reports: Sequence[Report]) -> float | None:
    """The best median of a tile on the device that the claim names."""
    found = [
        median(m.outcome.samples_ms)
        for report in reports
        if (wanted.device or "").lower() in report.device.name.lower()
        for subject in report.subjects
        if subject.model == name
        for m in subject.measurements
        if m.function == "tile" and isinstance(m.outcome, Measured) and m.outcome.samples_ms
    ]
    return min(found, default=None)


def _shown(ours: float, wanted: Check) -> str:
    if wanted.quantity == "psnr":
        return f"{ours:.2f} dB"
    if wanted.quantity == "latency":
        return f"{ours:.2f} ms"
    if wanted.of != 1:
        return f"{100 * ours:.2f} %" if ours < 1 else f"{ours:.1f} times"
    return f"{ours / 1e9:.3f} G" if ours >= 1e9 else f"{ours / 1e6:.3f} M"


@dataclass(frozen=True)
class RealTime:
    """A real-time goal and what became of it; numbers are None where no device was measured."""

    model: str
    what: str
    goal: str
    status: Status
    on: str = ""
    ms: float | None = None
    ms_per_megapixel: float | None = None
    share: float | None = None
    """Of the budget; 1 uses it up."""


def real_time(names: Sequence[str], reports: Sequence[Report]) -> list[RealTime]:
    """The goals 1080p30, 4K30 and 12 MP in 1 s, by every measurement of the reports."""
    found = []
    for report in reports:
        for subject in report.subjects:
            for engine, threads in dict.fromkeys((m.engine, m.threads) for m in subject.measurements):
                on = f"{report.device.name}, {engine}, {threads_of(threads)}"
                found += [
                    RealTime(
                        subject.model,
                        subject.name,
                        f.goal.name,
                        "measured",
                        on,
                        f.ms,
                        f.per_megapixel,
                        f.share,
                    )
                    for f in frames(subject, engine, threads)
                ]
    seen = {line.model for line in found}
    return found + [
        RealTime(name, name, goal.name, "needs device")
        for name in names
        if name not in seen
        for goal in GOALS
    ]


def budgets(lines: Sequence[RealTime]) -> Table:
    """For people."""
    rows = [
        (x.what, x.goal, x.on, "", "", "", x.status)
        if x.ms is None or x.ms_per_megapixel is None or x.share is None
        else (
            x.what,
            x.goal,
            x.on,
            f"{x.ms:,.1f}",
            f"{x.ms_per_megapixel:,.1f}",
            f"{100 * x.share:,.0f} %",
            x.status,
        )
        for x in lines
    ]
    columns = ("what", "goal", "on", ">ms", ">ms/MP", ">of budget", "status")
    note = (
        "Needs device: `edgeisp profile ARTIFACT --on adb -o R.json`, then `edgeisp claims --report R.json`. Tiles as "
        "`edgeisp render` cuts them, halo included."
    )
    return Table("Real-time budgets", columns, tuple(rows), note)


def table(lines: Sequence[Line]) -> Table:
    """Papers' figures and ours, in columns of their own."""
    verdicts = {True: "holds", False: "FAILS", None: ""}
    rows = [
        (
            x.model,
            x.what,
            x.paper.split(" derived from")[0],
            x.shown,
            verdicts[x.holds],
            f"{x.status}, {x.note}" if x.note else x.status,
        )
        for x in lines
    ]
    columns = ("network", "claim", ">paper", ">ours", "", "status")
    note = "Sources and derivations: `edgeisp models NAME`, or --json."
    return Table("Claims", columns, tuple(rows), note)
