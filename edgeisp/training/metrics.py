"""Picture quality against ground truth. Pictures are ``3 x H x W`` sRGB in [0, 1]."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from edgeisp.raw.image import Floats

Distance = Callable[[Floats, Floats], float]
"""A perceptual distance of two pictures; see `edgeisp.training.lpips`."""
MS_SSIM_SIDE = 161
"""Shortest side with room for five scales of the 11 x 11 window."""


@dataclass(frozen=True)
class Measure:
    """What is compared before any figure is computed."""

    border: int
    """Pixels at each side that are left out."""
    eight_bit: bool
    """Pictures are rounded to 8 bits first."""
    sample_covariance: bool
    """SSIM divides by N - 1, scikit-image's default, and not by N, as Wang et al. (2004)."""


EXACT = Measure(8, False, False)
"""For pictures whose RAW was made from them: without the border, where every demosaic guesses."""
LITERATURE = Measure(0, True, True)
"""For real pairs, as published code on ZRR measures: whole 8-bit pictures, PSNR of peak 255, scikit-image's SSIM."""


@dataclass(frozen=True)
class Quality:
    """How near a picture comes to the truth."""

    psnr: float
    """In dB, peak 1."""
    ssim: float
    """Wang et al. (2004), 11 x 11 Gaussian window of sigma 1.5, mean over channels."""
    delta_e: float
    """Mean CIEDE2000 colour difference; 1 is just noticeable."""
    ms_ssim: float | None = None
    """Wang, Simoncelli and Bovik (2003), five scales; None for pictures with a side under 161 pixels."""
    lpips: float | None = None
    """LPIPS of AlexNet, version 0.1; None where its weights are absent."""


def psnr(picture: Floats, truth: Floats, measure: Measure = EXACT, mask: Floats | None = None) -> float:
    """PSNR in dB, peak 1, of two pictures clipped to [0, 1]; see `quality`."""
    from skimage.metrics import peak_signal_noise_ratio

    a, b = _compared(picture, truth, measure, mask)
    return float(peak_signal_noise_ratio(b, a, data_range=1.0))


def quality(
    picture: Floats,
    truth: Floats,
    measure: Measure = EXACT,
    mask: Floats | None = None,
    lpips: Distance | None = None,
) -> Quality:
    """Compare two pictures clipped to [0, 1].

    Args:
        mask: ``H x W``; both pictures are multiplied by it, and all pixels count, as LiteISPNet's code does for
            aligned pairs. Masked pixels are equal, so that figures rise a little with their number.
        lpips: the perceptual distance, where its weights are at hand.
    """
    from skimage.color import deltaE_ciede2000, rgb2lab
    from skimage.metrics import structural_similarity

    a, b = _compared(picture, truth, measure, mask)
    ssim = structural_similarity(
        b,
        a,
        data_range=1.0,
        channel_axis=2,
        win_size=11,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=measure.sample_covariance,
    )
    return Quality(
        psnr(picture, truth, measure, mask),
        float(ssim),
        float(np.mean(deltaE_ciede2000(rgb2lab(b), rgb2lab(a)))),
        _ms_ssim(a, b),
        None if lpips is None else lpips(a.transpose(2, 0, 1), b.transpose(2, 0, 1)),
    )


def mean_quality(results: Sequence[Quality]) -> Quality:
    """The arithmetic mean of each figure over the pictures that have it."""
    means: dict[str, float | None] = {}
    for field in fields(Quality):
        values = [value for value in (getattr(r, field.name) for r in results) if value is not None]
        means[field.name] = math.fsum(values) / len(values) if values else None
    return Quality(**means)  # type: ignore[arg-type]


def _ms_ssim(a: Floats, b: Floats) -> float | None:
    if min(a.shape[:2]) < MS_SSIM_SIDE:
        return None
    import torch
    from torchmetrics.functional.image import multiscale_structural_similarity_index_measure

    x, y = (torch.from_numpy(picture.transpose(2, 0, 1).copy())[None] for picture in (a, b))
    return float(multiscale_structural_similarity_index_measure(x, y, data_range=1.0))


def _compared(picture: Floats, truth: Floats, measure: Measure, mask: Floats | None) -> tuple[Floats, Floats]:
    """Both pictures as ``H x W x 3``, after rounding, mask and border."""
    both: list[Floats] = []
    for one in (picture, truth):
        clipped: Floats = np.clip(one, 0, 1).astype(np.float32)
        if measure.eight_bit:
            clipped = (np.round(clipped * 255) / 255).astype(np.float32)
        if mask is not None:
            clipped = clipped * mask
        inner = slice(measure.border, -measure.border or None)
        both.append(clipped[:, inner, inner].transpose(1, 2, 0))
    return both[0], both[1]
