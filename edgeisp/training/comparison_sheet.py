"""A comparison as one picture, and as one page that needs nothing else."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from edgeisp.raw.image import Floats
from edgeisp.training.comparison import Comparison, Crop

SIDE, GAP, LABEL, LEFT = 192, 8, 22, 12
INK, PAPER = (30, 32, 38), (252, 252, 250)
GAIN = 16
"""How much differences are magnified, around grey."""
STRETCH = 2
"""How much the contrast of gradients is stretched around their mean, so that bands show in print."""


def sheet(title: str, found: Comparison) -> Image.Image:
    """Worst crops, one row each: the truth, what every subject made of it, differences from the first; then charts."""
    names = [row.name for row in found.rows]
    columns = 2 * len(names)
    chart = found.charts[names[0]].shape
    width = max(LEFT + columns * (SIDE + GAP), LEFT + len(names) * (chart[2] + GAP))
    height = 2 * LABEL + len(found.worst) * (SIDE + 2 * LABEL) + 2 * LABEL + chart[1] + GAP
    image = Image.new("RGB", (width, height), PAPER)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(13)

    def panel(x: int, y: int, label: str, pixels: Floats, side: int | None) -> None:
        draw.text((x, y), label[: (side or pixels.shape[2]) // 7], font=font, fill=INK)
        shown = Image.fromarray((np.clip(pixels, 0, 1).transpose(1, 2, 0) * 255 + 0.5).astype(np.uint8))
        image.paste(shown.resize((side, side), Image.Resampling.NEAREST) if side else shown, (x, y + LABEL))

    draw.text((LEFT, 4), title, font=ImageFont.load_default(16), fill=INK)
    y = 2 * LABEL
    for crop in found.worst:
        draw.text((LEFT, y), _caption(crop), font=font, fill=INK)
        for column, (label, pixels) in enumerate(_panels(crop, names)):
            panel(LEFT + column * (SIDE + GAP), y + LABEL, label, pixels, SIDE)
        y += SIDE + 2 * LABEL + GAP // 2
    for column, row in enumerate(found.rows):
        label = f"largest false step {row.banding:.2f} codes, contrast x{STRETCH}: {row.name}"
        panel(LEFT + column * (chart[2] + GAP), y, label, stretched(found.charts[row.name]), None)
    return image


def stretched(chart: Floats) -> Floats:
    """A chart with its contrast raised, each row and channel around its own mean."""
    mean = chart.mean(2, keepdims=True)
    shown: Floats = np.clip(0.5 + STRETCH * (chart - mean), 0, 1)
    return shown


def page(title: str, head: Sequence[str], lines: Sequence[Sequence[str]], image: Image.Image) -> str:
    """The table and the sheet as HTML."""
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True)
    data = base64.b64encode(stream.getvalue()).decode()
    cells = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in line)}</tr>" for line in lines)
    names = "".join(f"<th>{escape(name)}</th>" for name in head)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>edgeisp compare</title>'
        "<style>body{font:14px sans-serif;margin:2em}td,th{padding:2px 10px;text-align:right}"
        "td:first-child,th:first-child{text-align:left}img{max-width:100%}</style></head>"
        f"<body><h1>{escape(title)}</h1><table><tr>{names}</tr>{cells}</table>"
        f'<p><img alt="worst crops and gradients" src="data:image/png;base64,{data}"></p></body></html>\n'
    )


def _caption(crop: Crop) -> str:
    what = f"{crop.picture}, ISO {crop.iso or '?'}, at {crop.left},{crop.top}"
    return f"{what}: {crop.subject} {crop.psnr:.1f} dB to the first"


def _panels(crop: Crop, names: Sequence[str]) -> list[tuple[str, Floats]]:
    first = crop.pixels[names[0]]
    panels = [("truth", crop.truth), (names[0], first)]
    for name in names[1:]:
        panels.append((name, crop.pixels[name]))
        panels.append((f"difference x{GAIN}", 0.5 + GAIN * (crop.pixels[name] - first)))
    return panels
