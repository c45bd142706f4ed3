"""`edgeisp app`: an artifact in a copy of a sample app, with a self-test that the artifact passes and others fail."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeisp.cli.main import main
from edgeisp.engines import ENGINES
from edgeisp.export import manifest

ROOT = Path(__file__).resolve().parent.parent.parent
APP = ROOT / "ios_demo"
GOLDEN = ROOT / "tests" / "golden"


def put(artifact: Path, *options: Any) -> int:
    return main(["app", "ios", "--artifact", str(artifact), *map(str, options), "--json"])


def test_app_gets_an_artifact_that_passes_its_self_test(
    coreml_package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "camera"
    assert put(coreml_package, "-o", copy, "--app", APP) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["app"] == str(copy) and "xcodegen" in told["next"]
    assert (copy / "project.yml").read_bytes() == (APP / "project.yml").read_bytes()
    place = Path(told["artifact"])
    read = manifest.read(place / coreml_package.name)
    golden = json.loads((place / "golden.json").read_text())
    assert golden["golden"] == 1 and golden["artifact"] == coreml_package.name
    assert golden["functions"].keys() == read.functions.keys() == {"tile", "context"}
    program = ENGINES.get("mil").open(place / coreml_package.name)
    for name, function in read.functions.items():
        calls = golden["functions"][name]
        inputs, outputs = (
            {p.name: np.fromfile(place / calls[kind][p.name], "<f4").reshape(p.shape) for p in ports}
            for kind, ports in (("inputs", function.inputs), ("outputs", function.outputs))
        )
        made = program.run(name, inputs)
        for key, expected in outputs.items():
            assert -10 * np.log10(np.mean((made[key] - expected) ** 2.0)) >= golden["least_psnr_db"]
    assert put(coreml_package, "-o", copy, "--app", APP) == 2
    assert "already" in capsys.readouterr().err


def test_copy_is_refused_when_it_lies_inside_the_app(
    coreml_package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = tmp_path / "app"
    (app / "App" / "Resources" / "Artifact").mkdir(parents=True)
    assert put(coreml_package, "-o", app / "copy", "--app", app) == 2
    assert "inside the app" in capsys.readouterr().err
    assert not (app / "copy").exists()


def test_app_is_refused_when_it_is_another_folder(
    coreml_package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert put(coreml_package, "-o", tmp_path / "copy", "--app", ROOT / "docs") == 2
    assert "ios_demo" in capsys.readouterr().err
    assert not (tmp_path / "copy").exists()


def test_app_refuses_artifacts_when_they_do_not_fit_or_are_damaged(
    coreml_package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy"
    assert put(GOLDEN / "frames" / "crops" / "stand.tflite", "-o", copy, "--app", APP) == 2
    assert "this is for tflite" in capsys.readouterr().err
    damaged = tmp_path / coreml_package.name
    shutil.copytree(coreml_package, damaged)
    shutil.copy(manifest.path_of(coreml_package), manifest.path_of(damaged))
    (damaged / "Manifest.json").write_text("{}")
    assert put(damaged, "-o", copy, "--app", APP) == 2
    assert "the manifest says" in capsys.readouterr().err
    assert not copy.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "have no core"),
        ({"name": "noise"}, "context asks for noise"),
        ({"dtype": "int8"}, "raw as int8"),
        ({"target": "coreml"}, "takes tflite and executorch"),
    ],
)
def test_android_app_refuses_an_artifact_when_it_cannot_use_it(
    change: dict[str, str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    artifact = tmp_path / "stand.tflite"
    shutil.copy(GOLDEN / "frames" / "crops" / artifact.name, artifact)
    described = json.loads(manifest.path_of(GOLDEN / "frames" / "crops" / artifact.name).read_text())
    described.update({key: value for key, value in change.items() if key in described})
    port = described["functions"]["context" if "name" in change else "tile"]["inputs"][0]
    port.update({key: value for key, value in change.items() if key in port})
    if not change:
        described["halo"]["auto"] = described["tile"][0]
    manifest.path_of(artifact).write_text(json.dumps(described))
    demo = ROOT / "android_demo"
    assert (
        main(["app", "android", "--artifact", str(artifact), "-o", str(tmp_path / "c"), "--app", str(demo)])
        == 2
    )
    assert said in capsys.readouterr().err
