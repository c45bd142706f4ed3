"""Textures that drawn scenes are made of: 1/f noise, shaded balls, wood, and antialiased drawing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeisp.raw.image import Floats


def fractal(
    shape: tuple[int, int],
    rng: np.random.Generator,
    slope: float = 1.0,
    stretch: tuple[float, float] = (1.0, 1.0),
) -> Floats:
    """Noise whose amplitude falls as 1/f^slope, mean 0 and deviation 1; it wraps around at the borders.

    Args:
        shape: height and width.
        rng: source of the noise.
        slope: 0 is white noise, 1 looks natural, 2 is cloudy.
        stretch: how much longer its features are along y and x.
    """
    height, width = shape
    fy = np.fft.fftfreq(height)[:, None] * stretch[0]
    fx = np.fft.rfftfreq(width)[None] * stretch[1]
    radius = np.hypot(fy, fx)
    radius[0, 0] = np.inf
    spectrum = np.fft.rfft2(rng.standard_normal(shape, np.float32)) / radius**slope
    noise = np.fft.irfft2(spectrum, shape)
    return np.asarray(noise / noise.std(), np.float32)


def profile(width: int, rng: np.random.Generator, slope: float) -> Floats:
    """A ridge line: `fractal` in one dimension, ``width`` values."""
    return np.asarray(fractal((1, width), rng, slope, stretch=(0.0, 1.0))[0])


def smoothstep(low: float, high: float, x: NDArray[np.floating]) -> Floats:
    """0 below ``low``, 1 above ``high``, smooth between."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def ball(
    diameter: int, color: tuple[float, float, float], gloss: float, light: tuple[float, float]
) -> Floats:
    """A shaded sphere, ``diameter x diameter x 4``: linear RGB and coverage.

    Args:
        diameter: in pixels.
        color: linear RGB of the matte surface.
        gloss: strength of the highlight; 0 is chalk.
        light: direction to the light, right and up.
    """
    axis = (np.arange(diameter, dtype=np.float32) + 0.5) / diameter * 2 - 1
    x, y = np.meshgrid(axis, -axis)
    radius = np.hypot(x, y)
    z = np.sqrt(np.clip(1 - radius**2, 0, 1))
    direction = np.array([light[0], light[1], 0.8])
    lx, ly, lz = direction / np.linalg.norm(direction)
    lambert = np.clip(x * lx + y * ly + z * lz, 0, None)
    bounce = 0.10 * np.clip(0.4 - y, 0, None)
    highlight = gloss * np.clip(2 * lambert * z - lz, 0, None) ** 60
    rim = 0.25 * gloss * (1 - z) ** 4
    shade = (0.12 + 0.95 * lambert + bounce)[..., None] * np.array(color) + (highlight + rim)[..., None]
    coverage = np.clip((1 - radius) * diameter / 2, 0, 1)
    return np.asarray(np.concatenate([shade, coverage[..., None]], 2), np.float32)


def wood(shape: tuple[int, int], rng: np.random.Generator, planks: int) -> Floats:
    """Weathered planks that run from left to right, ``height x width x 3`` linear RGB."""
    height = shape[0]
    grain = fractal(shape, rng, 1.0, stretch=(1.0, 14.0))
    fine = fractal(shape, rng, 0.4, stretch=(1.0, 12.0))
    plank = np.minimum(np.arange(height) * planks // height, planks - 1)
    tone = (1 + 0.10 * rng.standard_normal(planks)).astype(np.float32)[plank][:, None]
    rings = 0.5 + 0.5 * np.sin(7 * grain + plank[:, None] * 2.1)
    value = tone * (0.66 + 0.42 * rings + 0.12 * fine)
    depth = np.arange(height) * planks % height / height
    gap = smoothstep(0.0, 0.05, depth)[:, None]
    value = np.clip(value * (0.35 + 0.65 * gap), 0.05, None)
    return np.asarray(value[..., None] * np.array([0.34, 0.20, 0.105]), np.float32)
