from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from edgeisp.cli.artifact import summary
from edgeisp.cli.main import main
from edgeisp.export.records import Manifest

GOLDEN = Path(__file__).parent.parent / "golden" / "exported"


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
    assert planned["halo"] == "64 pixels, exact from 432"
    assert not (tmp_path / "out").exists()


def test_tile_without_a_core_is_told_with_one_that_has_when_it_is_only_planned(
    capsys: pytest.CaptureFixture[str], checkpoint: Path
) -> None:
    planned = ("export", "metaisp", "-t", "onnx", "--checkpoint", str(checkpoint), "--dry-run", "--tile")
    code, _, err = run(capsys, *planned, "128")
    assert (code, err.count("\n")) == (0, 1)
    assert (
        "warning: a tile of 128 pixels has no core within the halo of 64 that `edgeisp render` takes" in err
    )
    assert "at least 144, better 304" in err
    assert run(capsys, *planned, "144")[2] == ""


def test_halo_is_measured_by_the_export_and_not_by_its_plan(
    capsys: pytest.CaptureFixture[str], checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgeisp.export import exporter
    from edgeisp.models.checkpoint import load, save
    from edgeisp.models.halo import Halo
    from edgeisp.render import halo

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    weights = tmp_path / "bare.safetensors"
    save(weights, load("metaisp", checkpoint).network, {"model": "metaisp"})
    found = Halo(32, 432, 0.1, 1)
    measured: list[object] = []
    monkeypatch.setattr(halo, "measure", lambda network, progress: measured.append(progress) or found)
    given = (
        "export",
        "metaisp",
        "-t",
        "onnx",
        "--checkpoint",
        str(weights),
        "--tile",
        "48",
        "--dry-run",
        "--json",
    )
    code, out, err = run(capsys, *given)
    assert (code, err, json.loads(out)["halo"], measured) == (0, "", "not measured yet", [])
    job = exporter.plan("metaisp", "onnx", weights=weights, tile=(48, 48))
    bar = object()
    assert exporter.measured(job, bar).halo == found  # type: ignore[arg-type]
    assert measured == [bar]
    assert exporter.plan("metaisp", "onnx", weights=weights, tile=(48, 48)).halo == found


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("metaisp", "-t", "tflit"), 2, "did you mean 'tflite'?"),
        (("metaips", "-t", "onnx"), 2, "did you mean 'metaisp'?"),
        (("metaisp", "-t", "onnx", "--precision", "w8a16"), 2, "it takes: fp32, fp16, w8, w8a8"),
        (("metaisp", "-t", "onnx", "--precision", "w8a8"), 3, "fp32"),
        (("metaisp", "-t", "tflite", "--precision", "w4a16"), 2, "it takes: fp32, fp16, w8a8"),
        (
            ("metaisp", "-t", "onnx", "--tile", "100x64"),
            2,
            "--tile: a tile of 100x64 pixels -> give multiples of 16",
        ),
        (
            ("metaisp", "-t", "onnx", "--tile", "0"),
            2,
            "--tile: a tile of 0x0 pixels -> give multiples of 16 from 16",
        ),
        (
            ("metaisp", "-t", "onnx", "--tile", "1000000"),
            2,
            "takes 12000 GB in float32 -> give at most 67 megapixels",
        ),
        (
            ("metaisp", "-t", "onnx", "-o", __file__),
            2,
            f"{__file__}: cannot be written: a file is in the way",
        ),
        (("metaisp", "-t", "onnx", "-o", __file__, "--dry-run"), 2, "a file is in the way"),
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


def test_int8_export_says_what_is_int8_and_what_its_decibels_are_to() -> None:
    written = (GOLDEN / "metaisp-w8a8.pte.edgeisp.json").read_bytes()
    lines = summary(Path("metaisp-w8a8.pte"), msgspec.json.decode(written, type=Manifest)).splitlines()
    floats = "in float mfeb.0, head, demosaic, 56 sums or fixed filters"
    assert f"tile: 49 of 108 convolutions int8 x int8 in the file, {floats}" in lines
    assert lines[-1] == "these dB are to int8 in PyTorch; to fp32: edgeisp compare metaisp metaisp-w8a8.pte"
