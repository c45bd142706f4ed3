"""Two reports side by side: ratios of medians, how sure one can be of them, and which are regressions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgeisp.errors import BadInputError
from edgeisp.profile.report import Measured, Measurement, Report, Subject, threads_of
from edgeisp.profile.statistics import Ratio, median, ratio_of_medians
from edgeisp.profile.table import Table
from edgeisp.registry import did_you_mean

Key = tuple[str, str, str, int]
"""Subject, function, engine, threads."""


@dataclass(frozen=True)
class Difference:
    """One figure in both reports."""

    subject: str
    function: str
    what: str
    old: float
    new: float
    unit: str
    ratio: float
    interval: Ratio | None
    """None for what is counted or read once, not sampled."""
    regression: bool


def compare(
    old: Report, new: Report, *, tolerance: float = 0.05, confidence: float = 0.95, control: str | None = None
) -> list[Difference]:
    """What both reports have, in the order of the new one.

    A latency regressed where the whole interval of its ratio lies above ``1 + tolerance``. MACs, weights and peak
    memory have no samples: they regressed where their ratio does.

    Args:
        old, new: reports.
        tolerance: share by which a figure may grow.
        confidence: of the bootstrap interval.
        control: a subject that is the same in both; what its time did between the runs is divided out.

    Raises:
        BadInputError: nothing in common, or no such control.
    """
    controls = _controls(old, new, control)
    before = dict(_measured(old))
    found = []
    for key, (subject, measured) in _measured(new):
        if key not in before:
            continue
        name, function, engine, threads = key
        was = before[key][1]
        at = f"{engine}, {threads_of(threads)}"
        interval = ratio_of_medians(
            measured.samples_ms, was.samples_ms, confidence, controls.get((function, engine, threads))
        )
        same = subject.name == control
        found.append(
            Difference(
                subject=name,
                function=function,
                what=f"median, {at}",
                old=median(was.samples_ms),
                new=median(measured.samples_ms),
                unit="ms",
                ratio=interval.value,
                interval=interval,
                regression=interval.above(1 + tolerance) and not same,
            )
        )
        if was.peak_bytes and measured.peak_bytes:
            found.append(
                _counted(name, function, f"peak memory, {at}", was.peak_bytes, measured.peak_bytes, tolerance)
            )
    found += _costs(old, new, tolerance)
    if not found:
        raise BadInputError(
            "the two reports have nothing in common", cure="compare reports of the same networks or artifacts"
        )
    return found


def differences(found: Sequence[Difference], confidence: float) -> Table:
    """For people; what is merely counted and did not change is left out."""
    shown = [d for d in found if d.interval is not None or abs(d.ratio - 1) > 5e-3]
    rows = tuple(
        (
            d.subject,
            d.function,
            d.what,
            f"{d.old:,.2f}",
            f"{d.new:,.2f}",
            d.unit,
            f"{d.ratio:.3f}",
            f"{d.interval.low:.3f} to {d.interval.high:.3f}" if d.interval else "counted",
            "REGRESSION" if d.regression else "",
        )
        for d in shown
    )
    interval = f">{100 * confidence:g} % interval"
    columns = ("what", "function", "figure", ">old", ">new", "", ">ratio", interval, "")
    note = (
        "Ratio: new over old. Interval: percentile bootstrap over the runs' samples. It knows the noise within each "
        "run; that the machine itself was slower in one of them, only a control can tell."
    )
    return Table("New against old", columns, rows, note)


def warnings(old: Report, new: Report, control: str | None) -> list[str]:
    """What makes the comparison doubtful."""
    found = []
    if old.device.name != new.device.name:
        found.append(f"measured on different devices: {old.device.name} and {new.device.name}")
    elif control is None:
        found.append(
            "two runs at different times: without --control a slower phase of the machine looks like a regression"
        )
    after = dict(_measured(new))
    lost = [key for key in dict(_measured(old)) if key not in after]
    if lost:
        name, function, engine, threads = lost[0]
        found.append(
            f"{len(lost)} measured in the old report have no times in the new one, first "
            f"{name} {function}, {engine}, {threads_of(threads)}"
        )
    return found


def _controls(
    old: Report, new: Report, control: str | None
) -> dict[tuple[str, str, int], tuple[tuple[float, ...], tuple[float, ...]]]:
    """By function, engine and threads: samples of the control in the new and in the old report."""
    if control is None:
        return {}
    before, after = ({k: m for k, (_, m) in _measured(r) if k[0] == control} for r in (old, new))
    if not before or not after:
        names = sorted({s.name for s in new.subjects} & {s.name for s in old.subjects})
        raise BadInputError(
            f"{control!r} is not in both reports", where="--control", cure=did_you_mean(control, names)
        )
    table: dict[tuple[str, str, int], tuple[tuple[float, ...], tuple[float, ...]]] = {}
    for key, _ in (*_measured(old), *_measured(new)):
        _, function, engine, threads = key
        same = [k for k in before if k in after and k[1] == function and k[3] == threads]
        if same:
            table[function, engine, threads] = (after[same[0]].samples_ms, before[same[0]].samples_ms)
    return table


def _measured(report: Report) -> Iterator[tuple[Key, tuple[Subject, Measured]]]:
    for subject in report.subjects:
        for m in subject.measurements:
            if isinstance(m.outcome, Measured) and m.outcome.samples_ms:
                yield _key(subject, m), (subject, m.outcome)


def _key(subject: Subject, m: Measurement) -> Key:
    return subject.name, m.function, m.engine, m.threads


def _costs(old: Report, new: Report, tolerance: float) -> Iterator[Difference]:
    before = {subject.name: subject for subject in old.subjects}
    for subject in new.subjects:
        if subject.name not in before:
            continue
        for function, costs in subject.costs.items():
            was = before[subject.name].costs.get(function)
            pair = (was.file or was.network, costs.file or costs.network) if was else (None, None)
            if pair[0] is None or pair[1] is None:
                continue
            for what in ("macs", "weight_bytes"):
                a, b = getattr(pair[0], what), getattr(pair[1], what)
                if a and b:
                    yield _counted(subject.name, function, what.replace("_", " "), a, b, tolerance)


def _counted(subject: str, function: str, what: str, old: int, new: int, tolerance: float) -> Difference:
    ratio = new / old
    return Difference(
        subject, function, what, old / 1e6, new / 1e6, "M", ratio, None, regression=ratio > 1 + tolerance
    )
