"""models, inspect and sample."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image
from safetensors.numpy import save_file

from edgeisp.cli.main import main
from edgeisp.raw import read_raw
from edgeisp.render.sheet import PAPER

Captured = pytest.CaptureFixture[str]


def test_models_lists_sizes_and_claims(capfd: Captured) -> None:
    assert main(["models", "--json"]) == 0
    metaisp, *others = json.loads(capfd.readouterr().out)["models"]
    assert metaisp["name"] == "metaisp"
    assert "lwisp" in [model["name"] for model in others]
    assert 1.05e6 <= metaisp["parameters"] <= 1.12e6
    assert 7.5e9 <= metaisp["macs"] <= 8.0e9
    assert any(claim["paper"] == "23.80 dB" for claim in metaisp["claims"])


def test_models_names_the_network_when_weights_are_given(capfd: Captured) -> None:
    assert main(["models", "metaisp-w8a8"]) == 2
    assert "weights of metaisp -> `edgeisp models metaisp` shows them" in capfd.readouterr().err


def test_int8_weights_are_refused_with_the_fp32_ones_there_are(tmp_path: Path, capfd: Captured) -> None:
    photo = tmp_path / "s.dng"
    assert main(["sample", "--size", "64x64", "-o", str(photo), "-q"]) == 0
    assert main(["inspect", str(photo), "--checkpoint", "metaisp-w8a8"]) == 3
    err = capfd.readouterr().err
    assert "bundled ones in fp32: metaisp, " in err
    assert "--precision" not in err
    assert main(["export", "metaisp", "-t", "onnx", "--checkpoint", "metaisp-w8a8", "--dry-run"]) == 3
    assert "-> take these with --precision w8a8, or give the checkpoint" in capfd.readouterr().err


def test_models_shows_paper_third_parties_and_reconstruction_apart(capfd: Captured) -> None:
    assert main(["models", "metaisp"]) == 0
    out = capfd.readouterr().out
    heads = ["What the paper says", "What third parties say", "Our reconstruction", "Bundled checkpoint"]
    assert [out.index(head) for head in heads] == sorted(out.index(head) for head in heads)
    assert "1,096,488" in out


def test_models_go_on_when_a_plugin_is_broken(run_edgeisp: Callable[..., Any], plugin: Path) -> None:
    done = run_edgeisp("models", "--json", path=[plugin])
    assert done.returncode == 0
    names = [model["name"] for model in json.loads(done.stdout)["models"]]
    assert names[0] == "metaisp"
    assert names[-1] == "tiny"
    assert "'broken'" in done.stderr


def test_plugin_renders_by_its_name(
    run_edgeisp: Callable[..., Any], plugin: Path, photo: Path, tmp_path: Path
) -> None:
    weights = {"mix.weight": np.full((12, 4, 1, 1), 0.25, np.float32)}
    save_file(weights, tmp_path / "tiny.safetensors")
    options = ["--model", "tiny", "--checkpoint", "tiny.safetensors", "-o", "a.png"]
    done = run_edgeisp("render", photo, *options, "--json", path=[plugin])
    assert done.returncode == 0, done.stderr
    assert Image.open(tmp_path / "a.png").size == (120, 80)


@pytest.mark.parametrize(
    ("name", "kind"), [("sheet.png", "PNG"), ("sheet.jpg", "JPEG"), ("sheet.tif", "TIFF")]
)
def test_inspect_draws_a_sheet_of_the_kind_that_its_name_says(
    capfd: Captured, photo: Path, checkpoint: Path, tmp_path: Path, name: str, kind: str
) -> None:
    sheet = tmp_path / name
    assert main(["inspect", str(photo), "--checkpoint", str(checkpoint), "-o", str(sheet), "--json"]) == 0
    facts = json.loads(capfd.readouterr().out)
    assert len(facts["weights"]) == 14
    assert all(sum(weights) == pytest.approx(1, abs=1e-3) for weights in facts["weights"].values())
    assert len(facts["mean_attention"]) == 7
    assert all(-1 <= mean <= 1 for mean in facts["mean_attention"].values())
    if kind == "TIFF":
        assert tifffile.imread(sheet)[0, 0].tolist() == [257 * ink for ink in PAPER]
        return
    with Image.open(sheet) as image:
        assert (image.format, image.width) == (kind, 2000)


def test_inspect_is_refused_when_no_sheet_has_such_a_name(
    capfd: Captured, photo: Path, tmp_path: Path
) -> None:
    assert main(["inspect", str(photo), "-o", str(tmp_path / "sheet.bmp")]) == 2
    assert "end it in one of .jpg, .jpeg, .png, .tif, .tiff" in capfd.readouterr().err
    assert not list(tmp_path.iterdir())


def test_sample_is_a_sound_raw_file(photo: Path) -> None:
    raw = read_raw(photo)
    assert raw.mosaic.shape == (80, 120)
    assert (raw.cfa, raw.iso, raw.assumed) == ("GRBG", 800, ())
    assert raw.noise is not None


@pytest.mark.parametrize("option", ["--size=101x100", "--size=10x10", "--size=big", "--output=a.jpg"])
def test_sample_is_refused_when_it_cannot_be_drawn(
    capfd: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["sample", option]) == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("verb", ["train", "distill"])
def test_network_that_learns_otherwise_is_sent_to_its_own_verb(
    capfd: Captured, tmp_path: Path, verb: str
) -> None:
    assert main([verb, "posisp", "-o", str(tmp_path / "run")]) == 2
    assert "`edgeisp posisp train --task enhance`" in capfd.readouterr().err
    assert not list(tmp_path.iterdir())
