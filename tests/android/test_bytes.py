"""A RAW file rendered by the Kotlin core, tiles run by Python's TFLite engine: the same bytes as `edgeisp render`."""

from __future__ import annotations

import io
import json
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from edgeisp.cli.main import main
from edgeisp.engines import ENGINES
from edgeisp.engines.base import Program
from edgeisp.export import exporter, manifest
from edgeisp.raw import read_raw

SIZE = "330x226"
TILE = (128, 192)
"""Height and width, in picture pixels."""


def serve(program: Program, functions: Mapping[str, manifest.Function], java: subprocess.Popen[bytes]) -> int:
    """Answers the core's calls until it ends; how many there were."""
    assert java.stdin is not None and java.stdout is not None
    source, calls = cast("io.BufferedReader", java.stdout), 0

    def text() -> str:
        return source.read(struct.unpack(">H", source.read(2))[0]).decode()

    while source.peek(1):
        entry = functions[name := text()]
        given = {}
        for _ in range(struct.unpack(">i", source.read(4))[0]):
            key = text()
            shape = next(port.shape for port in entry.inputs if port.name == key)
            content = source.read(struct.unpack(">i", source.read(4))[0])
            given[key] = np.frombuffer(content, "<f4").reshape(shape)
        made = program.run(name, given)
        for port in entry.outputs:
            content = made[port.name].astype("<f4").tobytes()
            java.stdin.write(struct.pack(">i", len(content)) + content)
        java.stdin.flush()
        calls += 1
    return calls


def test_kotlin_renders_a_raw_file_to_the_bytes_of_python(build: Any, tmp_path: Path) -> None:
    pytest.importorskip("litert_torch")
    photo, expected = tmp_path / "IMG.dng", tmp_path / "IMG.png"
    assert main(["sample", "-o", str(photo), "--size", SIZE, "-q"]) == 0
    done = exporter.export(exporter.plan("posisp", "tflite", tile=TILE), tmp_path)
    assert main(["render", str(photo), "--artifact", str(done.path), "-o", str(expected), "-q"]) == 0
    raw = read_raw(photo)
    height, width = raw.mosaic.shape
    (tmp_path / "mosaic.u16").write_bytes(raw.mosaic.astype("<u2").tobytes())
    case = {
        "manifest": str(manifest.path_of(done.path)),
        "mosaic": "mosaic.u16",
        "cfa": raw.cfa,
        "width": width,
        "height": height,
        "row_stride": 2 * width,
        "black_level": raw.black_level,
        "white_level": raw.white_level,
        "white_balance": raw.white_balance,
        "color_matrix": raw.color_matrix.ravel().tolist(),
        "orientation": raw.orientation,
    }
    (tmp_path / "case.json").write_text(json.dumps(case))
    program = ENGINES.get("tflite").open(done.path, threads=1)
    command = [*build.java(), "dev.edgeisp.core.PipeKt", tmp_path / "case.json", tmp_path / "picture.u8"]
    with subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as java:
        calls = serve(program, done.manifest.functions, java)
    assert java.returncode == 0 and calls > 4
    picture = np.asarray(Image.open(expected))
    assert (tmp_path / "picture.u8").read_bytes() == picture.tobytes()
