"""Subtasks end to end: training, and evaluation beside the classical methods."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

pytest.importorskip("lightning_fabric")
pytest.importorskip("skimage")

from edgeisp.errors import BadInputError
from edgeisp.models.checkpoint import load
from edgeisp.models.lwisp import LWISP, LWISPConfig
from edgeisp.models.task import RAW_TO_RAW, SRGB_TO_SRGB
from edgeisp.training.config import TrainConfig
from edgeisp.training.denoise import BLOCK, Case, cases, evaluate, figures
from edgeisp.training.loop import train


@pytest.mark.parametrize("model", ["lwisp-denoise", "lwisp-denoise-raw", "metaisp-denoise"])
def test_variant_is_trained_and_loaded_again(model: str, tmp_path: Path) -> None:
    config = TrainConfig(model=model, steps=2, batch=2, patch=16, workers=0, save_every=2, log_every=1)
    assert load(model, train(config, tmp_path)).card["model"] == model


def test_untouched_picture_scores_like_its_input_and_classical_methods_do_better() -> None:
    network = LWISP(LWISPConfig((8, 8, 8, 8), bottom=1, task=SRGB_TO_SRGB)).eval()
    torch.nn.init.zeros_(network.rgb.weight)
    clean = np.full((3, 44, 40), 0.4, np.float32)
    clean[:, :, 20:] = 0.7
    noisy = clean + 0.05 * np.random.default_rng(0).standard_normal(clean.shape, np.float32)
    told: list[str] = []
    score = evaluate(network, [Case("edge", 0, noisy, clean)], "mine", step=told.append).scores[0]
    assert told == ["edge"]
    assert score.methods["mine"].psnr == pytest.approx(score.methods["input"].psnr, abs=1e-4)
    assert score.methods["input"].psnr == pytest.approx(26.0, abs=0.3)
    others = {name: found for name, found in score.methods.items() if name.split()[0] in ("NLM", "BM3D")}
    assert others
    assert all(found.psnr > 30 and found.ssim > score.methods["input"].ssim for found in others.values())


def test_psnr_is_that_of_the_definition() -> None:
    a = np.full((3, 16, 16), 0.5, np.float32)
    assert figures(a + 0.1, a).psnr == pytest.approx(20, abs=1e-3)


@pytest.mark.parametrize("task", [SRGB_TO_SRGB, RAW_TO_RAW], ids=lambda task: task.name)
def test_test_pictures_are_noisier_at_the_higher_iso(task: object) -> None:
    found = cases(task, "synthetic-test")  # type: ignore[arg-type]
    decibels = {(case.name, case.iso): figures(case.before, case.after).psnr for case in found}
    assert len(decibels) == 8
    assert all(decibels[name, 800] > decibels[name, 3200] for name, _ in decibels)


def test_pairs_on_disk_are_read_one_at_a_time_and_bad_ones_left_out_when_asked_for(tmp_path: Path) -> None:
    network = LWISP(LWISPConfig((8, 8, 8, 8), bottom=1, task=SRGB_TO_SRGB)).eval()
    for name in ("noisy", "gt"):
        (tmp_path / name).mkdir()
        for index in range(3):
            Image.new("RGB", (24, 16), (len(name) * 20, 80, 70)).save(tmp_path / name / f"{index}.png")
    given = cases(SRGB_TO_SRGB, f"sidd:{tmp_path}")
    (tmp_path / "noisy/1.png").write_bytes(b"no picture")
    with pytest.raises(BadInputError, match=r"1\.png: not a whole picture.*--skip-bad"):
        evaluate(network, given, "mine", baselines=False)
    outcome = evaluate(network, given, "mine", baselines=False, skip_bad=True)
    assert outcome.scores[0].pictures == 2
    assert len(outcome.left_out) == 1


def test_raw_pairs_of_sidd_are_measured_at_their_iso(tmp_path: Path) -> None:
    scipy_io = pytest.importorskip("scipy.io")
    pytest.importorskip("h5py")
    scene = tmp_path / "0001_001_S6_00800_00350_3200_N"
    scene.mkdir()
    rng = np.random.default_rng(0)
    for kind in ("NOISY", "GT"):
        x = rng.uniform(0.2, 0.4, (1100, 40)).astype(np.float32)
        scipy_io.savemat(scene / f"0001_{kind}_RAW_010.MAT", {"x": x})
    facts = {"metadata": {"AsShotNeutral": np.array([0.5, 1.0, 0.8])}}
    scipy_io.savemat(scene / "0001_METADATA_RAW_010.MAT", facts)
    given = cases(RAW_TO_RAW, f"sidd:{tmp_path}")
    assert given[0].before.shape == (4, BLOCK, 20)
    network = LWISP(LWISPConfig((8, 8, 8, 8), bottom=1, task=RAW_TO_RAW)).eval()
    score = evaluate(network, given, "mine", baselines=False).scores[0]
    assert (score.iso, score.pictures) == (800, 1)


def test_unknown_evaluation_set_is_refused() -> None:
    with pytest.raises(BadInputError, match="known: synthetic-test, sidd:DIR"):
        cases(SRGB_TO_SRGB, "zurich")
