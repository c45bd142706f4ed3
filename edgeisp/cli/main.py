"""The command ``edgeisp``: one table of verbs, each loaded when it is called."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperGroup

from edgeisp import __version__
from edgeisp.cli.command import SETTINGS, command
from edgeisp.cli.console import Console, stdout_for_result
from edgeisp.errors import BadInputError, Terminated
from edgeisp.registry import did_you_mean


class Verb(NamedTuple):
    """A verb of the command line: where its function is, and what it does in one line."""

    function: str
    """``"module:function"``; the function takes a `Console` and options; see `command`. Empty for a group of verbs."""
    help: str
    verbs: Mapping[str, Verb] = {}
    """The verbs of a group."""


VERBS: dict[str, Verb] = {
    "render": Verb("edgeisp.cli.render:render", "Render a RAW file to an sRGB picture."),
    "inspect": Verb("edgeisp.cli.inspect:inspect", "Show what a network sees in a RAW file, on one sheet."),
    "sample": Verb("edgeisp.cli.sample:sample", "Write a sample RAW file (DNG) of a drawn scene."),
    "train": Verb("edgeisp.cli.train:train", "Train a network on generated or real pairs."),
    "distill": Verb("edgeisp.cli.distill:distill", "Train a network under a teacher."),
    "eval": Verb("edgeisp.cli.eval:evaluate", "Measure a network beside LibRaw on the same RAW files."),
    "compare": Verb(
        "edgeisp.cli.compare:compare", "Compare checkpoints and artifacts on the same RAW files."
    ),
    "data": Verb("edgeisp.cli.data:data", "Check a data set on disk before training on it."),
    "posisp": Verb(
        "",
        "Learn an ISP of small modules for a task, and look at what it decided.",
        {
            "train": Verb(
                "edgeisp.cli.posisp.train:train", "Learn the order of the modules and their parameters."
            ),
            "eval": Verb(
                "edgeisp.cli.posisp.eval:evaluate", "Measure a policy on its task, beside other orders."
            ),
            "show": Verb(
                "edgeisp.cli.posisp.show:show", "Show what a policy does to a RAW file, step by step."
            ),
        },
    ),
    "quantize": Verb(
        "edgeisp.cli.quantize:quantize", "Make int8 weights of a network, by training with it as the teacher."
    ),
    "export": Verb("edgeisp.cli.export:export", "Convert a network to a verified artifact for a phone."),
    "verify": Verb("edgeisp.cli.verify:verify", "Check an artifact again, from its manifest."),
    "app": Verb("edgeisp.cli.app:app", "Put an artifact into a copy of a sample app."),
    "profile": Verb(
        "edgeisp.cli.profile:profile", "Count what a network or artifact costs, and measure it on a device."
    ),
    "report": Verb("edgeisp.cli.report:report", "Show a profiling report, or compare two."),
    "claims": Verb("edgeisp.cli.claims:claims", "Check what papers say of the networks."),
    "estimate": Verb("edgeisp.cli.estimate:estimate", "Estimate latency on chips that are not here."),
    "devices": Verb("edgeisp.cli.devices:devices", "List what can be measured on."),
    "targets": Verb("edgeisp.cli.targets:targets", "List what can be exported and what verifies it."),
    "runners": Verb("edgeisp.cli.runners:runners", "Build the programs that time artifacts on phones."),
    "doctor": Verb(
        "edgeisp.cli.doctor:doctor", "Say what works on this machine, and what to do about the rest."
    ),
    "models": Verb("edgeisp.cli.models:models", "List the networks, or show the card of one."),
}

ABOUT = (
    "Take a learned camera ISP (Bayer RAW in, sRGB out) from a checkpoint to a verified artifact on a phone."
)
EXIT_CODES = (
    "0 done, 2 bad input, 3 bad checkpoint, 4 not available here, 5 verification failed, 6 a figure misses its "
    "bound, 1 anything else"
)
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; the entry point of the ``edgeisp`` command.

    Args:
        arguments: the command line after ``edgeisp``; default `sys.argv`.

    Returns:
        The exit code: 0 done, 2 bad input, 3 bad checkpoint, 4 target or engine not available here,
        5 verification failed, 6 a measured figure misses its bound, 130 interrupted, 143 terminated, 1 anything else.
    """
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    with stdout_for_result(given) as console:
        try:
            code = _app(console)(given, prog_name="edgeisp", standalone_mode=False)
            if code == INTERRUPTED:  # what Typer makes of Ctrl-C
                raise KeyboardInterrupt
            return code if isinstance(code, int) else 0
        except (Exception, KeyboardInterrupt, Terminated) as error:
            return console.error(error)


class VerbGroup(TyperGroup):
    """A group of verbs; imports the module of the one that is called and builds its command."""

    console: Console
    about: str
    verbs: Mapping[str, Verb]

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.verbs)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.verbs:
            raise BadInputError(
                f"no verb is called {cmd_name!r}", cure=did_you_mean(cmd_name, list(self.verbs))
            )
        verb = self.verbs[cmd_name]
        if verb.verbs:
            return _group(self.console, verb.help, verb.verbs)
        return command(cmd_name, verb.function, self.console)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write_usage(ctx.command_path, "VERB [OPTIONS] ...")
        formatter.write_paragraph()
        formatter.write_text(self.about)
        with formatter.section("Verbs"):
            formatter.write_dl([(name, verb.help) for name, verb in self.verbs.items()])
        if ctx.parent is not None:
            return
        with formatter.section("Options"):
            formatter.write_dl(
                [
                    ("--version", "Print the version."),
                    ("--install-completion", "Complete verbs and options in the current shell."),
                    (
                        "--help, -h",
                        "Show this; `edgeisp VERB --help` has the options and examples of a verb.",
                    ),
                ]
            )
        with formatter.section("Exit codes"):
            formatter.write_text(EXIT_CODES)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"edgeisp {__version__}")
        raise typer.Exit


def _group(console: Console, about: str, verbs: Mapping[str, Verb]) -> Any:
    app = typer.Typer(cls=VerbGroup, context_settings=SETTINGS, rich_markup_mode=None, add_completion=False)

    @app.callback(invoke_without_command=True)
    def options(context: typer.Context) -> None:
        """No options before the verb; alone it is asked for help."""
        if context.invoked_subcommand is None:
            typer.echo(context.get_help())

    return _filled(app, console, about, verbs)


def _filled(app: typer.Typer, console: Console, about: str, verbs: Mapping[str, Verb]) -> Any:
    group: Any = typer.main.get_command(app)
    group.console, group.about, group.verbs = console, about, verbs
    return group


def _app(console: Console) -> Any:
    app = typer.Typer(cls=VerbGroup, context_settings=SETTINGS, rich_markup_mode=None)

    @app.callback()
    def options(
        version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True)] = False,
    ) -> None:
        """Options before the verb."""

    return _filled(app, console, ABOUT, VERBS)
