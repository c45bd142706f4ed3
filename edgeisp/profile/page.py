"""A report as one HTML page that needs nothing else: tables, plots, pictures."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from importlib.resources import files

from edgeisp.profile import plots
from edgeisp.profile.counted import functions
from edgeisp.profile.report import Measured, Measurement, Report, Subject, threads_of
from edgeisp.profile.statistics import median
from edgeisp.profile.table import Table
from edgeisp.profile.tables import (
    about,
    budgets,
    failures,
    health,
    latency,
    memory,
    tables,
    verification,
)

LAYERS = 25
FARED = {
    "celsius": ("heat", "°C", 1),
    "clock_mhz": ("clock of the fastest core", "MHz", 1),
    "memory_bytes": ("available memory", "MB", 1e6),
}
"""Plots of `Health`, by its fields."""


def page(report: Report, earlier: Sequence[Report] = (), compared: Sequence[Table] = ()) -> str:
    """The page of ``report``; with a history where there are ``earlier`` ones, and what a comparison found."""
    body = [f"<h1>{escape(', '.join(s.name for s in report.subjects))}</h1>"]
    body.append(f"<p class=about>{'<br>'.join(escape(line) for line in about(report))}</p>")
    body += [_table(table) for table in compared]
    first = [
        table
        for table in (*latency(report), memory(report), health(report), failures(report), budgets(report))
        if table.rows
    ]
    body += [_table(table) for table in first]
    body += [_section(f"Every run of {name}, ms", plot, note) for name, plot, note in _distributions(report)]
    body += [_section(f"While it ran: {name}", plot, note) for name, plot, note in _fared(report)]
    if earlier:
        body.append(_section("History: median of tile", _history([*earlier, report]), "Oldest first."))
    body.append(_pictures(report))
    rest = tables(report)[len(first) :]
    counted = [table for table in rest if not table.title.startswith("Operators")]
    body += [_table(table) for table in counted]
    body.append(_roofline(report))
    body += list(dict.fromkeys(_layers(subject) for subject in report.subjects))
    body += [_table(table) for table in rest if table not in counted]
    style = (files("edgeisp.profile") / "page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>edgeisp profile</title><style>{style}</style></head>\n<body>{''.join(body)}</body></html>\n"
    )


def _table(table: Table) -> str:
    head = "".join(f"<th{_number(c)}>{escape(c.removeprefix('>'))}</th>" for c in table.columns)
    rows = "".join(
        f"<tr>{''.join(_cell(c, text) for c, text in zip(table.columns, row, strict=True))}</tr>"
        for row in table.rows
    )
    note = f"<p class=note>{escape(table.note)}</p>" if table.note else ""
    return (
        f"<section><h2>{escape(table.title)}</h2><div class=wide><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>{note}</section>"
    )


def _cell(column: str, text: str) -> str:
    return f"<td{_number(column)}>{escape(text)}</td>"


def _number(column: str) -> str:
    return " class=number" if column.startswith(">") else ""


def _section(title: str, content: str, note: str = "") -> str:
    said = f"<p class=note>{escape(note)}</p>" if note else ""
    return f"<section><h2>{escape(title)}</h2>{content}{said}</section>" if content else ""


def _distributions(report: Report) -> list[tuple[str, str, str]]:
    found = []
    for function in functions(report):
        series = [
            plots.Series(_label(subject, m), samples)
            for subject in report.subjects
            for m in subject.measurements
            if m.function == function and (samples := _samples(m))
        ]
        if series:
            note = "One dot for each run, the line is the median; height within a row means nothing."
            found.append((function, plots.distribution(series, "ms"), note))
    return found


def _fared(report: Report) -> list[tuple[str, str, str]]:
    """How a phone fared: heat, clock, memory over the time of the run, a line for each measurement."""
    found = []
    named = [
        (f"{subject.name} {m.function}, {threads_of(m.threads)}", m.outcome.health)
        for subject in report.subjects
        for m in subject.measurements
        if isinstance(m.outcome, Measured)
    ]
    for what, (title, unit, size) in FARED.items():
        series = [
            plots.Curve(
                name, tuple((h.at_s, v / size) for h in health if (v := getattr(h, what)) is not None)
            )
            for name, health in named
        ]
        if any(curve.points for curve in series):
            note = "Seconds since the run began on this phone. Gaps: files travel, or the phone cools."
            found.append((title, plots.over_time([c for c in series if c.points], unit), note))
    return found


def _history(reports: Sequence[Report]) -> str:
    values: dict[str, list[float]] = {}
    for index, report in enumerate(reports):
        for subject in report.subjects:
            for m in subject.measurements:
                if m.function == "tile" and (samples := _samples(m)):
                    line = values.setdefault(_label(subject, m), [float("nan")] * len(reports))
                    line[index] = median(samples)
    labels = [(report.commit or report.created)[:10] for report in reports]
    return plots.history(labels, [plots.Series(name, tuple(line)) for name, line in values.items()], "ms")


def _pictures(report: Report) -> str:
    blocks = []
    for subject in report.subjects:
        if not subject.thumbnails:
            continue
        shown = "".join(
            f'<figure><img alt="{escape(t.title)}" src="data:image/png;base64,{base64.b64encode(t.png).decode()}">'
            f"<figcaption>{escape(t.title)}</figcaption></figure>"
            for t in subject.thumbnails
        )
        blocks.append(
            f"<h3>{escape(subject.name)}</h3><div class=pictures>{shown}</div>"
            f"<p class=note>{escape(verification(subject))}</p>"
        )
    return _section("What it computed", "".join(blocks))


def _roofline(report: Report) -> str:
    peak, bandwidth = report.device.peak_macs_per_second, report.device.bytes_per_second
    if not peak or not bandwidth:
        return ""
    points = [
        plots.Point(_label(subject, m), static.intensity, static.macs / (median(samples) / 1e3), index)
        for index, subject in enumerate(report.subjects)
        for m in subject.measurements
        if m.function == "tile" and m.threads == 1 and (samples := _samples(m))
        if (static := subject.costs["tile"].file or subject.costs["tile"].network) and static.macs
    ]
    note = (
        "The line: what one thread reached in matrix products and in copies. Dots: MACs of a tile over its median "
        "time, at its MACs per byte if every operation went through memory. Caches allow more than the slope; "
        "a dot above the roof was measured while the machine was less busy than for the line."
    )
    return _section("Roofline, one thread", plots.roofline(points, peak, bandwidth) if points else "", note)


def _layers(subject: Subject) -> str:
    both = subject.costs.get("tile")
    static = (both.network or both.file) if both else None
    if static is None:
        return ""
    ranked = sorted((layer for layer in static.layers if layer.macs), key=lambda layer: -layer.macs)[:LAYERS]
    rows = [(f"{layer.name} {layer.operation}", layer.macs / 1e6) for layer in ranked]
    size = "tile {1}x{0}".format(*subject.tile) if subject.tile else "tile"
    title = f"Layers of {subject.model}, {size}: MACs counted on {static.counted_on}"
    return _section(title, plots.bars(rows, "M"), f"The {len(ranked)} largest.") if rows else ""


def _label(subject: Subject, measurement: Measurement) -> str:
    threads = f", {threads_of(measurement.threads)}" if measurement.threads > 1 else ""
    return f"{subject.name} ({measurement.engine}{threads})"


def _samples(measurement: Measurement) -> tuple[float, ...]:
    outcome = measurement.outcome
    return outcome.samples_ms if isinstance(outcome, Measured) else ()
