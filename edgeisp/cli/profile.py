"""``edgeisp profile``: what a network or an artifact costs, and how long it takes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeisp.cli.console import Console
from edgeisp.errors import BadInputError, MissedError

if TYPE_CHECKING:
    from edgeisp.profile.report import Report
    from edgeisp.profile.table import Table

FORMATS = (".json", ".md", ".html")


def profile(
    console: Console,
    what: Annotated[
        list[str], typer.Argument(metavar="MODEL|ARTIFACT...", help="Networks, checkpoints or artifacts.")
    ],
    on: Annotated[
        list[str] | None,
        typer.Option(
            "--on",
            help="Device; `edgeisp devices` lists them. Several at once: --on A --on B, or adb:all. Default: host.",
        ),
    ] = None,
    input: Annotated[
        str | None, typer.Option("--input", help="Packed input of a network, such as 1x4x544x960.")
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option("--checkpoint", help="Weights (.safetensors); default the bundled ones.")
    ] = None,
    engine: Annotated[
        str | None, typer.Option("--engine", "-e", help="Default: what the device runs such files with.")
    ] = None,
    threads: Annotated[
        str,
        typer.Option(
            "--threads", help="A number, several (1,2,4) or a range (1..4); 0: the runtime's choice."
        ),
    ] = "1",
    runs: Annotated[int, typer.Option("--runs", min=1, help="Timed runs of each function.")] = 20,
    apk: Annotated[
        list[Path] | None,
        typer.Option(
            "--apk",
            help="Benchmark app for aws and firebase, twice: app, then test package; with --app, adb installs it.",
        ),
    ] = None,
    app: Annotated[
        str | None,
        typer.Option(
            "--app", metavar="PACKAGE[/CLASS]", help="On adb: let this app measure, by `am instrument`."
        ),
    ] = None,
    runner: Annotated[
        Path | None,
        typer.Option(
            "--runner", help="On adb: your own build of benchmark_model (.tflite) or executor_runner (.pte)."
        ),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            "--budget", help="Most that 90 % of the runs of `tile` may take, such as 33ms; else exit code 6."
        ),
    ] = None,
    operators: Annotated[
        bool, typer.Option(help="Ask the runtimes' own profilers for a table of operators.")
    ] = True,
    output: Annotated[
        list[Path] | None,
        typer.Option("--output", "-o", help="Report: .json, .md or .html; without an ending, all three."),
    ] = None,
) -> None:
    """Count what a network or an artifact costs, and measure load, latency and memory on a device.

    Several in one call take turns, so that their ratios hold on a busy machine. Outputs are compared with PyTorch
    before a time is believed.

    Examples:

    edgeisp profile metaisp --input 1x4x272x480

    edgeisp profile build/metaisp.tflite build/metaisp.pte build/metaisp.onnx --threads 1,2 -o build/report

    edgeisp profile build/metaisp.tflite --budget 33ms

    edgeisp profile build/metaisp.tflite --on adb:all -o build/phones
    """
    import msgspec
    from rich.console import Group

    limit = _milliseconds(budget)
    files = report_files(output or [])
    counts = _threads(threads)
    packed = packed_size(input)

    from edgeisp.engines import ENGINES
    from edgeisp.profile import session
    from edgeisp.profile.device import Plan
    from edgeisp.profile.rendering import terminal
    from edgeisp.profile.subject import describe
    from edgeisp.profile.tables import about, side_by_side, tables

    if engine is not None:
        ENGINES.check(engine)
    plan = Plan(threads=counts, runs=runs, operators=operators, apks=tuple(apk or ()), runner=runner, app=app)
    reached = session.places(on or ["host"], plan)
    subjects = []
    for name in what:
        found = describe(name, weights=checkpoint, packed=packed, engine=engine, progress=console.progress)
        subjects.append(found)
        for note in found.notes:
            console.note(note)
    functions = {function for subject in subjects for function in subject.inputs}
    rounds = len(functions) * len(counts) * runs * len(reached)
    with console.progress("measuring", total=rounds) as advance:
        reports = session.run(subjects, reached, plan, budget_ms=limit, advance=advance)
    several = len(reports) > 1
    for place, report in zip(reached, reports, strict=True):
        for file in files:
            named = file.with_stem(f"{file.stem}.{place.name}") if several else file
            write_report(report, named)
            console.note(f"wrote {named}")
    facts = [msgspec.to_builtins(report) for report in reports]
    shown = [terminal(tables(report), about(report)) for report in reports]
    if several:
        shown.append(terminal([side_by_side(reports)]))
    console.result({"reports": facts} if several else facts[0], Group(*shown))
    for report in reports:
        _judge(report, limit)
        _measured(report)


def _judge(report: Report, limit: float | None) -> None:
    from edgeisp.errors import VerificationError
    from edgeisp.profile.report import Measured, Wrong, threads_of
    from edgeisp.profile.statistics import quantile

    for subject in report.subjects:
        for m in subject.measurements:
            if isinstance(m.outcome, Wrong):
                raise VerificationError(
                    f"{m.function} is {m.outcome.parity.psnr_db:.1f} dB from PyTorch by {m.engine}, at least "
                    f"{m.outcome.threshold_db:g} dB wanted: its times say nothing",
                    where=subject.path,
                    cure="export it again",
                )
    if limit is None:
        return
    tiles = [(s, m) for s in report.subjects for m in s.measurements if m.function == "tile"]
    for subject, m in tiles:
        at = f"{report.device.name}, {m.engine}, {threads_of(m.threads)}"
        if not isinstance(m.outcome, Measured):
            raise MissedError(
                f"not measured by {at}", where=subject.path, cure="see the table for the reason"
            )
        slow = quantile(m.outcome.samples_ms, 0.9)
        if slow > limit:
            raise MissedError(
                f"tile takes {slow:.2f} ms (p90, {at}), {100 * slow / limit:.0f} % of the budget of {limit:g} ms",
                where=subject.path,
                cure="a smaller tile or network, another precision, or a larger --budget",
            )


def _measured(report: Report) -> None:
    """Raise if there is not one figure to show."""
    from edgeisp.errors import UnavailableError
    from edgeisp.profile.report import Measured

    everything = [m for subject in report.subjects for m in subject.measurements]
    if everything and not any(isinstance(m.outcome, Measured) for m in everything):
        raise UnavailableError(
            "nothing could be measured",
            where=report.device.name,
            cure="the table says why, for each function",
        )


def write_report(
    report: Report, path: Path, earlier: Sequence[Report] = (), compared: Sequence[Table] = ()
) -> None:
    """Write a report in the format that ``path`` ends with; a page also with its history and a comparison."""
    from edgeisp.files import whole
    from edgeisp.profile import report as store
    from edgeisp.profile.page import page
    from edgeisp.profile.rendering import markdown
    from edgeisp.profile.tables import about, tables

    if path.suffix == ".json":
        store.write(report, path)
        return
    if path.suffix == ".md":
        text = markdown([*compared, *tables(report)], about(report), "edgeisp profile")
    else:
        text = page(report, earlier, compared)
    with whole(path) as part:
        part.write_text(text, encoding="utf-8")


def report_files(outputs: Sequence[Path]) -> list[Path]:
    """The files that ``--output`` asks for.

    Raises:
        BadInputError: an ending that no report has.
    """
    found = []
    for path in outputs:
        if path.suffix and path.suffix not in FORMATS:
            raise BadInputError(
                f"no report ends with {path.suffix}",
                where="--output",
                cure=f"one of {', '.join(FORMATS)}, or none",
            )
        found += [path] if path.suffix else [path.with_name(path.name + suffix) for suffix in FORMATS]
    return found


def _milliseconds(text: str | None) -> float | None:
    if text is None:
        return None
    match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*(ms|s)?\s*", text)
    if match is None or float(match[1]) <= 0:
        raise BadInputError(
            f"cannot read {text!r}", where="--budget", cure="give a time such as 33ms or 0.5s"
        )
    return float(match[1]) * (1000 if match[2] == "s" else 1)


def _threads(text: str) -> tuple[int, ...]:
    if match := re.fullmatch(r"(\d+)\.\.(\d+)", text.strip()):
        counts = list(range(int(match[1]), int(match[2]) + 1))
    elif re.fullmatch(r"\d+(,\d+)*", text.strip()):
        counts = [int(part) for part in text.split(",")]
    else:
        counts = []
    if not counts or max(counts) > 1024:
        raise BadInputError(f"cannot read {text!r}", where="--threads", cure="give 2, or 1,2,4, or 1..4")
    return tuple(dict.fromkeys(counts))


def packed_size(text: str | None) -> tuple[int, int] | None:
    """Height and width of ``1x4x544x960`` or ``544x960``.

    Raises:
        BadInputError: neither.
    """
    if text is None:
        return None
    match = re.fullmatch(r"(?:1x4x)?(\d+)x(\d+)", text.lower().strip())
    if match is None or 0 in (int(match[1]), int(match[2])):
        raise BadInputError(
            f"cannot read {text!r}", where="--input", cure="give the packed Bayer input, 1x4xHEIGHTxWIDTH"
        )
    return int(match[1]), int(match[2])
