"""What verbs say on their way and at their end, beside results."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeisp.cli import console
from edgeisp.cli.console import Console

Captured = pytest.CaptureFixture[str]


def test_long_work_says_how_far_it_is_when_stderr_is_no_terminal(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(console.time, "monotonic", lambda: now[0])
    with Console().progress("training", total=100) as advance:
        for _ in range(9):
            now[0] += 10
            advance(2, "loss 0.5")
    assert capsys.readouterr().err.splitlines() == [
        f"loss 0.5: {done} of 100, about {left} s left" for done, left in ((6, 470), (12, 440), (18, 410))
    ]


def test_short_work_and_quiet_work_say_nothing(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    with Console().progress("rendering", total=2) as advance:
        advance()
    monkeypatch.setattr(console, "PAUSE", 0.0)
    with Console(quiet=True).progress("rendering", total=2) as advance:
        advance()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("package", "arguments"),
    [("tensorboard", ("train", "metaisp", "--steps", "1")), ("nncf", ("quantize", "metaisp", "--ptq"))],
)
def test_package_that_does_not_load_is_not_available(
    run_edgeisp: Callable[..., Any], tmp_path: Path, package: str, arguments: tuple[str, ...]
) -> None:
    pytest.importorskip(package)
    (tmp_path / "lib" / package).mkdir(parents=True)
    text = f"raise ImportError('libmissing.so: cannot open shared object file', name='{package}.core')"
    (tmp_path / "lib" / package / "__init__.py").write_text(text)
    done = run_edgeisp(*arguments, path=[tmp_path / "lib"])
    assert done.returncode == 4
    *_, said = done.stderr.splitlines()
    assert said == (
        f"error: {package} does not load: libmissing.so: cannot open shared object file -> install it again: "
        f"pip install --force-reinstall {package}"
    )
