"""Procedural scenes without end: dead leaves with textures, line and text charts, smooth gradients, colour patches.

Dead leaves (Lee, Mumford and Huang, 2001): overlapping shapes whose radii follow a power law have the scale invariance
and edge statistics of natural images. Scenes are drawn at twice their size and averaged in linear light, so that their
detail reaches the sampling limit, which is what a demosaic must survive.
"""

from __future__ import annotations

import string
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from edgeisp.data.textures import fractal
from edgeisp.raw.color import decode_srgb, encode_srgb, planar
from edgeisp.raw.image import Floats

Painter = Callable[[int, np.random.Generator], Floats]


def scene(size: int, rng: np.random.Generator, shares: tuple[float, ...] | None = None) -> Floats:
    """A random scene, ``3 x size x size`` sRGB in [0, 1]; ``shares`` of the painters, default `SHARES`."""
    return painted(PAINTERS[rng.choice(len(PAINTERS), p=shares or SHARES)], size, rng)


def painted(painter: Painter, size: int, rng: np.random.Generator) -> Floats:
    """What ``painter`` makes at twice the size, averaged in linear light to ``3 x size x size`` sRGB."""
    linear = decode_srgb(painter(2 * size, rng)).reshape(3, size, 2, size, 2).mean((2, 4), dtype=np.float32)
    return encode_srgb(linear)


def dead_leaves(size: int, rng: np.random.Generator) -> Floats:
    """Discs, ellipses and polygons of power-law size, each with a base colour, a shading and a texture."""
    count = int(rng.integers(200, 2500))
    owner = _leaf_map(size, count, rng)
    palette = _palette(rng, int(rng.integers(3, 12)))
    base = palette[rng.integers(len(palette), size=count + 1)] + rng.normal(0, 0.04, (count + 1, 3))
    y, x = np.mgrid[:size, :size].astype(np.float32)

    def per_leaf(values: NDArray[np.float64]) -> Floats:
        return values.astype(np.float32)[owner]

    angle, period = rng.uniform(0, np.pi, count + 1), np.exp(rng.uniform(np.log(4), np.log(60), count + 1))
    frequency = 2 * np.pi / period
    wave = np.sin(
        per_leaf(np.cos(angle) * frequency) * x
        + per_leaf(np.sin(angle) * frequency) * y
        + per_leaf(rng.uniform(0, 6.3, count + 1))
    )
    strength = rng.exponential(0.10, count + 1) * (rng.random(count + 1) < 0.35)
    square = per_leaf((rng.random(count + 1) < 0.3).astype(float))
    wave = np.where(square > 0, np.sign(wave), wave) * per_leaf(strength)
    coarse = rng.exponential(0.06, count + 1) * (rng.random(count + 1) < 0.3)
    rough = fractal((size, size), rng, rng.uniform(1.0, 1.8)) * per_leaf(coarse)
    shade = (
        per_leaf(rng.normal(0, 0.25, count + 1)) * x + per_leaf(rng.normal(0, 0.25, count + 1)) * y
    ) / size
    tint = rng.normal(1, 0.25, (count + 1, 3))
    detail = wave + rough + shade
    return np.stack([np.clip(per_leaf(base[:, c]) + detail * per_leaf(tint[:, c]), 0, 1) for c in range(3)])


def charts(size: int, rng: np.random.Generator) -> Floats:
    """Text, line gratings at all angles, a Siemens star and thin lines, dark on light or the reverse."""
    first, second = _palette(rng, 2)
    paper = tuple(int(255 * v) for v in first)
    picture = Image.new("RGB", (size, size), paper)
    draw = ImageDraw.Draw(picture)

    def ink() -> tuple[int, ...]:
        mix = rng.uniform(0, 0.25, 3)
        color = np.clip(second + mix, 0, 1) if rng.random() < 0.7 else rng.random(3)
        return tuple(int(255 * v) for v in color)

    for _ in range(int(rng.integers(4, 30))):
        text = "".join(
            rng.choice(list(string.ascii_letters + string.digits + " .,:-"), int(rng.integers(5, 40)))
        )
        font = ImageFont.load_default(int(rng.integers(14, 64)))
        draw.text((int(rng.integers(-40, size)), int(rng.integers(0, size))), text, fill=ink(), font=font)
    for _ in range(int(rng.integers(2, 8))):
        _grating(draw, size, ink(), rng)
    for _ in range(int(rng.integers(0, 40))):
        ends = [tuple(p) for p in rng.integers(0, size, (2, 2)).tolist()]
        draw.line(ends, fill=ink(), width=int(rng.integers(1, 6)))
    if rng.random() < 0.5:
        _siemens_star(draw, size, ink(), rng)
    return planar(np.asarray(picture))


def gradients(size: int, rng: np.random.Generator) -> Floats:
    """Smooth shading between a few colours, where banding and blotches of noise would show."""
    y, x = np.mgrid[:size, :size].astype(np.float32) / size
    low, high = _palette(rng, 2)
    angle = rng.uniform(0, 2 * np.pi)
    ramp = np.clip(np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5) + 0.5, 0, 1) ** rng.uniform(0.5, 2.5)
    blob = np.exp(-((x - rng.random()) ** 2 + (y - rng.random()) ** 2) / rng.uniform(0.02, 0.4))
    picture = low[:, None, None] + (high - low)[:, None, None] * ramp + rng.normal(0, 0.3, (3, 1, 1)) * blob
    clipped: Floats = np.clip(picture, 0, 1).astype(np.float32)
    return clipped


def color_patches(size: int, rng: np.random.Generator) -> Floats:
    """A grid of flat patches with a border, as on a colour checker; some rows are greys."""
    across = int(rng.integers(3, 14))
    cell = size // across
    colors = rng.random((across + 1, across + 1, 3)) ** rng.uniform(0.7, 2.2)
    colors[0] = np.linspace(0.02, 0.98, across + 1)[:, None]
    index = np.arange(size) // cell
    picture = colors[index][:, index]
    border = int(rng.integers(0, max(1, cell // 4)))
    edge = np.arange(size) % cell < border
    picture[edge[:, None] | edge[None, :]] = rng.random(3) * rng.random()
    return np.ascontiguousarray(picture.transpose(2, 0, 1), np.float32)


PAINTERS: tuple[Painter, ...] = (dead_leaves, charts, gradients, color_patches)
SHARES = (0.68, 0.14, 0.08, 0.10)
"""How often `scene` takes each painter."""
SMOOTH_SHARES = (0.28, 0.07, 0.55, 0.10)
"""The same for training whose weak point is smooth gradients, as that of int8 networks."""


def _palette(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Colours around a few hues, more muted than saturated, from deep shade to near white."""
    value = rng.beta(1.3, 1.3, (count, 1))
    chroma = rng.normal(0, 1, (count, 3)) * rng.beta(1.2, 3.0, (count, 1))
    colors: NDArray[np.float64] = np.clip(value + chroma * 0.6 * np.sqrt(value * (1.05 - value)), 0, 1)
    return colors


def _leaf_map(size: int, count: int, rng: np.random.Generator) -> NDArray[np.int32]:
    owner = Image.new("I", (size, size), 0)
    draw = ImageDraw.Draw(owner)
    smallest, largest = np.exp(rng.uniform(np.log(3), np.log(24))), size * rng.uniform(0.2, 0.5)
    u = rng.random(count)
    radii = 1 / np.sqrt(u / smallest**2 + (1 - u) / largest**2)
    if rng.random() < 0.5:
        radii = np.sort(radii)[::-1]
    for leaf in range(1, count + 1):
        cx, cy = rng.uniform(0, size, 2)
        r = float(radii[leaf - 1])
        shape = rng.integers(3)
        if shape == 0:
            draw.ellipse((cx - r, cy - r, cx + r, cy + r), fill=leaf)
        elif shape == 1:
            squash = rng.uniform(0.15, 1)
            draw.ellipse((cx - r, cy - r * squash, cx + r, cy + r * squash), fill=leaf)
        else:
            angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 8))))
            stretch = rng.uniform(0.3, 1)
            corners = np.stack([cx + r * np.cos(angles), cy + r * stretch * np.sin(angles)], 1)
            draw.polygon([tuple(c) for c in corners.tolist()], fill=leaf)
    return np.asarray(owner, np.int32)


def _grating(draw: ImageDraw.ImageDraw, size: int, color: tuple[int, ...], rng: np.random.Generator) -> None:
    period, angle = rng.uniform(4, 24), rng.uniform(0, np.pi)
    center, half = rng.uniform(0, size, 2), rng.uniform(20, size / 4)
    along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    for offset in np.arange(-half, half, period):
        corners = [
            center + across * (offset + s * period / 4) + along * e * half
            for s, e in ((-1, -1), (-1, 1), (1, 1), (1, -1))
        ]
        draw.polygon([tuple(c) for c in np.array(corners).tolist()], fill=color)


def _siemens_star(
    draw: ImageDraw.ImageDraw, size: int, color: tuple[int, ...], rng: np.random.Generator
) -> None:
    cx, cy = rng.uniform(0.2 * size, 0.8 * size, 2)
    radius, spokes = rng.uniform(0.1, 0.35) * size, int(rng.integers(12, 60))
    for i in range(spokes):
        a, b = 2 * np.pi * i / spokes, 2 * np.pi * (i + 0.5) / spokes
        corners = [
            (cx, cy),
            (cx + radius * np.cos(a), cy + radius * np.sin(a)),
            (cx + radius * np.cos(b), cy + radius * np.sin(b)),
        ]
        draw.polygon(corners, fill=color)
