"""A chart of smooth gradients, and how much a network's picture of it steps where it should not."""

from __future__ import annotations

import numpy as np

from edgeisp.raw import RawImage
from edgeisp.raw.image import Floats, NoiseProfile
from edgeisp.raw.unprocess import DAYLIGHT_MATRICES, Camera, unprocess

WIDTH, ROWS = 512, 48
RAMPS = (
    ((0.0, 0.0, 0.0), (0.15, 0.15, 0.15)),
    ((0.0, 0.0, 0.0), (0.6, 0.6, 0.6)),
    ((0.5, 0.5, 0.5), (0.9, 0.9, 0.9)),
    ((0.25, 0.45, 0.75), (0.70, 0.82, 0.92)),
    ((0.45, 0.28, 0.20), (0.90, 0.72, 0.62)),
    ((0.10, 0.02, 0.02), (0.70, 0.20, 0.18)),
    ((0.02, 0.08, 0.02), (0.25, 0.60, 0.22)),
    ((0.03, 0.03, 0.10), (0.22, 0.25, 0.65)),
)
"""From left to right, in sRGB: shadows, greys, light greys, sky, skin, red, green, blue."""
EDGE = 24
"""Pixels at each side of a ramp that are left out."""
REACH = 8
"""Pixels over which a step is told from a slope."""


def picture() -> Floats:
    """The chart, ``3 x H x W`` sRGB: one ramp above the other."""
    along = np.linspace(0, 1, WIDTH, dtype=np.float32)
    ramps = [np.outer(a, 1 - along) + np.outer(b, along) for a, b in RAMPS]
    return np.repeat(np.stack(ramps, 1), ROWS, 1).astype(np.float32)


def chart() -> RawImage:
    """The chart as a 14-bit camera records it, with hardly any noise, which would hide bands."""
    matrix, noise = DAYLIGHT_MATRICES["Nikon D90"], NoiseProfile(1e-7, 1e-9)
    camera = Camera(matrix, (2.0, 1.0, 1.6), noise, "RGGB", 512.0, 16383.0)
    return unprocess(picture(), camera, np.random.default_rng(0), 100)


def banding(rendered: Floats) -> float:
    """The largest false step of a rendered chart (``3 x H x W``) in 8-bit codes; about 1 is where an eye sees a band.

    Along each ramp, mean over its rows, that leaves noise out; a step is how far the change over one pixel is from the
    mean change over `REACH` pixels at each side. A straight ramp, however steep or off in colour, has none.
    """
    worst = 0.0
    for index in range(len(RAMPS)):
        rows = slice(index * ROWS + EDGE // 2, (index + 1) * ROWS - EDGE // 2)
        codes = 255 * rendered[:, rows, EDGE:-EDGE].astype(np.float64).mean(1)
        change = np.diff(codes, axis=1)
        window = np.ones(2 * REACH + 1) / (2 * REACH + 1)
        slope = np.stack([np.convolve(channel, window, "valid") for channel in change])
        worst = max(worst, float(np.abs(change[:, REACH:-REACH] - slope).max()))
    return worst
