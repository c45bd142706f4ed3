"""A RAW file rendered by the Kotlin core, tiles run by Python's TFLite engine: the same bytes as `edgeisp render`.

And the benchmark's work in Kotlin, between what `edgeisp profile --app` sends and what it reads.
"""

from __future__ import annotations

import io
import json
import struct
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from edgeisp.cli.main import main
from edgeisp.engines import ENGINES
from edgeisp.engines.base import Program
from edgeisp.export import exporter, manifest
from edgeisp.profile.adb import app
from edgeisp.profile.adb.programs import Call
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


def start(
    build: Any, arguments: Sequence[str | Path], program: Program, functions: Mapping[str, manifest.Function]
) -> int:
    """Runs the core's ``main`` in Pipe.kt with ``program`` as its runtime; how many calls it made."""
    command = [*build.java(), "dev.edgeisp.core.PipeKt", *arguments]
    with subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as java:
        calls = serve(program, functions, java)
    assert java.returncode == 0
    return calls


class Scaling:
    """Multiplies by the first number of ``color``."""

    ran_on = "numpy"

    def run(self, function: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return {"rgb": inputs["raw"] * inputs["color"].ravel()[0]}


def test_benchmark_takes_what_profiling_sends_and_answers_as_it_reads(build: Any, tmp_path: Path) -> None:
    raw, color = np.arange(64, dtype="<f4").reshape(1, 4, 4, 4), np.full((1, 9, 1, 1), 0.5, "<f4")
    ports = (manifest.Tensor(name="raw", shape=raw.shape), manifest.Tensor(name="color", shape=color.shape))
    made = (manifest.Tensor(name="rgb", shape=raw.shape),)
    entry = manifest.Function(file="net.tflite", inputs=ports, outputs=made)
    sent = (("raw", raw.tobytes()), ("color", color.tobytes()))
    call = Call(tmp_path / entry.file, "tile", entry, sent, threads=2, runs=3, warmup=1)
    call.artifact.write_bytes(b"an artifact")
    (tmp_path / "call.json").write_text(json.dumps(app.description(call)))
    for index, (_, content) in enumerate(sent):
        (tmp_path / f"in.{index}").write_bytes(content)
    results = tmp_path / "results"
    assert start(build, ["benchmark", tmp_path, results], Scaling(), {"tile": entry}) == 1 + 1 + 3
    timed, outputs = app.read(lambda name: (results / name).read_bytes())
    assert (timed.runtime, timed.threads, timed.outputs) == ("pipe", 2, ("rgb",))
    assert len(timed.samples_ms) == 3 and min(timed.samples_ms) > 0
    assert timed.idle_bytes and timed.peak_bytes and timed.peak_bytes >= timed.idle_bytes
    assert outputs == ((raw * 0.5).tobytes(),)


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
    arguments = ["render", tmp_path / "case.json", tmp_path / "picture.u8"]
    assert start(build, arguments, program, done.manifest.functions) > 4
    picture = np.asarray(Image.open(expected))
    assert (tmp_path / "picture.u8").read_bytes() == picture.tobytes()
