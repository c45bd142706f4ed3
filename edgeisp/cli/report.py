"""``edgeisp report``: show a profiling report, or compare two."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeisp.cli.console import Console
from edgeisp.cli.profile import report_files, write_report
from edgeisp.errors import BadInputError, MissedError

if TYPE_CHECKING:
    from edgeisp.profile.report import Report
    from edgeisp.profile.table import Table


def report(
    console: Console,
    reports: Annotated[
        list[Path],
        typer.Argument(metavar="REPORT.json...", help="What `edgeisp profile -o` wrote, oldest first."),
    ],
    tolerance: Annotated[
        float, typer.Option("--tolerance", min=0, help="Growth that is no regression; 0.05 is 5 %.")
    ] = 0.05,
    confidence: Annotated[
        float, typer.Option("--confidence", min=0.5, max=0.999, help="Of the bootstrap interval.")
    ] = 0.95,
    control: Annotated[
        str | None,
        typer.Option("--control", help="A subject that is the same in both: its drift is divided out."),
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option("--output", "-o", help="Page: .md or .html; several reports make its history."),
    ] = None,
) -> None:
    """Show a report; of several, compare the last with the one before it. Exit code 6 if something regressed.

    Examples:

    edgeisp report build/report.json -o build/report.html

    edgeisp report main.json branch.json --control metaisp
    """
    from edgeisp.profile import compare as comparison
    from edgeisp.profile import report as store
    from edgeisp.profile.rendering import terminal
    from edgeisp.profile.tables import about, tables

    files = report_files(output or [])
    if any(file.suffix == ".json" for file in files):
        raise BadInputError("the report is JSON already", where="--output", cure="give .md or .html")
    read = [store.read(path) for path in reports]
    last = read[-1]
    if len(read) == 1:
        _write(files, last, [], [])
        console.result(_facts(reports, []), terminal(tables(last), about(last)))
        return
    found = comparison.compare(read[-2], last, tolerance=tolerance, confidence=confidence, control=control)
    for line in comparison.warnings(read[-2], last, control):
        console.warn(line)
    table = comparison.differences(found, confidence)
    _write(files, last, read[:-1], [table])
    console.result(_facts(reports, [asdict(d) for d in found]), terminal([table], about(last)))
    worse = [d for d in found if d.regression]
    if worse:
        first = worse[0]
        sure = f" with {100 * confidence:g} % confidence" if first.interval else ""
        raise MissedError(
            f"{len(worse)} regressed beyond {100 * tolerance:g} %; {first.subject} {first.function}, {first.what}: "
            f"{first.ratio:.2f} times{sure}",
            where=reports[-1],
            cure="find the change, or raise --tolerance",
        )


def _write(files: list[Path], last: Report, earlier: list[Report], compared: list[Table]) -> None:
    for file in files:
        write_report(last, file, earlier, compared)


def _facts(paths: list[Path], found: list[dict[str, object]]) -> dict[str, object]:
    return {"reports": [str(path) for path in paths], "differences": found}
