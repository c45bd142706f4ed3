"""The steps of a POS-ISP policy as one web page that needs no other file."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from io import BytesIO
from typing import Any

from PIL import Image

from edgeisp.raw.image import Floats
from edgeisp.render.sheet import Pixels
from edgeisp.render.steps import BINS, CHANNELS, HISTOGRAM, heads, histogram

STYLE = """
body { font: 16px/1.4 system-ui, sans-serif; color: #1e2026; background: #fcfcfa; margin: 2rem; }
.steps { display: grid; grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); gap: 1.5rem; }
figure { margin: 0; } figcaption b { display: block; } img, svg { width: 100%; }
svg { height: 64px; background: #f0f0ee; }
.steps figure { display: grid; grid-template-rows: subgrid; grid-row: span 3; row-gap: .4rem; }
figcaption span, p { color: #787c86; } table { border-collapse: collapse; font-size: 14px; }
td, th { padding: .15rem .6rem; text-align: right; }
td { background: linear-gradient(#b9d3ee 0 0) left/var(--p) no-repeat; }
"""


def steps_page(
    title: str,
    pictures: Sequence[Pixels],
    steps: Sequence[Mapping[str, Any]],
    tokens: Sequence[str],
    odds: Floats,
) -> str:
    """The page; arguments as those of `edgeisp.render.steps.steps_sheet`. Each picture has its histogram below it."""
    figures = "".join(
        f"<figure><figcaption><b>{escape(name)}</b> <span>{escape(about)}</span></figcaption>"
        f'<img alt="{escape(name)}" src="data:image/jpeg;base64,{_jpeg(picture)}">{_histogram(picture)}</figure>'
        for picture, (name, about) in zip(pictures, heads(steps), strict=True)
    )
    head = "".join(f"<th>{escape(token)}</th>" for token in ("step", *tokens))
    rows = "".join(
        f"<tr><th>{number}</th>"
        + "".join(
            f'<td style="--p:{100 * share:.1f}%">{f"{share:.2f}" if share >= 0.005 else ""}</td>'
            for share in row
        )
        + "</tr>"
        for number, row in enumerate(odds.tolist(), 1)
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><h1>{escape(title)}</h1>"
        f'<div class="steps">{figures}</div><h2>The policy\'s odds</h2>'
        "<p>At each step along its sequence, of every module and of stopping; none where a module has run already.</p>"
        f"<table><tr>{head}</tr>{rows}</table></body></html>\n"
    )


def _jpeg(picture: Pixels) -> str:
    stream = BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=88)
    return base64.b64encode(stream.getvalue()).decode()


def _histogram(picture: Pixels) -> str:
    lines = ""
    for line, color in zip(histogram(picture, HISTOGRAM - 4), CHANNELS, strict=True):
        points = " ".join(f"{x},{HISTOGRAM - y:.1f}" for x, y in enumerate(line))
        lines += f'<polyline points="{points}" fill="none" stroke="rgb{color}" vector-effect="non-scaling-stroke"/>'
    return (
        f'<svg viewBox="0 0 {BINS - 1} {HISTOGRAM}" preserveAspectRatio="none" role="img" '
        f'aria-label="histogram">{lines}</svg>'
    )
