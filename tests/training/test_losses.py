"""Losses: each by its definition, one number for each picture, blind where the mask is zero."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

pytest.importorskip("torchmetrics")

from torchmetrics.functional.image import multiscale_structural_similarity_index_measure

from edgeisp.errors import BadInputError, CheckpointError
from edgeisp.training.config import LossWeights
from edgeisp.training.losses import TERMS, PictureLoss, fft, ms_ssim
from edgeisp.training.vgg import load_vgg19, vgg19_features


@pytest.fixture(scope="module")
def vgg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file of torchvision's layout with random weights."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("vgg") / "vgg19.pth"
    weights = {f"features.{key}": value for key, value in vgg19_features().state_dict().items()}
    torch.save({**weights, "classifier.6.bias": torch.zeros(1000)}, path)
    yield path
    path.unlink()


@pytest.fixture
def pictures() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    target = torch.rand(3, 3, 48, 44)
    return (target + 0.2 * torch.randn_like(target)).clamp(0, 1), target


def test_names_and_weights_are_read_as_given() -> None:
    weights = LossWeights.parse("l1=1, ms-ssim=0.05,fft")
    assert weights.chosen() == {"l1": 1.0, "ms_ssim": 0.05, "fft": 1.0}
    assert LossWeights.parse(str(weights)) == weights


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lpips=1", r"no loss is called 'lpips' -> known: l1, charbonnier, ms-ssim, vgg, fft"),
        ("l1=x", r"\$\.l1"),
        ("l1=-1", r"\$\.l1"),
        ("fft=inf", r"\$\.fft"),
        ("l1=0", "nothing to minimise"),
        ("", "known: l1"),
    ],
)
def test_loss_that_cannot_be_is_refused_by_name(text: str, message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        LossWeights.parse(text)


@pytest.mark.parametrize("name", TERMS)
def test_term_is_zero_for_equal_pictures_and_has_a_finite_gradient_for_opposite_ones(
    name: str, pictures: tuple[torch.Tensor, torch.Tensor]
) -> None:
    target = pictures[1]
    assert torch.allclose(TERMS[name](target, target), torch.zeros(3), atol=1e-6)
    opposite = (1 - target).requires_grad_()
    loss = TERMS[name](opposite, target)
    loss.sum().backward()
    assert (loss > 0.01).all()
    assert opposite.grad is not None and opposite.grad.isfinite().all()


def test_ms_ssim_is_that_of_the_definition(pictures: tuple[torch.Tensor, torch.Tensor]) -> None:
    three_scales = tuple(weight / 0.6305 for weight in (0.0448, 0.2856, 0.3001))
    expected = multiscale_structural_similarity_index_measure(
        *pictures, data_range=1.0, reduction="none", betas=three_scales
    )
    assert torch.allclose(1 - ms_ssim(*pictures), expected, atol=1e-5)


def test_fourier_term_sees_an_offset_in_one_coefficient_only() -> None:
    target = torch.full((1, 3, 16, 32), 0.25)
    energy = 0.5 * (16 * 32) ** 0.5 / (2 * 16 * 17)
    assert float(fft(target + 0.5, target)) == pytest.approx(energy, rel=1e-4)


def test_loss_is_the_weighted_sum_of_its_terms_for_each_picture_alone(
    pictures: tuple[torch.Tensor, torch.Tensor], vgg: Path
) -> None:
    loss = PictureLoss(LossWeights(l1=1.0, charbonnier=0.5, ms_ssim=0.1, fft=0.2, vgg=3.0), vgg)
    output, target = pictures
    whole = loss(output, target)
    assert torch.allclose(whole, torch.cat([loss(o[None], t[None]) for o, t in zip(*pictures, strict=True)]))
    sums = sum(w * TERMS[n](output, target) for n, w in loss.weights.items() if n in TERMS)
    assert torch.allclose(whole, sums + 3 * loss.perceptual(output, target))


def test_output_under_a_zero_mask_counts_for_nothing(
    pictures: tuple[torch.Tensor, torch.Tensor], vgg: Path
) -> None:
    loss = PictureLoss(LossWeights(l1=1.0, charbonnier=1.0, ms_ssim=1.0, fft=1.0, vgg=1.0), vgg)
    output, target = pictures[0].clone().requires_grad_(), pictures[1]
    mask = torch.ones(3, 1, 48, 44)
    assert torch.allclose(loss(output, target, mask), loss(output, target))
    mask[:, :, 10:30] = 0
    masked = loss(output, target, mask)
    masked.sum().backward()
    assert output.grad is not None
    assert not output.grad[:, :, 10:30].any()
    assert output.grad[:, :, :10].any()
    elsewhere = output.detach() + 0.3 * (1 - mask)
    assert torch.allclose(loss(elsewhere, target, mask), masked)
    assert torch.allclose(loss(output, target, 0 * mask), torch.zeros(3), atol=1e-6)


def test_vgg_is_torchvisions_and_is_not_trained(
    vgg: Path, pictures: tuple[torch.Tensor, torch.Tensor]
) -> None:
    features = load_vgg19(vgg)
    assert sum(p.numel() for p in features.parameters()) == 20_024_384
    assert [i for i, layer in enumerate(features) if isinstance(layer, torch.nn.MaxPool2d)] == [4, 9, 18, 27]
    assert not any(p.requires_grad for p in features.parameters())
    output = pictures[0].requires_grad_()
    PictureLoss(LossWeights(vgg=1.0), vgg)(output, pictures[1]).sum().backward()
    assert output.grad is not None and output.grad.any()


def test_vgg_without_its_weights_says_which_file_is_wanted(tmp_path: Path, vgg: Path) -> None:
    weights = LossWeights(vgg=1.0)
    with pytest.raises(BadInputError, match=r"vgg19-dcbb9e9d\.pth with --vgg"):
        PictureLoss(weights)
    with pytest.raises(CheckpointError, match="no such file"):
        PictureLoss(weights, tmp_path / "vgg.pth")
    (tmp_path / "broken.pth").write_bytes(vgg.read_bytes()[:5000])
    with pytest.raises(CheckpointError, match="cannot be read as VGG-19 weights"):
        PictureLoss(weights, tmp_path / "broken.pth")
    torch.save({"features.0.weight": torch.zeros(64, 3, 7, 7)}, tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match=r"features\.0\.weight is \(64, 3, 7, 7\)"):
        PictureLoss(weights, tmp_path / "other.pth")
    with pytest.raises(BadInputError, match="at least 32 pixels"):
        PictureLoss(weights, vgg)(torch.zeros(1, 3, 24, 24), torch.zeros(1, 3, 24, 24))
