"""One sheet that shows how a network sees a RAW image: planes, picture, maps and weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from edgeisp.raw.image import Floats

WIDTH, TALLEST, MARGIN, GAP, LABEL = 2000, 1300, 40, 24, 34
INK, FAINT, PAPER = (30, 32, 38), (120, 124, 134), (252, 252, 250)
BAR = (46, 110, 180)
DIVERGING = np.array([(33, 82, 168), (132, 182, 225), (246, 246, 244), (240, 160, 120), (170, 28, 36)], float)
"""Colours of -1, -0.5, 0, 0.5 and 1."""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Panel:
    """A picture of any size and what is written over it."""

    title: str
    pixels: Pixels
    """``h x w x 3``, 8 bit."""


def plane_panels(planes: Sequence[Floats]) -> list[Panel]:
    """The packed planes R, Gr, Gb, B, each ``h x w``, in grey with a square-root curve."""
    grey = [(np.sqrt(np.clip(plane, 0, 1)) * 255).astype(np.uint8) for plane in planes]
    return [
        Panel(f"packed plane {name}", np.stack([g] * 3, 2))
        for name, g in zip(("R", "Gr", "Gb", "B"), grey, strict=True)
    ]


def map_panels(maps: Mapping[str, Floats]) -> list[Panel]:
    """Maps with values in [-1, 1]: blue below 0, red above."""
    return [
        Panel(f"{name}, {m.shape[1]}x{m.shape[0]}, mean {m.mean():+.2f}", diverging(m))
        for name, m in maps.items()
    ]


def diverging(values: Floats) -> Pixels:
    """``h x w`` in [-1, 1] as colours."""
    place = (np.clip(values, -1, 1) + 1) / 2 * (len(DIVERGING) - 1)
    channels = [np.interp(place, range(len(DIVERGING)), DIVERGING[:, c]) for c in range(3)]
    return np.stack(channels, 2).astype(np.uint8)


def compose(
    title: str,
    picture: Pixels,
    planes: Sequence[Floats],
    maps: Mapping[str, Floats],
    weights: Mapping[str, Floats],
) -> Image.Image:
    """The sheet, 2000 pixels wide.

    Args:
        title: one line at the top.
        picture: the rendered picture, ``H x W x 3``.
        planes: the four packed planes, ``h x w`` each.
        maps: name to ``h x w`` in [-1, 1].
        weights: name to N values from 0 to 1.
    """
    rows = [
        _row([Panel("sRGB picture", picture)], 1),
        _row(plane_panels(planes), 4),
        *(_row(map_panels(maps)[i : i + 4], 4) for i in range(0, len(maps), 4)),
        *([_bars(weights)] if weights else []),
    ]
    height = MARGIN + 60 + sum(row.height + GAP for row in rows) + MARGIN
    sheet = Image.new("RGB", (WIDTH, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, MARGIN - 8), title, font=ImageFont.load_default(32), fill=INK)
    y = MARGIN + 60
    for row in rows:
        sheet.paste(row, (0, y))
        y += row.height + GAP
    return sheet


def _row(panels: Sequence[Panel], columns: int, widest: int = WIDTH - 2 * MARGIN) -> Image.Image:
    """Panels side by side in cells of equal width, titles above."""
    cell = (widest - (columns - 1) * GAP) // columns
    scaled = [_fitted(panel.pixels, cell) for panel in panels]
    row = Image.new("RGB", (WIDTH, LABEL + max(image.height for image in scaled)), PAPER)
    draw = ImageDraw.Draw(row)
    for index, (panel, image) in enumerate(zip(panels, scaled, strict=True)):
        x = MARGIN + index * (cell + GAP)
        draw.text((x, 4), panel.title, font=ImageFont.load_default(20), fill=FAINT)
        row.paste(image, (x, LABEL))
    return row


def _fitted(pixels: Pixels, width: int) -> Image.Image:
    """Scaled to ``width``, but no taller than a screen: averaged when it shrinks, in visible squares when it grows."""
    image = Image.fromarray(pixels)
    scale = min(width / image.width, TALLEST / image.height)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.NEAREST)


def _bars(weights: Mapping[str, Floats]) -> Image.Image:
    """Bar charts of the weights, seven in a row, each from 0 to 1."""
    columns, tall = 7, 130
    cell = (WIDTH - 2 * MARGIN - (columns - 1) * GAP) // columns
    lines = -(-len(weights) // columns)
    chart = Image.new("RGB", (WIDTH, LABEL + lines * (LABEL + tall + GAP)), PAPER)
    draw = ImageDraw.Draw(chart)
    title = "weights that the network chose for this picture, from 0 to 1"
    draw.text((MARGIN, 0), title, font=ImageFont.load_default(20), fill=FAINT)
    for index, (name, values) in enumerate(weights.items()):
        x = MARGIN + index % columns * (cell + GAP)
        top = 2 * LABEL + index // columns * (LABEL + tall + GAP)
        draw.text((x, top - LABEL + 6), name, font=ImageFont.load_default(18), fill=INK)
        step = cell / len(values)
        for number, value in enumerate(values.tolist()):
            left = x + number * step
            draw.rectangle([left, top + tall * (1 - value), left + 0.75 * step, top + tall], fill=BAR)
        draw.line([x, top + tall, x + cell, top + tall], fill=FAINT)
    return chart
