"""The sample photograph: a lake at evening with a still life in front, as a virtual phone records it.

It holds what shows a camera ISP's strengths and faults: a smooth sky, foliage, roof tiles, fine lines,
writing, a star, a colour checker, grey and glossy balls. All of it is our own drawing; no photograph is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from PIL import Image

from edgeisp.data import sample_objects as objects
from edgeisp.data.textures import fractal, profile, smoothstep
from edgeisp.raw.color import decode_srgb, encode_srgb
from edgeisp.raw.image import Floats, RawImage
from edgeisp.raw.noise import phone_profile
from edgeisp.raw.unprocess import DAYLIGHT_MATRICES, Camera, unprocess

PHONE, ISO = "Samsung Galaxy S6", 800
CAMERA = Camera(
    color_matrix=DAYLIGHT_MATRICES["Sony ILCE-7"],
    white_balance=(1.94, 1.0, 1.72),
    noise=phone_profile(PHONE, ISO),
    cfa="GRBG",
)
"""What records it."""
PAN = 2
"""Pixels by which a sequence moves from frame to frame."""
SUN = (0.66, 0.335)
"""Where the sun stands, as a share of width and height."""
HORIZON, SHORE, TABLE = 0.43, 0.60, 0.76
"""Upper edges of the lake, the meadow and the table, as a share of the height."""


def sample_raw(width: int = 2400, height: int = 1600, seed: int = 8) -> RawImage:
    """The sample photograph as a RAW file's content: 10 bits, GRBG, noise of a phone at ISO 800.

    Args:
        width: of the mosaic, even.
        height: of the mosaic, even.
        seed: of the scene's textures and of the noise.
    """
    return next(sample_sequence(1, width, height, seed))


def sample_sequence(frames: int, width: int, height: int, seed: int = 8) -> Iterator[RawImage]:
    """The sample scene as a camera sees it that pans slowly to the right: `PAN` pixels a frame, new noise in each."""
    rng = np.random.default_rng(seed)
    scene = sample_picture(width + PAN * (frames - 1), height, rng)
    for left in range(0, PAN * frames, PAN):
        raw = unprocess(scene[:, :, left : left + width], CAMERA, rng, iso=ISO)
        yield replace(raw, make="edgeisp", model=f"drawn scene, noise of a {PHONE}")


def sample_picture(width: int, height: int, rng: np.random.Generator) -> Floats:
    """The scene without a camera, ``3 x height x width`` sRGB in [0, 1]."""
    linear = _landscape(width, height, rng)
    dithered = encode_srgb(linear) * 255 + rng.random(linear.shape, np.float32)
    canvas = Image.fromarray(np.clip(dithered, 0, 255).astype(np.uint8)).resize((2 * width, 2 * height))
    objects.shore_trees(canvas, SHORE, rng)
    objects.meadow(canvas, SHORE, rng)
    objects.house(canvas, left=0.37, foot=SHORE + 0.045, rng=rng)
    objects.tree(canvas, foot=(0.085, TABLE + 0.02), rng=rng)
    objects.table(canvas, TABLE, rng)
    objects.still_life(canvas, rng)
    return _halved(canvas)


def _halved(canvas: Image.Image) -> Floats:
    """Every 2x2 of the canvas averaged in linear light, ``3 x H x W`` sRGB; in bands, to spare memory."""
    table = decode_srgb(np.arange(256, dtype=np.float32) / 255)
    pixels = np.asarray(canvas)
    bands = np.array_split(pixels.reshape(-1, 2, *pixels.shape[1:]), 16)
    rows = [table[band].mean(1).reshape(len(band), -1, 2, 3).mean(2) for band in bands]
    return encode_srgb(np.ascontiguousarray(np.concatenate(rows).transpose(2, 0, 1)))


def _landscape(width: int, height: int, rng: np.random.Generator) -> Floats:
    """Sky, sun, clouds, ridges and their reflection in the lake, ``height x width x 3`` linear RGB."""
    picture = _sky(width, height, rng)
    y = np.arange(height, dtype=np.float32)[:, None] / height
    ridges = (
        (0.365, 0.030, 1.25, (0.42, 0.44, 0.60)),
        (0.395, 0.022, 1.15, (0.25, 0.29, 0.42)),
        (0.418, 0.014, 0.95, (0.115, 0.165, 0.21)),
        (0.432, 0.006, 0.65, (0.045, 0.085, 0.075)),
    )
    for level, relief, slope, color in ridges:
        edge = level - relief * profile(width, rng, slope)
        cover = smoothstep(-0.5 / height, 0.5 / height, y - edge)[..., None]
        haze = 1 + 0.9 * smoothstep(level - 0.04, HORIZON, y)[..., None] * np.array([1.0, 0.72, 0.5])
        glow = np.exp(-(((np.arange(width) / width - SUN[0]) / 0.16) ** 2)).astype(np.float32)[None, :, None]
        tone = np.array(color) * haze * (1 + glow * np.array([0.9, 0.5, 0.2]))
        picture = picture * (1 - cover) + tone.astype(np.float32) * cover
    top, bottom = round(HORIZON * height), round((SHORE + 0.03) * height)
    picture[top:bottom] = _lake(picture[:top], bottom - top, rng)
    return picture


def _sky(width: int, height: int, rng: np.random.Generator) -> Floats:
    x = np.arange(width, dtype=np.float32)[None] / width
    y = np.arange(height, dtype=np.float32)[:, None] / height
    stops = [0.0, 0.2, 0.32, HORIZON, 1.0]
    colors = [
        (0.055, 0.125, 0.34),
        (0.20, 0.35, 0.60),
        (0.62, 0.56, 0.55),
        (0.93, 0.60, 0.33),
        (0.9, 0.6, 0.4),
    ]
    sky = np.stack([np.interp(y[:, 0], stops, c) for c in zip(*colors, strict=True)], 1)[:, None]
    aspect = width / height
    distance = np.hypot((x - SUN[0]) * aspect, y - SUN[1])[..., None]
    glow = 0.55 * np.exp(-distance / 0.09) + 0.30 * np.exp(-distance / 0.35)
    disc = smoothstep(0.020, 0.016, distance) if distance.min() < 0.02 else 0
    picture = sky + glow * np.array([1.0, 0.66, 0.30]) + disc * np.array([1.0, 0.85, 0.6])
    noise = fractal((height, width), rng, 1.6, stretch=(0.9, 3.2))
    lit = noise - np.roll(noise, (height // 90, -width // 160), (0, 1))
    band = np.exp(-(((y - 0.17) / 0.11) ** 2))
    cover = smoothstep(0.1, 1.5, noise + 0.45)[..., None] * 0.85 * band[..., None]
    warm = np.clip(1 - distance / 0.9, 0, 1)
    shade = 0.62 + 0.55 * np.clip(lit * 2.2, -0.7, 1.2)[..., None]
    cloud = shade * (np.array([0.55, 0.55, 0.66]) + warm * np.array([0.60, 0.22, -0.08]))
    return np.asarray(picture * (1 - cover) + cloud * cover, np.float32)


def _lake(above: Floats, rows: int, rng: np.random.Generator) -> Floats:
    """What the water shows: the mirrored view, shaken by ripples that grow toward the viewer."""
    width = above.shape[1]
    depth = (np.arange(rows, dtype=np.float32) / rows)[:, None]
    ripple = fractal((rows, width), rng, 0.8, stretch=(1.0, 9.0))
    source = (rows - 1) * depth * 1.9 + ripple * (1 + 16 * depth) * rows / 300
    row = np.clip(len(above) - 1 - source, 0, len(above) - 1).astype(int)
    column = np.clip(np.arange(width)[None] + ripple * 3 * depth, 0, width - 1).astype(int)
    tint = np.array([0.70, 0.78, 0.84]) * (0.92 - 0.30 * depth[..., None])
    x = np.arange(width, dtype=np.float32)[None] / width
    path = np.exp(-(((x - SUN[0]) / (0.012 + 0.05 * depth)) ** 2)) * smoothstep(0.7, 2.2, ripple)
    glints = path[..., None] * np.array([1.0, 0.72, 0.38])
    return np.asarray(above[row, column] * tint + glints, np.float32)
