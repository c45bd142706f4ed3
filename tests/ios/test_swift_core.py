"""The iOS app, as far as Linux can tell: `ios_demo/tools/check.sh` with Swift from Debian (or this machine's own)."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
NO_SWIFT = 69


def check(part: str) -> str:
    """What `check.sh` prints for ``part``; skips where there is no Swift."""
    script = ROOT / "ios_demo" / "tools" / "check.sh"
    done = subprocess.run(["sh", script, part], capture_output=True, text=True, timeout=900)
    if done.returncode == NO_SWIFT:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_swift_core_computes_what_the_golden_files_say() -> None:
    said = check("core")
    ran = re.findall(r"Executed (\d+) tests, with 0 failures", said)
    assert ran and int(ran[-1]) >= 30, said
    assert "GoldenTests" in said and "FrameTests" in said


def test_app_and_benchmark_agree_with_the_declared_frameworks() -> None:
    check("app")


def test_swift_sources_are_formatted() -> None:
    check("format")
