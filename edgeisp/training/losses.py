"""Losses on sRGB pictures, ``B x 3 x H x W``."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor
from torchmetrics.functional.image import multiscale_structural_similarity_index_measure

_MS_SSIM_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_WINDOW = 11


def picture_loss(output: Tensor, target: Tensor, ms_ssim: float) -> Tensor:
    """L1 plus ``ms_ssim`` times (1 - MS-SSIM); pictures too small for five scales get as many as fit.

    MS-SSIM after Wang, Simoncelli and Bovik (2003); the mix with L1 after Zhao et al. (2017).
    """
    loss = F.l1_loss(output, target)
    if ms_ssim == 0:
        return loss
    smallest = min(output.shape[-2:])
    # the window must fit at the last scale; torchmetrics asks for (n - 1)^2 windows besides
    fits = [n for n in range(2, 6) if smallest // max(2 ** (n - 1), (n - 1) ** 2) >= _WINDOW]
    scales = max(fits, default=1)
    weights = _MS_SSIM_WEIGHTS[:scales]
    similarity = multiscale_structural_similarity_index_measure(
        output.clamp(0, 1),
        target,
        data_range=1.0,
        betas=tuple(w / sum(weights) for w in weights),
        normalize="relu",
    )
    return loss + ms_ssim * (1 - similarity)
