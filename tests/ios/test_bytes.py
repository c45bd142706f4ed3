"""A RAW file rendered by the Swift core, tiles run by Python's TFLite engine: the same bytes as `edgeisp render`."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from app_core import Case, serve

ROOT = Path(__file__).resolve().parent.parent.parent
SWIFT = ["sh", str(ROOT / "ios_demo" / "tools" / "swift.sh")]
NO_SWIFT = 69
BUILD = "build/ios"
PACKAGE = ["--package-path", "ios_demo/EdgeISPKit", "--scratch-path", BUILD]


@pytest.fixture
def folder() -> Iterator[Path]:
    """In the checkout: Swift from Debian sees nothing else of this machine."""
    made = ROOT / BUILD / "bytes"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    yield made
    shutil.rmtree(made)


def test_swift_renders_a_raw_file_to_the_bytes_of_python(app_case: Case, folder: Path) -> None:
    built = subprocess.run(
        [*SWIFT, "swift", "build", "--product", "Pipe", *PACKAGE], capture_output=True, text=True
    )
    if built.returncode == NO_SWIFT:
        pytest.skip(built.stderr.strip())
    assert built.returncode == 0, built.stdout + built.stderr
    for file in app_case.path.parent.iterdir():
        shutil.copy2(file, folder / file.name)
    inside = folder.relative_to(ROOT)
    command = [*SWIFT, f"{BUILD}/debug/Pipe", "render", f"{inside}/case.json", f"{inside}/picture.u8"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as swift:
        calls = serve(app_case.program, app_case.functions, swift)
    assert swift.returncode == 0 and calls >= 4
    assert (folder / "picture.u8").read_bytes() == app_case.picture
    assert app_case.told(json.loads((folder / "picture.u8.steps.json").read_text()))
