"""One sheet that shows what a chain of modules does to a picture: the picture after each, and what was chosen."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from edgeisp.raw.image import Floats
from edgeisp.render.sheet import BAR, FAINT, GAP, INK, MARGIN, PAPER, WIDTH, Pixels

COLUMNS, LINES = 4, 5
"""Pictures in a row, and lines of text over each."""


def parameters_text(step: Mapping[str, Any]) -> str:
    """The parameters of a step in one line, with their units."""
    units = step.get("units", {})
    return ", ".join(
        f"{name} {value:.3g} {units.get(name, '')}".rstrip() for name, value in step["parameters"].items()
    )


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
    text, tall = 30 + LINES * 20, max(image.height for image in images)
    rows = -(-len(images) // COLUMNS)
    top = MARGIN + 60
    sheet = Image.new("RGB", (WIDTH, top + rows * (text + tall + GAP) + _tall(odds) + MARGIN), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, MARGIN - 8), title, font=ImageFont.load_default(32), fill=INK)
    for index, (image, (name, about)) in enumerate(zip(images, heads(steps), strict=True)):
        x, y = MARGIN + index % COLUMNS * (cell + GAP), top + index // COLUMNS * (text + tall + GAP)
        draw.text((x, y), name, font=ImageFont.load_default(22), fill=INK)
        lines = textwrap.wrap(about, cell // 8)[:LINES]
        draw.multiline_text((x, y + 28), "\n".join(lines), font=ImageFont.load_default(16), fill=FAINT)
        sheet.paste(image, (x, y + text))
    _odds(draw, top + rows * (text + tall + GAP), tokens, odds)
    return sheet


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
            draw.rectangle([x, y, x + share * 0.9 * cell, y + 16], fill=BAR)
            if share >= 0.01:
                draw.text((x + 4, y), f"{share:.2f}", font=small, fill=INK)
