"""A RAW file rendered by the Swift core, tiles run by Python's TFLite engine: the same bytes as `edgeisp render`.

And the self-test of what `edgeisp app ios` put into a copy of the app, run by our interpreter of Core ML programs.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from app_core import Case, serve

from edgeisp.cli.main import main
from edgeisp.engines import ENGINES
from edgeisp.engines.base import Program
from edgeisp.export import manifest, records

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


@pytest.fixture(scope="module")
def pipe() -> list[str]:
    """The command of the core that asks another process for every call; skips where there is no Swift."""
    built = subprocess.run(
        [*SWIFT, "swift", "build", "--product", "Pipe", *PACKAGE], capture_output=True, text=True
    )
    if built.returncode == NO_SWIFT:
        pytest.skip(built.stderr.strip())
    assert built.returncode == 0, built.stdout + built.stderr
    return [*SWIFT, f"{BUILD}/debug/Pipe"]


def start(command: list[str], program: Program, functions: Mapping[str, records.Function]) -> int:
    """Runs the core with ``program`` as its runtime; how many calls it made."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as swift:
        calls = serve(program, functions, swift)
    assert swift.returncode == 0
    return calls


def test_swift_renders_a_raw_file_to_the_bytes_of_python(
    pipe: list[str], app_case: Case, folder: Path
) -> None:
    for file in app_case.path.parent.iterdir():
        shutil.copy2(file, folder / file.name)
    inside = folder.relative_to(ROOT)
    command = [*pipe, "render", f"{inside}/case.json", f"{inside}/picture.u8"]
    assert start(command, app_case.program, app_case.functions) >= 4
    assert (folder / "picture.u8").read_bytes() == app_case.picture
    assert app_case.told(json.loads((folder / "picture.u8.steps.json").read_text()))


def test_app_with_an_artifact_passes_its_self_test_in_the_swift_core(
    pipe: list[str], coreml_package: Path, folder: Path
) -> None:
    copy, demo = folder / "camera", ROOT / "ios_demo"
    assert (
        main(["app", "ios", "--artifact", str(coreml_package), "-o", str(copy), "--app", str(demo), "-q"])
        == 0
    )
    place = copy / "App" / "Resources" / "Artifact"
    functions = manifest.read(place / coreml_package.name).functions
    program = ENGINES.get("mil").open(place / coreml_package.name)
    inside = folder.relative_to(ROOT)
    command = [*pipe, "check", str(place.relative_to(ROOT)), f"{inside}/answer.json"]
    assert start(command, program, functions) == len(functions)
    answer = json.loads((folder / "answer.json").read_text())
    assert answer.keys() == functions.keys() and min(answer.values()) > 45
