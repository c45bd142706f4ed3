from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgeisp.cli.main import main


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_dry_run_prints_the_plan_and_writes_nothing(
    capsys: pytest.CaptureFixture[str], checkpoint: Path, tmp_path: Path
) -> None:
    options = (
        "--checkpoint",
        str(checkpoint),
        "--tile",
        "128x64",
        "-o",
        str(tmp_path / "out"),
        "--dry-run",
        "--json",
    )
    code, out, _ = run(capsys, "export", "metaisp", "-t", "onnx", "--precision", "fp16", *options)
    planned = json.loads(out)
    assert code == 0
    assert planned["artifact"] == str(tmp_path / "out" / "metaisp-fp16.onnx")
    assert planned["tile"] == "128x64"
    assert "fold-haar-down" in planned["rewrites"]
    assert "at least 55 dB" in planned["verified by"]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("metaisp", "-t", "tflit"), 2, "did you mean 'tflite'?"),
        (("metaips", "-t", "onnx"), 2, "did you mean 'metaisp'?"),
        (("metaisp", "-t", "onnx", "--precision", "w8a16"), 2, "it takes: fp32, fp16, w8, w8a8"),
        (("metaisp", "-t", "onnx", "--precision", "w8a8"), 3, "fp32"),
        (("metaisp", "-t", "onnx", "--tile", "100x64"), 2, "multiples of 16"),
        (("metaisp", "-t", "onnx", "--checkpoint", "absent.safetensors"), 3, "no such checkpoint"),
    ],
)
def test_mistake_is_one_line_with_its_code_before_any_work(
    capsys: pytest.CaptureFixture[str], checkpoint: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    weights = () if "--checkpoint" in arguments else ("--checkpoint", str(checkpoint))
    found, _, err = run(capsys, "export", *arguments, *weights)
    assert found == code
    assert said in err
    assert err.count("\n") == 1


def test_export_and_verify_say_by_what_and_how_well_it_was_verified(
    capsys: pytest.CaptureFixture[str], checkpoint: Path, tmp_path: Path
) -> None:
    pytest.importorskip("onnxscript")
    options = ("--checkpoint", str(checkpoint), "--tile", "32", "-o", str(tmp_path))
    code, out, err = run(capsys, "export", "metaisp", "-t", "onnx", *options)
    assert code == 0, err
    assert "verified by onnx (onnxruntime" in out
    names = {"metaisp.onnx", "metaisp.context.onnx", "metaisp.onnx.edgeisp.json"}
    assert {path.name for path in tmp_path.iterdir()} == names
    artifact = str(tmp_path / "metaisp.onnx")
    code, out, _ = run(capsys, "verify", artifact, "--checkpoint", str(checkpoint), "--json")
    assert code == 0
    assert json.loads(out)["verification"]["psnr_db"] >= 90
    code, _, err = run(capsys, "verify", artifact, "--checkpoint", str(checkpoint), "--engine", "tflite")
    assert (code, "opens .tflite" in err) == (2, True)


def test_targets_lists_each_precision_with_its_engine_and_limit(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "targets", "--json")
    rows = {(row["target"], row["precision"]): row for row in json.loads(out)["targets"]}
    assert code == 0
    assert {target for target, _ in rows} >= {"coreml", "tflite", "executorch", "onnx"}
    assert rows["coreml", "fp16"]["default"]
    assert rows["tflite", "fp32"]["least_db"] == 90
    assert rows["onnx", "fp16"]["verified_by"] == "onnx"


def test_doctor_lists_every_part_and_the_command_for_what_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EDGEISP_TFLITE_RUNTIME_PYTHON", str(tmp_path / "python"))
    code, out, _ = run(capsys, "doctor", "--json")
    parts = {(part["kind"], part["name"]): part for part in json.loads(out)["parts"]}
    assert code == 0
    assert parts["engine", "torch"]["works"]
    assert "pip install" in parts["engine", "tflite-runtime"]["missing"]


def test_missing_packages_end_an_export_with_4_before_heavy_work(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from importlib import metadata

    from edgeisp import extras

    def version(name: str) -> str:
        if name == "onnxscript":
            raise metadata.PackageNotFoundError(name)
        return metadata.version(name)

    monkeypatch.setattr(extras, "version", version)
    code, _, err = run(capsys, "export", "metaisp", "-t", "onnx")
    assert code == 4
    assert "onnxscript not installed: pip install 'edgeisp[onnx]'" in err
