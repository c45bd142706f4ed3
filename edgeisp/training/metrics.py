"""Picture quality against ground truth. Pictures are ``3 x H x W`` sRGB in [0, 1]."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeisp.raw.image import Floats

BORDER = 8
"""Pixels at each side that comparisons leave out: every demosaic guesses there."""


@dataclass(frozen=True)
class Quality:
    """PSNR in dB (peak 1), SSIM in [-1, 1], mean CIEDE2000 colour difference (1 is just noticeable)."""

    psnr: float
    ssim: float
    delta_e: float


def psnr(picture: Floats, truth: Floats) -> float:
    """PSNR in dB, peak 1, of two pictures clipped to [0, 1], without the border."""
    from skimage.metrics import peak_signal_noise_ratio

    return float(peak_signal_noise_ratio(_inside(truth), _inside(picture), data_range=1.0))


def quality(picture: Floats, truth: Floats) -> Quality:
    """Compare two pictures clipped to [0, 1], without the border.

    SSIM uses the 11 x 11 Gaussian window of Wang et al. (2004) with sigma 1.5.
    """
    from skimage.color import deltaE_ciede2000, rgb2lab
    from skimage.metrics import structural_similarity

    a, b = _inside(picture), _inside(truth)
    ssim = structural_similarity(
        b, a, data_range=1.0, channel_axis=2, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    return Quality(
        psnr(picture, truth), float(ssim), float(np.mean(deltaE_ciede2000(rgb2lab(b), rgb2lab(a))))
    )


def mean_quality(results: list[Quality]) -> Quality:
    """The arithmetic mean of each figure over pictures."""
    return Quality(
        *(float(np.mean([getattr(r, name) for r in results])) for name in ("psnr", "ssim", "delta_e"))
    )


def _inside(picture: Floats) -> Floats:
    inner: Floats = np.clip(picture, 0, 1)[:, BORDER:-BORDER, BORDER:-BORDER].transpose(1, 2, 0)
    return inner
