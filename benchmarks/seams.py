"""A seam map: how far tiles are from the frame in one piece, with statistics of their own and with the frame's context.

Draws three panels side by side: the picture, the distance when each tile computes what the network wants to know of the
frame from itself, and the distance with the context pass. Brightness is the distance in 8-bit codes times ``--gain``.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from edgeisp.data.sample_scene import sample_raw
from edgeisp.engines.base import Tensors
from edgeisp.engines.torch import TorchProgram
from edgeisp.files import whole
from edgeisp.models.checkpoint import load
from edgeisp.render.frame import Frame
from edgeisp.render.halo import halo_of
from edgeisp.render.quantize import Quantizer
from edgeisp.render.renderer import Picture, Renderer

SEED, LABEL, GAP, STEP = 8, 44, 16, 16


@dataclass(frozen=True)
class OnItsOwn:
    """A program whose tiles look at themselves, as a network exported in one graph does."""

    inner: TorchProgram
    ran_on: str = "torch"

    def run(self, function: str, inputs: Tensors) -> dict[str, NDArray[np.float32]]:
        own: Mapping[str, NDArray[np.float32]] = self.inner.run("context", {"raw": inputs["raw"]})
        return self.inner.run(function, {**inputs, **own})


def main() -> None:
    """Render three times, compare, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", default=["metaisp", "lwisp"])
    parser.add_argument("--size", default="1200x840")
    parser.add_argument("--tile", type=int, default=384, help="in picture pixels")
    parser.add_argument("--gain", type=int, default=128)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/images/seams.jpg"))
    given = parser.parse_args()
    frame = Frame.of(sample_raw(*map(int, given.size.split("x")), seed=SEED))
    rows = [_side_by_side(_panels(name, frame, given.tile, given.gain)) for name in given.networks]
    sheet = Image.new("RGB", (rows[0].width, sum(row.height for row in rows)), "white")
    for index, row in enumerate(rows):
        sheet.paste(row, (0, index * row.height))
    with whole(given.output) as part:
        sheet.save(part, "JPEG", quality=88)


def _panels(name: str, frame: Frame, tile: int, gain: int) -> list[tuple[str, NDArray[np.uint8]]]:
    """The picture and the two maps of a network."""
    loaded = load(name)
    halo, program = halo_of(loaded), TorchProgram(loaded.network)

    def renderer(side: int, width: int) -> Renderer:
        functions = loaded.network.functions(side // 2, side // 2)
        shapes = {key: dict(function.inputs) for key, function in functions.items()}
        return Renderer([program], shapes, width // 2)

    tiled = renderer(tile, halo.auto)
    side = -(-(max(frame.picture) + 2 * halo.exact) // STEP) * STEP
    expected = renderer(side, halo.exact).render(frame, Quantizer(16))
    apart = replace(tiled, programs=[OnItsOwn(program)]).render(frame, Quantizer(16))
    together = tiled.render(frame, Quantizer(16))
    return [
        (f"{name}, {tile}x{tile} tiles", (expected >> 8).astype(np.uint8)),
        _map("before: each tile its own statistics", apart, expected, gain),
        _map("after: one context for all tiles", together, expected, gain),
    ]


def _map(title: str, one: Picture, other: Picture, gain: int) -> tuple[str, NDArray[np.uint8]]:
    codes = np.abs(one.astype(np.float32) - other).max(2) / 257
    said = f"{title}; worst {codes.max():.2f} codes, shown x{gain}"
    return said, np.repeat(np.clip(codes * gain, 0, 255).astype(np.uint8)[..., None], 3, 2)


def _side_by_side(panels: list[tuple[str, NDArray[np.uint8]]]) -> Image.Image:
    height, width = panels[0][1].shape[:2]
    sheet = Image.new("RGB", (len(panels) * (width + GAP) - GAP, height + LABEL), "white")
    draw = ImageDraw.Draw(sheet)
    for index, (title, pixels) in enumerate(panels):
        draw.text((index * (width + GAP) + 4, 8), title, font=ImageFont.load_default(26), fill=(30, 32, 38))
        sheet.paste(Image.fromarray(pixels), (index * (width + GAP), LABEL))
    return sheet.resize((sheet.width // 2, sheet.height // 2), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
