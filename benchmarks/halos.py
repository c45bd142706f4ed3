"""How far a tile is from the frame in one piece, over the width of its halo: fp32 and int8, in PyTorch.

The sample scene is cut once, so that pixels as far from the cut as the whole receptive field exist.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from page import markdown, picture, put

from edgeisp.checkpoints import bundled
from edgeisp.data.sample_scene import sample_raw
from edgeisp.engines.torch import TorchProgram
from edgeisp.models.checkpoint import network_of
from edgeisp.models.task import task_of
from edgeisp.profile.plots import Curve, over_time
from edgeisp.quantize.checkpoint import load_any
from edgeisp.raw.image import Floats
from edgeisp.render.frame import Frame
from edgeisp.render.halo import SAMPLE, parted

NAMES = ("metaisp", "metaisp-w8a8", "lwisp", "lwisp-w8a8")
SIZE, CUTS = 304, (288, 296, 304, 312)
"""Of the parts, in packed pixels: half the sample scene, and where the cut lies in it."""
RING = 32
HALOS = (32, 64, 80, 96, 128, 192, 256, 288, 304, 320, 336, 432)
"""In picture pixels."""
IMAGE = Path("images/halos.svg")


def main() -> None:
    """Measure, print, put into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", type=Path, help="page to put table and plot into, such as docs/render.md")
    chosen = parser.parse_args()
    found = {name: errors(name, HALOS) for name in NAMES}
    head = ("halo, px", *(f"`{name}`" for name in NAMES))
    rows = [
        (str(halo), *(f"{one[index][0]:.2f} / {one[index][1]:.3f}" for one in found.values()))
        for index, halo in enumerate(HALOS)
    ]
    said = (
        f"Worst pixel beyond the halo / root mean square over its next {RING} pixels, in 8-bit codes; the sample scene "
        f"of {SAMPLE[0]}×{SAMPLE[1]}, ISO 800, cut in two."
    )
    lines = [said, "", *markdown(head, rows)]
    sys.stdout.write("\n".join(lines) + "\n")
    if chosen.page:
        shown = [*lines, "", f"![Worst distance from the frame in one piece over the halo]({IMAGE})"]
        put(chosen.page, "halos", shown)
        curves = [
            Curve(name, tuple((float(halo), worst) for halo, (worst, _) in zip(HALOS, one, strict=True)))
            for name, one in found.items()
        ]
        picture(over_time(curves, "codes", "px"), chosen.page.parent / IMAGE)


def errors(name: str, halos: Sequence[int]) -> list[tuple[float, float]]:
    """Of a bundled checkpoint with each of ``halos``: the worst pixel beyond it, and the rms of the next `RING`."""
    path = bundled(name)
    assert path is not None
    network = load_any(network_of(path), path).network
    scale, source = task_of(network).scale, Frame.of(sample_raw(*SAMPLE))
    parts = list(parted(TorchProgram(network), source, SIZE, CUTS))

    def beyond(halo: int) -> Floats:
        return np.concatenate([part.core(halo // scale, scale).ravel() for part in parts])

    found = []
    for halo in halos:
        near, far = beyond(halo), beyond(halo + RING)
        squares = float(np.square(near).sum(dtype=float) - np.square(far).sum(dtype=float))
        found.append((float(near.max()), max(0.0, squares / (near.size - far.size)) ** 0.5))
    return found


if __name__ == "__main__":
    with torch.no_grad():
        main()
