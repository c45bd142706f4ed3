"""The frame of the command line: help, shared options, errors and exit codes, whatever the verb."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import pytest
import typer

from edgeisp.cli import main as frame
from edgeisp.cli.console import Console, one_of
from edgeisp.cli.main import VERBS, Verb, main
from edgeisp.errors import (
    BadInputError,
    CheckpointError,
    EdgeISPError,
    Terminated,
    UnavailableError,
    VerificationError,
)
from edgeisp.files import UnwritableError
from edgeisp.training.loop import DivergedError
from edgeisp.training.posisp.run import CollapsedError

Captured = pytest.CaptureFixture[str]
FAILURES: dict[str, BaseException] = {
    "input": BadInputError(
        "black 600 is not below\n white 500", where="a.dng", cure="pass --assume-black-level"
    ),
    "checkpoint": CheckpointError("not whole"),
    "unavailable": UnavailableError("not here"),
    "verification": VerificationError("31 dB"),
    "other": EdgeISPError("odd"),
    "unexpected": ZeroDivisionError("1/0"),
    "full disk": OSError(28, "No space left on device", "a.png"),
    "in the way": UnwritableError(17, "a file is in the way", "a"),
    "interrupt": KeyboardInterrupt(),
    "terminated": Terminated(),
    "diverged": DivergedError("the loss is nan", where="runs/a", cure="a lower --lr"),
    "collapsed": CollapsedError("no sequence gains anything", where="--penalty", cure="a smaller one"),
}


def work(
    console: Console,
    how: Annotated[str, typer.Argument()] = "well",
    color: Annotated[str | None, typer.Option("--color", callback=one_of("color", ["red", "green"]))] = None,
) -> None:
    """A verb that prints, says and fails as it is told."""
    if how in FAILURES:
        raise FAILURES[how]
    print("printed by a library")  # noqa: T201
    os.write(1, b"written by a native library\n")
    console.note("on the way")
    console.detail("a detail")
    with console.progress("working", 2) as advance:
        advance()
    console.result({"color": color}, f"done in {color}")


@pytest.fixture(autouse=True)
def verbs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VERBS, "work", Verb(f"{__name__}:work", "Work."))
    monkeypatch.setitem(sys.modules, __name__, sys.modules.get(__name__) or sys.modules["test_frame"])


@pytest.mark.parametrize(
    ("how", "code", "line"),
    [
        ("input", 2, "error: a.dng: black 600 is not below white 500 -> pass --assume-black-level"),
        ("checkpoint", 3, "error: not whole"),
        ("unavailable", 4, "error: not here"),
        ("verification", 5, "error: 31 dB"),
        ("other", 1, "error: odd"),
        ("unexpected", 1, "error: ZeroDivisionError: 1/0 (run with -v for the traceback)"),
        (
            "full disk",
            1,
            "error: a.png: No space left on device -> check the disk's free space and the permissions",
        ),
        (
            "in the way",
            2,
            "error: a: cannot be written: a file is in the way -> name a place where you may write",
        ),
        ("interrupt", 130, "error: interrupted; no file was left half written"),
        ("terminated", 143, "error: terminated; no file was left half written"),
        ("diverged", 2, "error: runs/a: the loss is nan -> a lower --lr"),
        ("collapsed", 2, "error: --penalty: no sequence gains anything -> a smaller one"),
    ],
)
def test_error_is_one_line_and_an_exit_code(capfd: Captured, how: str, code: int, line: str) -> None:
    assert main(["work", how]) == code
    out, err = capfd.readouterr()
    assert (out, err) == ("", line + "\n")


@pytest.mark.parametrize("how", FAILURES)
def test_error_is_an_object_too_when_json(capfd: Captured, how: str) -> None:
    code = main(["work", how, "--json"])
    out, err = capfd.readouterr()
    error = json.loads(out)["error"]
    assert error["exit_code"] == code
    assert error["type"] == type(FAILURES[how]).__name__
    assert error.keys() == {"type", "message", "exit_code", "what", "where", "cure"}
    assert " ".join(error["what"].split()) in error["message"]
    assert err.startswith("error: ")
    if how == "input":
        assert (error["where"], error["cure"]) == ("a.dng", "pass --assume-black-level")


def test_traceback_is_shown_when_verbose(capfd: Captured) -> None:
    assert main(["work", "unexpected", "-v"]) == 1
    assert "Traceback" in capfd.readouterr().err


def test_json_is_all_there_is_on_stdout(capfd: Captured) -> None:
    assert main(["work", "--color", "RED", "--json"]) == 0
    out, err = capfd.readouterr()
    assert json.loads(out) == {"color": "red"}
    assert out.count("\n") == 1
    assert "printed by a library" in err
    assert "written by a native library" in err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], ["on the way", "done in None"]),
        (["-q"], []),
        (["-v"], ["on the way", "a detail", "done in None"]),
    ],
)
def test_verb_says_as_much_as_it_is_asked_to(capfd: Captured, options: list[str], said: list[str]) -> None:
    assert main(["work", *options]) == 0
    out, err = capfd.readouterr()
    assert [line for line in (err + out).splitlines() if "librar" not in line] == said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rendr"], "did you mean 'render'?"),
        (["work", "--colour", "red"], "--colour"),
        (["work", "--color", "gren"], "did you mean 'green'?"),
        (["work", "--color"], "--color"),
        (["work", "well", "better"], "better"),
        (["render"], "photo"),
    ],
)
def test_usage_error_is_one_line_and_exit_code_two(
    capfd: Captured, arguments: list[str], message: str
) -> None:
    assert main(arguments) == 2
    out, err = capfd.readouterr()
    assert message.lower() in err.lower()
    assert err.count("\n") == 1
    assert out == ""


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_lists_every_verb(capfd: Captured, arguments: list[str]) -> None:
    assert main(arguments) == 0
    out = capfd.readouterr().out
    assert all(f"  {name} " in out and verb.help in " ".join(out.split()) for name, verb in VERBS.items())
    assert "5 verification" in " ".join(out.split())


LEAVES = [
    f"{name} {inner}".strip()
    for name, verb in VERBS.items()
    for inner in verb.verbs or [""]
    if name not in ("work", "wait")
]


@pytest.mark.parametrize("verb", LEAVES)
def test_verb_has_help_with_an_example_and_the_shared_options(capfd: Captured, verb: str) -> None:
    assert main([*verb.split(), "--help"]) == 0
    out = capfd.readouterr().out
    assert f"edgeisp {verb}" in out.split("Example", 1)[1]
    assert all(option in out for option in ("--json", "--quiet", "--verbose"))


@pytest.mark.parametrize("arguments", [["posisp"], ["posisp", "--help"]])
def test_help_of_a_group_lists_its_verbs(capfd: Captured, arguments: list[str]) -> None:
    assert main(arguments) == 0
    out = capfd.readouterr().out
    assert "edgeisp posisp VERB" in out
    assert all(f"  {name} " in out for name in VERBS["posisp"].verbs)
    assert "exit codes" not in out.lower()


def test_verb_of_a_group_is_suggested_when_it_is_misspelt(capfd: Captured) -> None:
    assert main(["posisp", "trian"]) == 2
    assert "did you mean 'train'?" in capfd.readouterr().err


def test_version_is_printed(capfd: Captured) -> None:
    assert main(["--version"]) == 0
    assert capfd.readouterr().out == f"edgeisp {frame.__version__}\n"


def test_pipe_that_closes_early_ends_quietly(tmp_path: Path) -> None:
    command = f"{sys.executable} -m edgeisp models --help | true"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, cwd=tmp_path)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("number", "word"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated")])
def test_command_ends_with_one_line_and_unwinds_when_a_signal_comes(
    tmp_path: Path, number: signal.Signals, word: str
) -> None:
    program = (
        "import os, sys\nfrom pathlib import Path\nfrom edgeisp import __main__ as command\n"
        "from edgeisp.files import whole\nimport edgeisp.cli.main as frame\n"
        "def main():\n    with whole(Path('a.bin')):\n"
        f"        os.kill(os.getpid(), {int(number)})\n"
        "frame.main = main\nsys.exit(command.run())\n"
    )
    done = subprocess.run([sys.executable, "-P", "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 128 + number
    assert done.stderr == f"error: {word}; no file was left half written\n"
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("number", "kind", "word"),
    [(signal.SIGINT, "KeyboardInterrupt", "interrupted"), (signal.SIGTERM, "Terminated", "terminated")],
)
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_verb_ends_with_one_line_and_an_object_when_a_signal_comes(
    options: list[str], number: signal.Signals, kind: str, word: str
) -> None:
    script = f"""
import os, sys, time, types
from edgeisp.__main__ import run
from edgeisp.cli import main as frame
from edgeisp.cli.console import Console

def wait(console: Console) -> None:
    os.kill(os.getpid(), {int(number)})
    time.sleep(20)

sys.modules["wait"] = module = types.ModuleType("wait")
module.wait = wait
frame.VERBS["wait"] = frame.Verb("wait:wait", "Wait.")
sys.argv = ["edgeisp", "wait", *{options}]
sys.exit(run())
"""
    done = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True)
    assert done.returncode == 128 + number
    told = f"{word}; no file was left half written"
    assert done.stderr == f"error: {told}\n"
    if not options:
        assert done.stdout == ""
        return
    error = json.loads(done.stdout)["error"]
    assert (error["type"], error["what"], error["exit_code"]) == (kind, told, 128 + number)
