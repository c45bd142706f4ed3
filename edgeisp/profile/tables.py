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
    found = [*latency(report), memory(report), failures(report), budgets(report)]
    found += [*costs(report), changes(report), delegation(report)]
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


def latency(report: Report) -> list[Table]:
    """A table for each function: a row for each engine and number of threads."""
    settings, found = report.settings, []
    for function in functions(report):
        timed = [
            (subject, m, m.outcome)
            for subject in report.subjects
            for m in subject.measurements
            if m.function == function and isinstance(m.outcome, Measured) and m.outcome.samples_ms
        ]
        base = median(timed[0][2].samples_ms) if timed else 1.0
        rows = tuple(
            (
                subject.name,
                m.engine,
                str(m.threads or "-"),
                _ms(outcome.first_ms),
                _ms(median(outcome.samples_ms)),
                _ms(quantile(outcome.samples_ms, 0.9)),
                _ms(quantile(outcome.samples_ms, 0.99)),
                f"{median(outcome.samples_ms) / base:.2f}",
            )
            for subject, m, outcome in timed
        )
        found.append(
            Table(
                f"Latency of {function} in ms, {settings.runs} runs in turns after {settings.warmup} of warm-up",
                ("what", "engine", ">threads", ">first", ">median", ">p90", ">p99", ">ratio"),
                rows,
                "Wall clock of one call, copies in and out included. Ratio: of medians, to the first row.",
            )
        )
    return found


def memory(report: Report) -> Table:
    """What opening costs, memory, and whether the outputs are right."""
    rows = tuple(
        (
            subject.name,
            m.function,
            m.engine,
            str(m.threads or "-"),
            _ms(o.load_ms),
            f"{o.peak_bytes / 1e6:.0f}" if o.peak_bytes is not None else "",
            f"{(o.peak_bytes - o.idle_bytes) / 1e6:.0f}" if o.peak_bytes and o.idle_bytes else "",
            f"{o.parity.psnr_db:.1f}" if o.parity else "",
        )
        for subject in report.subjects
        for m in subject.measurements
        if isinstance(o := m.outcome, Measured)
    )
    return Table(
        "Load, memory, parity",
        ("what", "function", "engine", ">threads", ">load ms", ">MB", ">+MB", ">dB"),
        rows,
        "MB: peak resident memory of a fresh process up to then, and what the model adds to interpreter and runtime. "
        "dB: PSNR against PyTorch on the same input.",
    )


def functions(report: Report) -> list[str]:
    """Names of all functions, ``tile`` first."""
    names = dict.fromkeys(name for subject in report.subjects for name in subject.costs)
    return sorted(names, key=lambda name: name != "tile")


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
                        _ms(frame.ms),
                        _ms(frame.per_megapixel),
                        f"{100 * frame.share:,.0f} %",
                    )
                )
    columns = ("what", "engine", ">threads", "goal", ">tiles", ">ms", ">ms/MP", ">of budget")
    note = "Tiles as `edgeisp render` cuts them, halo included, and nine context passes; no copies of whole frames."
    return Table("Real-time budgets", columns, tuple(rows), note)


def costs(report: Report) -> list[Table]:
    """Counted, not measured; a table for each function."""
    columns = ("what", "on", ">M par.", ">M MACs", ">weights", ">alive", ">moved", ">MAC/B")
    note = (
        "MB. Alive: activations, the most at once. Moved: all weights and activations that operations read and write, "
        "as if nothing stayed in a cache."
    )
    found = []
    for function in functions(report):
        rows = []
        for subject in report.subjects:
            both = subject.costs.get(function)
            for static in filter(None, (both.network, both.file) if both else ()):
                peak = static.peak_activation_bytes
                rows.append(
                    (
                        subject.name,
                        static.counted_on,
                        f"{static.parameters / 1e6:.3f}" if static.parameters is not None else "",
                        f"{static.macs / 1e6:,.1f}",
                        f"{static.weight_bytes / 1e6:.2f}",
                        f"{peak / 1e6:.2f}" if peak is not None else "",
                        f"{static.moved_bytes / 1e6:,.1f}",
                        f"{static.intensity:.1f}",
                    )
                )
        found.append(Table(f"Costs of {function}, counted on graph and file", columns, tuple(rows), note))
    return found


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


def _ms(value: float) -> str:
    """With three or more significant digits."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}" if value >= 100 else f"{value:.2f}"
