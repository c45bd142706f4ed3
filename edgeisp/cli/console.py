"""What every verb speaks through: ``--json``, ``-q``, ``-v``, progress, and one line for each error."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from edgeisp.errors import BadInputError, EdgeISPError, Stopped, Terminated
from edgeisp.files import UnwritableError
from edgeisp.processes import PeerError, Processes
from edgeisp.registry import did_you_mean

if TYPE_CHECKING:
    from rich.console import RenderableType

UsageError: type[Exception] = typer.BadParameter.__bases__[0]
"""Typer's error for a command line that does not parse; it publishes only this one of its subclasses."""

EXPECTED = (EdgeISPError, UsageError, KeyboardInterrupt, Terminated, typer.Abort, OSError)
"""What may end a verb without a fault of ours."""

WIDTH = 140
"""Columns of tables that go to a file or a pipe."""

PAUSE = 30.0
"""Seconds between lines of progress that go to a file or a pipe."""


@dataclass(frozen=True)
class Console:
    """A verb's way to the person or program that called it; of several processes only the first one talks."""

    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout; all else on stderr.")] = (
        False
    )
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Only warnings and errors (and --json's object).")
    ] = False
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Details, library warnings, tracebacks.")
    ] = False
    stdout: IO[str] = field(default_factory=lambda: sys.stdout)

    @classmethod
    def of(cls, arguments: Sequence[str]) -> Console:
        """The console that ``arguments`` ask for, whether or not the rest of them parses."""
        given = set(arguments)
        return cls("--json" in given, bool(given & {"-q", "--quiet"}), bool(given & {"-v", "--verbose"}))

    def result(self, data: Mapping[str, Any], view: RenderableType) -> None:
        """The outcome of a verb, said once: ``data`` (JSON-able) with --json, else ``view`` for people."""
        if not Processes.here().first:
            return
        if self.json:
            self.stdout.write(json.dumps(data, default=str, ensure_ascii=False) + "\n")
            self.stdout.flush()
        elif not self.quiet:
            _print(self.stdout, view)

    def note(self, text: RenderableType) -> None:
        """A line on the way, on stderr; not with -q."""
        if not self.quiet and Processes.here().first:
            _print(sys.stderr, text)

    def detail(self, text: RenderableType) -> None:
        """A line on stderr for -v only."""
        if self.verbose:
            _print(sys.stderr, text)

    def warn(self, text: str) -> None:
        """Something the user should know although the work goes on; one line on stderr, with -q too."""
        print(f"warning: {text}", file=sys.stderr)  # noqa: T201

    @contextmanager
    def progress(self, what: str, total: float | None = None) -> Iterator[Callable[..., None]]:
        """A bar while the block runs, or a line now and then if stderr is no terminal.

        Yields ``advance(steps=1, what=None)``.
        """
        if self.quiet or not Processes.here().first:
            yield lambda steps=1.0, what=None: None
            return
        if not sys.stderr.isatty():
            yield _lines(what, total)
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(True),
        )
        with Progress(*columns, console=_rich(sys.stderr), transient=True) as progress:
            task = progress.add_task(what, total=total)

            def advance(steps: float = 1.0, what: str | None = None) -> None:
                progress.update(task, advance=steps, description=what)

            yield advance

    def error(self, error: BaseException) -> int:
        """Say ``error`` in one line on stderr (and as an object with --json); the exit code that it means."""
        if isinstance(error, ImportError):
            from edgeisp.extras import broken

            error = broken(error) or error
        told, code = _told(error)
        if isinstance(error, PeerError) and not Processes.here().first:
            return code
        message = _one_line(str(told))
        hint = "" if self.verbose or isinstance(error, EXPECTED) else " (run with -v for the traceback)"
        if self.verbose:
            traceback.print_exception(error)
        print(f"error: {message}{hint}", file=sys.stderr)  # noqa: T201
        if self.json:
            fields = {"what": told.what, "where": told.where, "cure": told.cure}
            done = {"done": told.done} if isinstance(told, Stopped) else {}
            body = {"type": type(error).__name__, "message": message, "exit_code": code, **fields, **done}
            self.result({"error": body}, "")
        return code


def one_of(kind: str, names: Sequence[str]) -> Callable[[str | None], str | None]:
    """A Typer callback that takes only ``names``, in any case, and says which one may have been meant."""

    def check(value: str | None) -> str | None:
        if value is None:
            return None
        for name in names:
            if name.lower() == value.lower():
                return name
        raise BadInputError(f"no {kind} is called {value!r}", cure=did_you_mean(value, list(names)))

    return check


@contextmanager
def stdout_for_result(arguments: Sequence[str]) -> Iterator[Console]:
    """The console of a run. With --json, whatever libraries print to stdout meanwhile goes to stderr."""
    console = Console.of(arguments)
    with warnings.catch_warnings():
        if not console.verbose:
            warnings.simplefilter("ignore")
            logging.basicConfig(level=logging.ERROR)
            logging.getLogger("torch.utils._pytree").setLevel(logging.ERROR)  # of torchao, at each import
        if not console.json:
            yield console
            return
        with _stdout_kept() as stdout, redirect_stdout(sys.stderr):
            yield Console(console.json, console.quiet, console.verbose, stdout)


@contextmanager
def _stdout_kept() -> Iterator[IO[str]]:
    """The real stdout, while file descriptor 1 (which native libraries write to) leads to stderr."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        if _is_descriptor_one(sys.stdout):
            with os.fdopen(kept, "w", closefd=False) as stdout:
                yield stdout
        else:
            yield sys.stdout
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _is_descriptor_one(stream: IO[str]) -> bool:
    try:
        return stream.fileno() == 1
    except (OSError, ValueError):
        return False


def _told(error: BaseException) -> tuple[EdgeISPError, int]:
    """What, where and cure of anything that can end a verb, and its exit code."""
    if isinstance(error, EdgeISPError):
        return error, error.exit_code
    if isinstance(error, UsageError):
        command = getattr(getattr(error, "ctx", None), "command_path", "edgeisp")
        return EdgeISPError(error.format_message(), cure=f"see `{command} --help`"), 2  # type: ignore[attr-defined]
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return EdgeISPError("interrupted; no file was left half written"), 130
    if isinstance(error, Terminated):
        return EdgeISPError("terminated; no file was left half written"), 143
    if isinstance(error, UnwritableError):
        cure = "name a place where you may write"
        return EdgeISPError(f"cannot be written: {error.strerror}", error.filename, cure), 2
    if isinstance(error, OSError):
        reason = error.strerror or str(error)  # numpy's own has no number: "... requested and ... written"
        return EdgeISPError(reason, error.filename, "check the disk's free space and the permissions"), 1
    return EdgeISPError(f"{type(error).__name__}: {error}"), 1


def _lines(what: str, total: float | None) -> Callable[..., None]:
    """What `Console.progress` yields where there is no terminal: a line on stderr every `PAUSE` seconds."""
    started = told = time.monotonic()
    done, shown = 0.0, what

    def advance(steps: float = 1.0, what: str | None = None) -> None:
        nonlocal done, shown, told
        done, shown, now = done + steps, what or shown, time.monotonic()
        if now - told < PAUSE:
            return
        told = now
        left = (
            f" of {total:g}, about {(total - done) / done * (now - started):.0f} s left"
            if total and done
            else ""
        )
        _print(sys.stderr, f"{shown}: {done:g}{left}")

    return advance


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _print(stream: IO[str], what: RenderableType) -> None:
    """Text stays on one line, whatever the terminal's width; tables fit it, and fold what is long."""
    from rich.table import Table

    for column in what.columns if isinstance(what, Table) else ():
        column.overflow = "fold"
    _rich(stream).print(what, soft_wrap=isinstance(what, str), markup=False)


def _rich(stream: IO[str]) -> Any:
    from rich.console import Console as RichConsole

    width = None if stream.isatty() or "COLUMNS" in os.environ else WIDTH
    return RichConsole(file=stream, highlight=False, width=width)
