"""The verbs around profiling, on one small artifact of the bundled network."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edgeisp.cli.main import main
from edgeisp.data.sample_scene import sample_raw
from edgeisp.models.checkpoint import load, save
from edgeisp.profile.subject import describe
from edgeisp.render import halo
from edgeisp.render.frame import Frame

FAST = ("--runs", "3", "--no-operators", "-q")


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MetaISP as ONNX, tile 32x32."""
    pytest.importorskip("onnxruntime")
    folder = tmp_path_factory.mktemp("artifact")
    assert main(["export", "metaisp", "-t", "onnx", "--tile", "32", "-o", str(folder), "-q"]) == 0
    return folder / "metaisp.onnx"


@pytest.fixture(scope="module")
def report(artifact: Path) -> Path:
    """The network and its artifact, profiled in one run."""
    path = artifact.with_name("report")
    what = ["metaisp", str(artifact), "--input", "1x4x16x16"]
    assert main(["profile", *what, *FAST, "-o", str(path)]) == 0
    return path.with_name("report.json")


def test_profile_counts_measures_and_compares_network_and_artifact(report: Path) -> None:
    network, artifact = json.loads(report.read_text())["subjects"]
    costs = artifact["costs"]["tile"]
    assert costs["network"]["macs"] == network["costs"]["tile"]["network"]["macs"]
    added = {change["step"]: change["macs"] for change in costs["changes"]}
    assert costs["network"]["macs"] + sum(added.values()) == costs["file"]["macs"]
    assert set(added) == {"rewrite color-product", "rewrite multiplied-gate"}
    for subject, engine in ((network, "torch"), (artifact, "onnx")):
        tile = next(m for m in subject["measurements"] if m["function"] == "tile")
        assert (tile["engine"], tile["outcome"]["outcome"]) == (engine, "measured")
        assert len(tile["outcome"]["samples_ms"]) == 3
        assert tile["outcome"]["parity"]["psnr_db"] > 90
    assert [t["title"] for t in artifact["thumbnails"]][:2] == ["the device's picture", "PyTorch's picture"]


def test_bar_is_shown_while_a_halo_is_measured_that_no_card_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(halo, "cache_folder", lambda kind: tmp_path / kind)
    monkeypatch.setattr(halo, "_sources", lambda task: iter([Frame.of(sample_raw(160, 160))]))
    save(tmp_path / "new.safetensors", load("lwisp").network, {"model": "lwisp"})
    shown = []

    @contextmanager
    def progress(what: str, steps: float) -> Iterator[Callable[[], None]]:
        shown.append(what)
        yield lambda: None

    describe(str(tmp_path / "new.safetensors"), packed=(16, 16), progress=progress)
    assert shown == ["measuring the halo", "counting lwisp"]
    assert len(list((tmp_path / "halos").iterdir())) == 1


@pytest.mark.parametrize(("what", "engine"), [("artifact", "coreml"), ("metaisp", "tflite")])
def test_engine_that_opens_no_such_files_is_refused_before_anything_is_measured(
    artifact: Path, capsys: pytest.CaptureFixture[str], what: str, engine: str
) -> None:
    named = str(artifact) if what == "artifact" else what
    assert main(["profile", named, "--engine", engine, *FAST]) == 2
    assert f"the engine {engine} opens no " in capsys.readouterr().err


def test_artifact_that_is_not_there_is_called_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", "gone.tflite", *FAST]) == 2
    assert capsys.readouterr().err.startswith("error: gone.tflite: no such artifact -> check the path")


def test_run_ends_with_4_when_the_device_cannot_run_anything_that_was_named(
    monkeypatch: pytest.MonkeyPatch, artifact: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "onnxruntime.py").write_text("raise ImportError('broken')")
    monkeypatch.syspath_prepend(tmp_path)  # and of the process that measures
    assert main(["profile", str(artifact), *FAST]) == 4
    assert "nothing could be measured" in capsys.readouterr().err


def test_page_and_markdown_lie_beside_the_report(report: Path) -> None:
    assert "<svg" in report.with_suffix(".html").read_text()
    assert "## Latency" in report.with_suffix(".md").read_text()


def test_report_compares_and_shows(report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(report), str(report), "--json", "-o", str(tmp_path / "page.html")]) == 0
    found = json.loads(capsys.readouterr().out)["differences"]
    assert {d["ratio"] for d in found} == {1.0}
    assert "New against old" in (tmp_path / "page.html").read_text()
    slower = json.loads(report.read_text())
    for measurement in slower["subjects"][1]["measurements"]:
        samples = measurement["outcome"]["samples_ms"]
        measurement["outcome"]["samples_ms"] = [9 * max(samples) for _ in samples]
    (tmp_path / "slower.json").write_text(json.dumps(slower))
    assert main(["report", str(report), str(tmp_path / "slower.json"), "--control", "metaisp"]) == 6
    assert "regressed beyond 5 %" in capsys.readouterr().err


def test_budget_that_is_missed_ends_with_6(artifact: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", str(artifact), *FAST, "--budget", "0.0001ms"]) == 6
    assert "of the budget of 0.0001 ms" in capsys.readouterr().err


def test_wrong_pictures_end_with_5_before_any_budget(
    artifact: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from edgeisp.profile import session

    real = session.parity_of
    monkeypatch.setattr(session, "parity_of", lambda pairs: real([(got + 0.1, want) for got, want in pairs]))
    assert main(["profile", str(artifact), *FAST, "--budget", "0.0001ms"]) == 5
    assert "its times say nothing" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["metaips"], "did you mean 'metaisp'"),
        (["metaisp", "--budget", "soon"], "--budget"),
        (["metaisp", "--threads", "4..1"], "--threads"),
        (["metaisp", "--input", "1x3x8x8"], "--input"),
        (["metaisp", "--input", "12x12"], "multiples of 8"),
        (["metaisp", "--on", "hots"], "did you mean 'host'"),
        (["metaisp", "--on", "host:phone"], "give `--on host`"),
        (["metaisp", "--on", "aws:Pixel 8"], "--apk"),
        (["metaisp", "--engine", "onxx"], "did you mean 'onnx'"),
        (["metaisp", "-o", "report.pdf"], "no report ends with .pdf"),
        (["metaisp", "--app", "dev.edgeisp.demo"], "give --on adb"),
        (["metaisp", "--on", "adb", "--app", "demo"], "PACKAGE or PACKAGE/CLASS"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", *arguments]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert said in lines[0]


def test_artifact_refuses_another_input(artifact: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", str(artifact), "--input", "64x64"]) == 2
    assert "1x4x16x16" in capsys.readouterr().err


def test_devices_lists_the_host(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devices", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["devices"][0]["name"] == "host"


def test_claims_hold_or_say_what_they_need(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["claims", "metaisp", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["claims"]
    assert {line["status"] for line in found} == {"measured", "needs data"}
    assert main(["claims", "--data", "zrr"]) == 2
    assert main(["claims", "--data", "zzr:/data"]) == 2
    assert main(["claims", "--checkpoint", "x.safetensors"]) == 2


def test_estimate_is_labelled_and_shows_its_errors(capsys: pytest.CaptureFixture[str]) -> None:
    chip = ["--chip", "Snapdragon 8 Elite"]
    assert main(["estimate", "metaisp", "--input", "16x16", *chip, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert {one["roof"]["chip"] for one in said["estimates"]} == {"Snapdragon 8 Elite"}
    assert all(one["low"] <= one["ms"] <= one["high"] for one in said["estimates"])
    assert len(said["validation"]) == 27
    assert main(["estimate", "--chip", "Snapdragon 9"]) == 2
