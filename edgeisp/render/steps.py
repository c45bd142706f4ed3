"""One sheet that shows what a chain of modules does to a picture: the picture after each, and what was chosen."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from edgeisp.raw.image import Floats
from edgeisp.render.sheet import FAINT, GAP, INK, MARGIN, PAPER, WIDTH, Pixels

COLUMNS = 4
"""Pictures in a row."""
BINS, HISTOGRAM = 64, 64
"""Of a histogram, and its height in pixels."""
SHADE, LIGHT_BAR = (240, 240, 238), (185, 211, 238)
"""Behind a histogram, and of a bar that bears its number."""
CHANNELS = ((208, 48, 48), (48, 160, 64), (48, 96, 208))
"""Colours of the lines for red, green and blue."""


def parameters_text(step: Mapping[str, Any]) -> str:
    """The parameters of a step in one line, with their units; one that is called as its module is a number alone."""
    units = step.get("units", {})
    return ", ".join(
        f"{'' if name == step['module'] else f'{name} = '}{value:.3g} {units.get(name, '')}".rstrip()
        for name, value in step["parameters"].items()
    )


def histogram(picture: Pixels, tall: float) -> list[Floats]:
    """The lines of red, green and blue over `BINS` from 0 to 255, up to ``tall``, each on the root of its share."""
    counts = [np.histogram(picture[..., channel], BINS, (0, 256))[0] for channel in range(3)]
    return [(tall * np.sqrt(count / count.max())).astype(np.float32) for count in counts]


def heads(steps: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Title and text of what goes in, and of the picture after each step."""
    linear = ("linear RAW", "white balance and colour matrix of the camera")
    return [linear, *((f"{i}. {step['module']}", parameters_text(step)) for i, step in enumerate(steps, 1))]


def steps_sheet(
    title: str,
    pictures: Sequence[Pixels],
    steps: Sequence[Mapping[str, Any]],
    tokens: Sequence[str],
    odds: Floats,
) -> Image.Image:
    """The sheet, 2000 pixels wide.

    Args:
        title: one line at the top.
        pictures: what goes in, and the picture after each step, ``H x W x 3``.
        steps: ``module``, ``parameters`` in physical units, and the ``units`` of those that have one.
        tokens: what the policy chooses from, by column of ``odds``.
        odds: probability of each token at each step, along the sequence.
    """
    cell = (WIDTH - 2 * MARGIN - (COLUMNS - 1) * GAP) // COLUMNS
    images = [_scaled(picture, cell) for picture in pictures]
    captions = [(name, textwrap.wrap(about, cell // 8)) for name, about in heads(steps)]
    rows = [range(i, min(i + COLUMNS, len(images))) for i in range(0, len(images), COLUMNS)]
    texts = [34 + 20 * max(len(captions[i][1]) for i in row) for row in rows]
    below = max(image.height for image in images) + 8 + HISTOGRAM + GAP
    tops = list(accumulate((text + below for text in texts), initial=MARGIN + 60))
    sheet = Image.new("RGB", (WIDTH, tops[-1] + _tall(odds) + MARGIN), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, MARGIN - 8), title, font=ImageFont.load_default(32), fill=INK)
    for index, (picture, image, (name, lines)) in enumerate(zip(pictures, images, captions, strict=True)):
        x, y = MARGIN + index % COLUMNS * (cell + GAP), tops[index // COLUMNS]
        text = texts[index // COLUMNS]
        draw.text((x, y), name, font=ImageFont.load_default(22), fill=INK)
        draw.multiline_text((x, y + 28), "\n".join(lines), font=ImageFont.load_default(16), fill=FAINT)
        sheet.paste(image, (x, y + text))
        _histogram(draw, x, y + text + image.height + 8, cell, picture)
    _odds(draw, tops[-1], tokens, odds)
    return sheet


def _histogram(draw: ImageDraw.ImageDraw, x: int, y: int, wide: int, picture: Pixels) -> None:
    draw.rectangle([x, y, x + wide - 1, y + HISTOGRAM], fill=SHADE)
    for line, color in zip(histogram(picture, HISTOGRAM - 4), CHANNELS, strict=True):
        step = (wide - 1) / (BINS - 1)
        draw.line([(x + i * step, y + HISTOGRAM - value) for i, value in enumerate(line.tolist())], color, 2)


def _scaled(picture: Pixels, width: int) -> Image.Image:
    image = Image.fromarray(picture)
    return image.resize((width, max(1, round(image.height * width / image.width))), Image.Resampling.BOX)


def _tall(odds: Floats) -> int:
    return 80 + 26 * len(odds)


def _odds(draw: ImageDraw.ImageDraw, top: int, tokens: Sequence[str], odds: Floats) -> None:
    """A table of bars: rows are steps, columns are what could be chosen."""
    small = ImageFont.load_default(15)
    says = "the policy's odds at each step along its sequence: bars from 0 to 1; none where a module has run already"
    draw.text((MARGIN, top), says, font=ImageFont.load_default(20), fill=FAINT)
    cell = (WIDTH - 2 * MARGIN - 40) / len(tokens)
    for column, token in enumerate(tokens):
        draw.text((MARGIN + 40 + column * cell, top + 34), token, font=small, fill=INK)
    for step, row in enumerate(odds.tolist()):
        y = top + 60 + 26 * step
        draw.text((MARGIN, y), f"{step + 1}.", font=small, fill=INK)
        for column, share in enumerate(row):
            x = MARGIN + 40 + column * cell
            if share >= 0.005:
                draw.rectangle([x, y, x + share * 0.9 * cell, y + 16], fill=LIGHT_BAR)
                draw.text((x + 4, y), f"{share:.2f}", font=small, fill=INK)
