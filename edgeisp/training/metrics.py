"""Picture quality against ground truth. Pictures are ``3 x H x W`` sRGB in [0, 1]."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeisp.raw.image import Floats


@dataclass(frozen=True)
class Quality:
    """PSNR in dB (peak 1), SSIM in [-1, 1], mean CIEDE2000 colour difference (1 is just noticeable)."""

    psnr: float
    ssim: float
    delta_e: float


def quality(picture: Floats, truth: Floats, border: int = 8) -> Quality:
    """Compare two pictures after clipping to [0, 1], leaving out ``border`` pixels at each side.

    SSIM uses the 11 x 11 Gaussian window of Wang et al. (2004) with sigma 1.5.
    """
    from skimage.color import deltaE_ciede2000, rgb2lab
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    inside = (slice(border, -border), slice(border, -border))
    a, b = (np.clip(p, 0, 1).transpose(1, 2, 0)[inside] for p in (picture, truth))
    return Quality(
        psnr=float(peak_signal_noise_ratio(b, a, data_range=1.0)),
        ssim=float(
            structural_similarity(
                b, a, data_range=1.0, channel_axis=2, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
            )
        ),
        delta_e=float(np.mean(deltaE_ciede2000(rgb2lab(b), rgb2lab(a)))),
    )


def mean_quality(results: list[Quality]) -> Quality:
    """The arithmetic mean of each figure over pictures."""
    return Quality(*(float(np.mean([getattr(r, f) for r in results])) for f in ("psnr", "ssim", "delta_e")))
