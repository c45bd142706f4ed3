"""The figures of a report as plain tables of text, for a terminal, Markdown and HTML alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from edgeisp.export.records import Failed, Unverified, Verified
from edgeisp.profile.counted import changes, costs, functions
from edgeisp.profile.frames import frames
from edgeisp.profile.report import (
    Died,
    Int8,
    Measured,
    Measurement,
    NotMeasured,
    Report,
    Subject,
    Wrong,
    threads_of,
)
from edgeisp.profile.statistics import median, quantile
from edgeisp.profile.table import Table

OPERATORS = 8


def tables(report: Report) -> list[Table]:
    """Everything worth reading, the most wanted first; empty tables are left out."""
    found = [*latency(report), memory(report), health(report), failures(report), budgets(report)]
    found += [*costs(report), changes(report), delegation(report)]
    found += [operators(subject, m) for subject in report.subjects for m in _profiled(subject)]
    return [table for table in found if table.rows]


def about(report: Report) -> list[str]:
    """What was measured on what, in a few lines."""
    machine, device = report.machine, report.device
    lines = [f"on {device.kind}: {device.name}, {device.system}"]
    if device.kind == "host":
        memory = f", {machine.memory_bytes / 2**30:.0f} GiB" if machine.memory_bytes else ""
        lines[0] += f"{memory}, {machine.cores} logical cores"
    if device.peak_macs_per_second and device.bytes_per_second:
        lines.append(
            f"one thread of it reaches {device.peak_macs_per_second / 1e9:.1f} GMAC/s in fp32 matrix products and "
            f"copies {device.bytes_per_second / 1e9:.1f} GB/s"
        )
    if device.kind == "host" and machine.load is not None and machine.load > 0.5 * machine.cores:
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
                "Wall clock of one call, copies in and out included. Ratio: of medians, to the first row."
                + ("" if function == "context" else _unlike([subject for subject, _, _ in timed])),
            )
        )
    return found


def _unlike(subjects: Sequence[Subject]) -> str:
    """A sentence where calls make pictures of different sizes; the crops of a context are alike."""
    tiles = dict.fromkeys((s.name, s.tile) for s in subjects if s.tile)
    if len({tile for _, tile in tiles}) < 2:
        return ""
    told = ", ".join(f"{name} {tile[1]}x{tile[0]}" for name, tile in tiles)
    return f" Tiles differ ({told} pixels), so the ratio is not one of speed."


def memory(report: Report) -> Table:
    """What opening costs, memory, and whether the outputs are right."""
    rows = tuple(
        (
            subject.name,
            m.function,
            m.engine,
            str(m.threads or "-"),
            _ms(o.load_ms) if o.load_ms is not None else "",
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


def health(report: Report) -> Table:
    """How a phone fared while it was measured."""
    rows = []
    for subject in report.subjects:
        for m in subject.measurements:
            if not isinstance(m.outcome, Measured) or not m.outcome.health:
                continue
            samples = m.outcome.health
            heat = _range([s.celsius for s in samples])
            clock = _range([s.clock_mhz for s in samples])
            status = [s.status for s in samples if s.status is not None]
            free = [s.memory_bytes for s in samples if s.memory_bytes is not None]
            rows.append(
                (
                    subject.name,
                    m.function,
                    str(m.threads or "-"),
                    str(len(samples)),
                    str(max(status)) if status else "",
                    heat,
                    clock,
                    f"{min(free) / 1e6:,.0f}" if free else "",
                    "yes" if any(s.throttled for s in samples) else "no",
                )
            )
    columns = ("what", "function", ">threads", ">samples", ">thermal", ">°C", ">MHz", ">MB free", "throttled")
    note = (
        "Thermal: Android's status at its worst, 0 none to 6 shutdown; from 2 on the system holds back the clocks. "
        "°C: the hottest sensor. MHz: the fastest core. Empty: the phone does not say."
    )
    return Table("How the phone fared", columns, tuple(rows), note)


def _range(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    low, high = (f"{end:,.0f}" for end in (min(known, default=0), max(known, default=0)))
    return "" if not known else low if low == high else f"{low} to {high}"


def side_by_side(reports: Sequence[Report]) -> Table:
    """Medians of several devices."""
    rows = []
    for function in dict.fromkeys(name for report in reports for name in functions(report)):
        for report in reports:
            for subject in report.subjects:
                for m in subject.measurements:
                    if m.function != function:
                        continue
                    measured = isinstance(m.outcome, Measured) and m.outcome.samples_ms
                    ms = _ms(median(measured)) if measured else _why(m).partition(":")[0]
                    at = report.device.serial or report.device.kind
                    rows.append((function, subject.name, at, m.engine, str(m.threads or "-"), ms))
    columns = ("function", "what", "on", "engine", ">threads", ">median ms")
    return Table("Devices side by side", columns, tuple(rows))


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
    for subject in report.subjects if rows else ():
        core = tuple(side - 2 * subject.halo for side in subject.tile or ())
        if core and 2 * min(core) < min(subject.tile or ()):
            note += (
                f" Of a tile of {subject.name} only {core[1]}x{core[0]} pixels are its own, the rest is halo: a larger "
                "tile (`edgeisp export --tile`) does the same frames in less time."
            )
            break
    return Table("Real-time budgets", columns, tuple(rows), note)


def delegation(report: Report) -> Table:
    """Time in delegated operators, and the verification of the artifact."""
    rows = []
    for subject in report.subjects:
        if subject.kind == "network":
            continue
        for function in subject.costs:
            counted = subject.delegation.get(function)
            shares = [
                f"{m.engine}: {100 * share:.1f} %"
                for m in _profiled(subject)
                if m.function == function and (share := delegated_share(m)) is not None
            ]
            spent = "; ".join(dict.fromkeys(shares))
            operations = f"{counted.delegated} of {counted.total} on {counted.backend}" if counted else ""
            int8 = _int8(subject.int8[function]) if function in subject.int8 else ""
            verdict = verification(subject, function)
            rows.append((subject.name, function, operations, spent, int8, verdict))
    columns = ("what", "function", "operations delegated", "time in delegated ones", "int8", "verification")
    return Table("Delegation and verification", columns, tuple(rows))


def _int8(counted: Int8) -> str:
    total = counted.convolutions + counted.others
    share = "" if counted.macs is None else f", {100 * counted.macs:.1f} % of MACs"
    return f"{counted.convolutions} of {total} convolutions{share}"


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
    title = f"Operators of {subject.name}, {measurement.function}, {threads_of(measurement.threads)}: "
    title += outcome.operators_by
    note = "" if len(ranked) <= OPERATORS else f"and {len(ranked) - OPERATORS} more kinds"
    return Table(title, ("operator", "", ">calls", ">ms", ">share"), tuple(rows), note)


def verification(subject: Subject, function: str | None = None) -> str:
    """What the artifact's manifest says of a function, or of its worst one, in a few words."""
    said = subject.verification
    if isinstance(said, Verified):
        psnr_db = said.functions[function].psnr_db if function in said.functions else said.psnr_db
        return f"verified by {said.engine}, {psnr_db:.1f} dB"
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
