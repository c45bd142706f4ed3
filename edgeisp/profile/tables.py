"""The figures of a report as plain tables of text, for a terminal, Markdown and HTML alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from edgeisp.export.manifest import Failed, Unverified, Verified
from edgeisp.profile.frames import frames
from edgeisp.profile.report import Died, Measured, Measurement, NotMeasured, Report, Subject, Wrong
from edgeisp.profile.statistics import median, quantile

OPERATORS, CHANGES_SHOWN = 8, 12


@dataclass(frozen=True)
class Table:
    """A table of text. Columns whose head begins with ``>`` hold numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def tables(report: Report) -> list[Table]:
    """Everything worth reading, the most wanted first; empty tables are left out."""
    found = [
        latency(report),
        failures(report),
        budgets(report),
        costs(report),
        changes(report),
        delegation(report),
    ]
    found += [operators(subject, m) for subject in report.subjects for m in _profiled(subject)]
    return [table for table in found if table.rows]


def about(report: Report) -> list[str]:
    """What was measured on what, in a few lines."""
    machine, device = report.machine, report.device
    memory = f", {machine.memory_bytes / 2**30:.0f} GiB" if machine.memory_bytes else ""
    lines = [f"on {device.kind}: {device.name}, {device.system}{memory}, {machine.cores} logical cores"]
    if device.peak_macs_per_second and device.bytes_per_second:
        lines.append(
            f"one thread of it reaches {device.peak_macs_per_second / 1e9:.1f} GMAC/s in fp32 matrix products and "
            f"copies {device.bytes_per_second / 1e9:.1f} GB/s"
        )
    if machine.load is not None and machine.load > 0.5 * machine.cores:
        lines.append(
            f"load {machine.load:g} before the first run: other work was going on; only ratios within this run hold"
        )
    commit = f", commit {report.commit[:12]}" if report.commit else ""
    ran = dict.fromkeys(m.ran_on for s in report.subjects for m in s.measurements if m.ran_on)
    lines += [f"by {'; '.join(ran)}"] if ran else []
    return [*lines, f"edgeisp {report.edgeisp}, {report.created}{commit}"]


def latency(report: Report) -> Table:
    """One row for each function, engine and number of threads."""
    base = _base(report)
    rows = [
        (subject.name, m.function, m.engine, str(m.threads or "-"), *_times(m, base))
        for subject in report.subjects
        for m in subject.measurements
    ]
    settings = report.settings
    columns = (
        "what",
        "function",
        "engine",
        ">threads",
        ">load ms",
        ">first ms",
        ">median ms",
        ">p90",
        ">p99",
    )
    return Table(
        f"Latency, {settings.runs} runs in turns after {settings.warmup} of warm-up",
        (*columns, ">ratio", ">MB", ">+MB", ">dB"),
        tuple(rows),
        "ms of wall clock for one call, copies in and out included. thr.: threads, - for the runtime's choice. Ratio: "
        "of medians, to the first row of the same function. MB: peak resident memory of a fresh process, and what the "
        "model adds to interpreter and runtime. dB: PSNR against PyTorch on the same input.",
    )


def failures(report: Report) -> Table:
    """What has no times, and why."""
    rows = [
        (subject.name, m.function, m.engine, str(m.threads or "-"), why)
        for subject in report.subjects
        for m in subject.measurements
        if (why := _why(m))
    ]
    return Table("Without times", ("what", "function", "engine", ">thr.", "why"), tuple(rows))


def _why(measurement: Measurement) -> str:
    outcome = measurement.outcome
    if isinstance(outcome, NotMeasured):
        return f"not measured: {outcome.reason}"
    if isinstance(outcome, Died):
        return f"died ({outcome.cause}): {outcome.said}"
    if isinstance(outcome, Wrong):
        return f"wrong: {outcome.parity.psnr_db:.1f} dB from PyTorch, at least {outcome.threshold_db:g} dB wanted"
    return ""


def budgets(report: Report) -> Table:
    """Real-time goals, each as ms, ms per megapixel and share of the budget."""
    rows = []
    for subject in report.subjects:
        for engine, threads in dict.fromkeys((m.engine, m.threads) for m in subject.measurements):
            for frame in frames(subject, engine, threads):
                rows.append(
                    (
                        subject.name,
                        engine,
                        str(threads or "-"),
                        frame.goal.name,
                        str(frame.tiles),
                        f"{frame.ms:,.1f}",
                        f"{frame.per_megapixel:,.1f}",
                        f"{100 * frame.share:,.0f} %",
                    )
                )
    columns = ("what", "engine", ">threads", "goal", ">tiles", ">ms", ">ms/MP", ">of budget")
    note = "Tiles as `edgeisp render` cuts them, halo included, and nine context passes; no copies of whole frames."
    return Table("Real-time budgets", columns, tuple(rows), note)


def costs(report: Report) -> Table:
    """Counted, not measured."""
    rows = []
    for subject in report.subjects:
        for function, both in subject.costs.items():
            for static in filter(None, (both.network, both.file)):
                peak = static.peak_activation_bytes
                rows.append(
                    (
                        subject.name,
                        function,
                        static.counted_on,
                        f"{static.parameters / 1e6:.3f}" if static.parameters is not None else "",
                        f"{static.macs / 1e6:,.1f}",
                        f"{static.weight_bytes / 1e6:.2f}",
                        f"{peak / 1e6:.2f}" if peak is not None else "",
                        f"{static.moved_bytes / 1e6:,.1f}",
                        f"{static.intensity:.1f}",
                    )
                )
    columns = ("what", "function", "counted on", ">M parameters", ">M MACs", ">weights MB", ">activations MB")
    return Table(
        "Costs, counted on graph and file",
        (*columns, ">moved MB", ">MAC/byte"),
        tuple(rows),
        "Activations: the most that is alive at once. Moved: all weights and activations that"
        " operations read and write.",
    )


def changes(report: Report) -> Table:
    """Why a file has other MACs than its network."""
    rows = []
    for subject in report.subjects:
        for function, both in subject.costs.items():
            if both.network is None or both.file is None:
                continue
            verdict = "agree" if both.agree else "DO NOT AGREE"
            for change in both.changes[:CHANGES_SHOWN]:
                rows.append((subject.name, function, change.step, f"{change.macs / 1e6:+,.2f}", ""))
            rows.append(
                (
                    subject.name,
                    function,
                    "network to file",
                    f"{(both.file.macs - both.network.macs) / 1e6:+,.2f}",
                    verdict,
                )
            )
    columns = ("what", "function", "step", ">M MACs", "")
    return Table("From the network's MACs to the file's", columns, tuple(rows))


def delegation(report: Report) -> Table:
    """Time in delegated operators, and the verification of the artifact."""
    rows = []
    for subject in report.subjects:
        if subject.kind == "network":
            continue
        for function in subject.costs:
            counted = subject.delegation.get(function)
            spent = "; ".join(
                f"{m.engine}: {100 * share:.1f} %"
                for m in _profiled(subject)
                if m.function == function and (share := delegated_share(m)) is not None
            )
            operations = f"{counted.delegated} of {counted.total} on {counted.backend}" if counted else ""
            rows.append((subject.name, function, operations, spent, verification(subject)))
    columns = ("what", "function", "operations delegated", "time in delegated ones", "verification")
    return Table("Delegation and verification", columns, tuple(rows))


def delegated_share(measurement: Measurement) -> float | None:
    """Share of the operators' time that a delegate takes; None where the runtime has none or gave no table."""
    outcome = measurement.outcome
    if not isinstance(outcome, Measured):
        return None
    told = [row for row in outcome.operators if row.delegated is not None]
    total = sum(row.ms for row in told)
    return sum(row.ms for row in told if row.delegated) / total if total else None


def operators(subject: Subject, measurement: Measurement) -> Table:
    """The slowest kinds of operators of one function."""
    outcome = measurement.outcome
    assert isinstance(outcome, Measured)
    kinds: dict[tuple[str, bool | None], list[float]] = defaultdict(lambda: [0.0, 0])
    for row in outcome.operators:
        kinds[row.kind, row.delegated][0] += row.ms
        kinds[row.kind, row.delegated][1] += row.calls
    total = sum(ms for ms, _ in kinds.values()) or 1.0
    ranked = sorted(kinds.items(), key=lambda item: -item[1][0])
    named = {True: "delegated", False: "own kernel", None: ""}
    rows = [
        (kind, named[delegated], f"{calls:.0f}", f"{ms:.2f}", f"{100 * ms / total:.1f} %")
        for (kind, delegated), (ms, calls) in ranked[:OPERATORS]
    ]
    threads = measurement.threads or "default"
    title = f"Operators of {subject.name}, {measurement.function}, {threads} threads: {outcome.operators_by}"
    note = "" if len(ranked) <= OPERATORS else f"and {len(ranked) - OPERATORS} more kinds"
    return Table(title, ("operator", "", ">calls", ">ms", ">share"), tuple(rows), note)


def verification(subject: Subject) -> str:
    """What the artifact's manifest says, in a few words."""
    said = subject.verification
    if isinstance(said, Verified):
        return f"verified by {said.engine}, {said.psnr_db:.1f} dB"
    if isinstance(said, Failed):
        return f"FAILED by {said.engine}"
    return f"unverified: {said.reason}" if isinstance(said, Unverified) else ""


def _profiled(subject: Subject) -> Iterator[Measurement]:
    for measurement in subject.measurements:
        if isinstance(measurement.outcome, Measured) and measurement.outcome.operators:
            yield measurement


def _base(report: Report) -> dict[str, float]:
    """By function: the median that ratios refer to."""
    base: dict[str, float] = {}
    for subject in report.subjects:
        for m in subject.measurements:
            if isinstance(m.outcome, Measured) and m.outcome.samples_ms:
                base.setdefault(m.function, median(m.outcome.samples_ms))
    return base


def _times(measurement: Measurement, base: dict[str, float]) -> tuple[str, ...]:
    outcome = measurement.outcome
    if isinstance(outcome, Wrong):
        return (*("",) * 8, f"{outcome.parity.psnr_db:.1f}")
    if not isinstance(outcome, Measured):
        return ("-",) + ("",) * 8
    samples = outcome.samples_ms
    if not samples:
        return (f"{outcome.load_ms:.1f}", f"{outcome.first_ms:.1f}", *("",) * 7)
    middle = median(samples)
    peak, idle = outcome.peak_bytes, outcome.idle_bytes
    return (
        f"{outcome.load_ms:.1f}",
        f"{outcome.first_ms:.1f}",
        f"{middle:.2f}",
        f"{quantile(samples, 0.9):.2f}",
        f"{quantile(samples, 0.99):.2f}",
        f"{middle / base[measurement.function]:.2f}",
        f"{peak / 1e6:.0f}" if peak is not None else "",
        f"{(peak - idle) / 1e6:.0f}" if peak is not None and idle is not None else "",
        f"{outcome.parity.psnr_db:.1f}" if outcome.parity else "",
    )
