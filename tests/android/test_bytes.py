"""A RAW file rendered by the Kotlin core, tiles run by Python's TFLite engine: the same bytes as `edgeisp render`.

The same of what `edgeisp app android` put into an APK; and the benchmark's work in Kotlin, between what
`edgeisp profile --app` sends and what it reads.
"""

from __future__ import annotations

import json
import subprocess
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from app_core import Case, serve

from edgeisp.cli.main import main
from edgeisp.engines import ENGINES
from edgeisp.engines.base import Program
from edgeisp.export import records
from edgeisp.profile.adb import app
from edgeisp.profile.adb.programs import Call


def start(
    build: Any, arguments: Sequence[str | Path], program: Program, functions: Mapping[str, records.Function]
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
    ports = (records.Tensor(name="raw", shape=raw.shape), records.Tensor(name="color", shape=color.shape))
    made = (records.Tensor(name="rgb", shape=raw.shape),)
    entry = records.Function(file="net.tflite", inputs=ports, outputs=made)
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


def test_kotlin_renders_a_raw_file_to_the_bytes_of_python(build: Any, app_case: Case, tmp_path: Path) -> None:
    arguments = ["render", app_case.path, tmp_path / "picture.u8"]
    assert start(build, arguments, app_case.program, app_case.functions) >= 4
    assert (tmp_path / "picture.u8").read_bytes() == app_case.picture
    assert app_case.told(json.loads((tmp_path / "picture.u8.steps.json").read_text()))


def test_app_with_an_artifact_becomes_an_apk_whose_model_passes_its_self_test(
    build: Any,
    app_case: Case,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    copy = tmp_path / "camera"
    given = ["--artifact", str(app_case.artifact), "-o", str(copy), "--app", str(build.HERE), "--json"]
    assert main(["app", "android", *given]) == 0
    assert json.loads(capsys.readouterr().out)["next"] == f"cd {copy} && gradle :app:installDebug"
    camera = next(apk for apk in build.APKS if apk.module == "app")
    monkeypatch.setattr(build, "HERE", copy)
    with zipfile.ZipFile(build.package(camera)) as archive:
        archive.extractall(
            tmp_path, [name for name in archive.namelist() if name.startswith("assets/artifact/")]
        )
    model = tmp_path / "assets" / "artifact"
    program = ENGINES.get("tflite").open(model / app_case.artifact.name, threads=1)
    calls = start(build, ["check", model, tmp_path / "answer.json"], program, app_case.functions)
    answer = json.loads((tmp_path / "answer.json").read_text())
    assert (
        calls == len(app_case.functions)
        and answer.keys() == app_case.functions.keys()
        and min(answer.values()) > 45
    )
