"""A RAW file rendered by the Swift core, tiles run by Python's TFLite engine: the same bytes as `edgeisp render`."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from importlib import util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edgeisp.cli.main import main
from edgeisp.engines import ENGINES
from edgeisp.export import exporter, manifest
from edgeisp.raw import read_raw

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


def pipe() -> Any:
    """What answers a core at the other end of a pipe: `serve` of the Android core's test."""
    path = ROOT / "tests" / "android" / "test_bytes.py"
    spec = util.spec_from_file_location("edgeisp_pipe", path)
    assert spec is not None and spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_swift_renders_a_raw_file_to_the_bytes_of_python(folder: Path) -> None:
    pytest.importorskip("litert_torch")
    built = subprocess.run(
        [*SWIFT, "swift", "build", "--product", "Pipe", *PACKAGE], capture_output=True, text=True
    )
    if built.returncode == NO_SWIFT:
        pytest.skip(built.stderr.strip())
    assert built.returncode == 0, built.stdout + built.stderr
    photo, expected = folder / "IMG.dng", folder / "IMG.png"
    assert main(["sample", "-o", str(photo), "--size", "330x226", "-q"]) == 0
    done = exporter.export(exporter.plan("posisp", "tflite", tile=(128, 192)), folder)
    assert main(["render", str(photo), "--artifact", str(done.path), "-o", str(expected), "-q"]) == 0
    raw = read_raw(photo)
    height, width = raw.mosaic.shape
    (folder / "mosaic.u16").write_bytes(raw.mosaic.astype("<u2").tobytes())
    case = {
        "manifest": manifest.path_of(done.path).name,
        "mosaic": "mosaic.u16",
        "cfa": raw.cfa,
        "width": width,
        "height": height,
        "black_level": raw.black_level,
        "white_level": raw.white_level,
        "white_balance": raw.white_balance,
        "color_matrix": raw.color_matrix.ravel().tolist(),
        "orientation": raw.orientation,
    }
    (folder / "case.json").write_text(json.dumps(case))
    program = ENGINES.get("tflite").open(done.path, threads=1)
    inside = folder.relative_to(ROOT)
    command = [*SWIFT, f"{BUILD}/debug/Pipe", f"{inside}/case.json", f"{inside}/picture.u8"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as swift:
        calls = pipe().serve(program, done.manifest.functions, swift)
    assert swift.returncode == 0 and calls > 4
    assert (folder / "picture.u8").read_bytes() == np.asarray(Image.open(expected)).tobytes()
