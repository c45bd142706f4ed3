"""Losses on sRGB pictures, ``B x 3 x H x W`` in [0, 1]: one number for each picture.

The loss of a batch is the mean over its pictures. That makes it, and its gradient, the same however a batch is divided
among processes or accumulated.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchmetrics.functional.image import structural_similarity_index_measure

from edgeisp.errors import BadInputError
from edgeisp.training.config import LossWeights
from edgeisp.training.vgg import Perceptual

_MS_SSIM_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_WINDOW = 11
_LEAST_SIMILARITY = 1e-4
"""Anticorrelated pictures count as this similar: the power of a clamped zero would have an infinite gradient."""
_CHARBONNIER_EPSILON = 1e-3


class PictureLoss(nn.Module):
    """The weighted sum of the terms in ``weights``, on pictures; computed in float32 in every precision of the run.

    Args:
        weights: which terms, and how much of each.
        vgg: VGG-19 weights in torchvision's format, for the term ``vgg``; see `edgeisp.training.vgg`.

    Raises:
        BadInputError: the term ``vgg`` without its file.
        CheckpointError: the file is absent or does not hold VGG-19.
    """

    def __init__(self, weights: LossWeights, vgg: Path | None = None) -> None:
        super().__init__()
        self.weights = weights.chosen()
        self.terms: dict[str, Callable[[Tensor, Tensor], Tensor]] = dict(TERMS)
        if "vgg" in self.weights:
            if vgg is None:
                raise BadInputError(
                    "the loss vgg needs the weights of VGG-19",
                    where="--loss",
                    cure="name torchvision's vgg19-dcbb9e9d.pth with --vgg",
                )
            self.perceptual = Perceptual(vgg)
            self.terms["vgg"] = self.perceptual

    def forward(self, output: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        """Loss of each picture, ``B``.

        ``mask`` is ``B x 1 x H x W`` in [0, 1]. Where it is 0 the output counts as right, so that every valid pixel
        weighs the same, in whichever picture it lies.
        """
        with torch.autocast(output.device.type, enabled=False):
            output = output.float()
            if mask is not None:
                output = target + mask * (output - target)
            terms = [weight * self.terms[name](output, target) for name, weight in self.weights.items()]
            return torch.stack(terms).sum(0)


def l1(output: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference."""
    return (output - target).abs().mean((1, 2, 3))


def charbonnier(output: Tensor, target: Tensor) -> Tensor:
    """Mean of ``sqrt(d^2 + eps^2) - eps``: L1 with a rounded tip (Charbonnier et al. 1994), eps 1e-3."""
    eps = _CHARBONNIER_EPSILON
    return (torch.sqrt((output - target) ** 2 + eps**2) - eps).mean((1, 2, 3))


def fft(output: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference of the orthonormal Fourier coefficients, real and imaginary parts (Cho et al. 2021)."""
    return torch.view_as_real(torch.fft.rfft2(output - target, norm="ortho")).abs().mean((1, 2, 3, 4))


def ms_ssim(output: Tensor, target: Tensor) -> Tensor:
    """1 - MS-SSIM (Wang, Simoncelli and Bovik 2003); pictures too small for five scales get as many as fit."""
    output = output.clamp(0, 1)
    smallest = min(output.shape[-2:])
    scales = max((n for n in range(2, 6) if smallest // 2 ** (n - 1) >= _WINDOW), default=1)
    weights = _MS_SSIM_WEIGHTS[:scales]
    similarity = torch.ones(len(output), device=output.device)
    for scale, weight in enumerate(weights):
        whole, contrast = structural_similarity_index_measure(
            output, target, data_range=1.0, reduction="none", return_contrast_sensitivity=True
        )
        part = whole if scale == scales - 1 else contrast
        similarity = similarity * part.clamp(min=_LEAST_SIMILARITY) ** (weight / sum(weights))
        output, target = F.avg_pool2d(output, 2), F.avg_pool2d(target, 2)
    return 1 - similarity


TERMS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "l1": l1,
    "charbonnier": charbonnier,
    "ms_ssim": ms_ssim,
    "fft": fft,
}
"""The terms that need no file, by the fields of `LossWeights`."""
