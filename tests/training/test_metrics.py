"""Metrics against their definitions and against other implementations."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torchmetrics")
pytest.importorskip("skimage")

import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch import nn
from torchmetrics.functional.image import lpips as theirs
from torchmetrics.functional.image import structural_similarity_index_measure

from edgeisp.data.scenes import dead_leaves, painted
from edgeisp.errors import CheckpointError
from edgeisp.raw.image import Floats
from edgeisp.training import lpips
from edgeisp.training.metrics import EXACT, LITERATURE, Quality, mean_quality, psnr, quality

SIDE = 176


@pytest.fixture(scope="module")
def pair() -> tuple[Floats, Floats]:
    truth = painted(dead_leaves, SIDE, np.random.default_rng(0))
    noisy = truth + np.random.default_rng(1).normal(0, 0.06, truth.shape).astype(np.float32)
    return noisy, truth


def bytes_of(picture: Floats) -> np.ndarray:
    return np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)


def test_literature_figures_are_those_of_scikit_image_on_8_bit_pictures(pair: tuple[Floats, Floats]) -> None:
    a, b = (bytes_of(picture) for picture in pair)
    found = quality(*pair, LITERATURE)
    assert found.psnr == pytest.approx(peak_signal_noise_ratio(b, a, data_range=255), abs=1e-4)
    expected = structural_similarity(b, a, win_size=11, data_range=255, channel_axis=2, gaussian_weights=True)
    assert found.ssim == pytest.approx(expected, abs=1e-5)


def test_exact_ssim_is_that_of_torchmetrics_inside_the_border(pair: tuple[Floats, Floats]) -> None:
    x, y = (torch.from_numpy(np.clip(p, 0, 1)[None, :, 8:-8, 8:-8]) for p in pair)
    expected = float(structural_similarity_index_measure(x, y, data_range=1.0))
    assert quality(*pair, EXACT).ssim == pytest.approx(expected, abs=1e-3)


def test_ms_ssim_weighs_five_scales_of_contrast_and_structure(pair: tuple[Floats, Floats]) -> None:
    found = quality(*pair, LITERATURE).ms_ssim
    assert found is not None
    x, y = (torch.from_numpy(bytes_of(p).transpose(2, 0, 1)[None].astype(np.float32) / 255) for p in pair)
    product = 1.0
    for scale, weight in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
        ssim, contrast = structural_similarity_index_measure(
            x, y, data_range=1.0, return_contrast_sensitivity=True
        )
        product *= float(ssim if scale == 4 else contrast) ** weight
        x, y = (nn.functional.avg_pool2d(picture, 2) for picture in (x, y))
    assert found == pytest.approx(product, abs=1e-4)


def test_small_picture_has_no_ms_ssim(pair: tuple[Floats, Floats]) -> None:
    a, b = (picture[:, :160] for picture in pair)
    assert quality(a, b, LITERATURE).ms_ssim is None


def test_mask_makes_pixels_equal_and_all_pixels_count(pair: tuple[Floats, Floats]) -> None:
    mask = np.zeros((SIDE, SIDE), np.float32)
    mask[: SIDE // 2] = 1
    half = psnr(*(picture[:, : SIDE // 2] for picture in pair), LITERATURE)
    assert psnr(*pair, LITERATURE, mask) == pytest.approx(half + 10 * np.log10(2), abs=1e-3)


def test_mean_is_over_the_pictures_that_have_the_figure() -> None:
    mean = mean_quality([Quality(20, 0.5, 3, None, None), Quality(30, 0.7, 5, 0.9, None)])
    assert (mean.psnr, mean.delta_e, mean.ms_ssim, mean.lpips) == (25, 4, 0.9, None)


@pytest.fixture(scope="module")
def alexnet(tmp_path_factory: pytest.TempPathFactory) -> tuple[nn.Sequential, Path]:
    """AlexNet's features, numbered as in torchvision, with random weights, and the file of them."""
    torch.manual_seed(0)
    conv, pool = nn.Conv2d, nn.MaxPool2d(3, 2)
    features = nn.Sequential(
        conv(3, 64, 11, 4, 2), nn.ReLU(), pool, conv(64, 192, 5, 1, 2), nn.ReLU(), pool,
        conv(192, 384, 3, 1, 1), nn.ReLU(), conv(384, 256, 3, 1, 1), nn.ReLU(),
        conv(256, 256, 3, 1, 1), nn.ReLU(), pool,
    )  # fmt: skip
    path = tmp_path_factory.mktemp("alexnet") / lpips.WEIGHTS
    torch.save({f"features.{key}": value for key, value in features.state_dict().items()}, path)
    return features, path


def test_lpips_is_that_of_torchmetrics(
    alexnet: tuple[nn.Sequential, Path], pair: tuple[Floats, Floats], monkeypatch: pytest.MonkeyPatch
) -> None:
    features, path = alexnet
    monkeypatch.setattr(theirs, "_get_tv_model_features", lambda net, pretrained: features)
    reference = theirs._LPIPS(net="alex")
    a, b = (np.clip(picture, 0, 1) for picture in pair)
    x, y = (torch.from_numpy(picture)[None] for picture in (a, b))
    with torch.inference_mode():
        expected = float(reference(x, y, normalize=True))
    ours = lpips.Lpips(path)
    assert expected > 0
    assert ours.between(a, b) == pytest.approx(expected, rel=1e-4)
    assert ours.between(a, a) == 0
    assert quality(a, b, lpips=ours.between).lpips is not None


def test_file_that_is_not_alexnet_is_refused(tmp_path: Path) -> None:
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / "a.pth")
    with pytest.raises(CheckpointError, match="not AlexNet"):
        lpips.Lpips(tmp_path / "a.pth")
    (tmp_path / "b.pth").write_bytes(b"no weights")
    with pytest.raises(CheckpointError, match="cannot be read as AlexNet weights"):
        lpips.Lpips(tmp_path / "b.pth")


def test_absent_weights_are_told_with_the_place_they_belong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert lpips.local_weights() is None
    assert str(tmp_path / "hub" / "checkpoints") in lpips.absent()
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    (tmp_path / "hub" / "checkpoints" / lpips.WEIGHTS).touch()
    assert lpips.local_weights() is not None
