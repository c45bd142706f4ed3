"""What the sampled context costs: whole pictures with the fast context against the reference one.

    python benchmarks/context.py [RAW ...] [--networks metaisp lwisp] [--size 1200x800]

Without files: the sample scene, of which the truth is known, so that the loss of PSNR to it is shown as well. The
table is Markdown.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from edgeisp.data.sample_scene import sample_picture, sample_raw
from edgeisp.engines.torch import TorchProgram
from edgeisp.models.checkpoint import load
from edgeisp.raw import RawImage, read_raw
from edgeisp.raw.image import Floats
from edgeisp.render.frame import Frame
from edgeisp.render.halo import halo_of
from edgeisp.render.quantize import Quantizer
from edgeisp.render.renderer import Renderer

TILE = 512
SEED = 8


def frames(
    files: list[Path], size: tuple[int, int], scenes: int
) -> Iterator[tuple[str, RawImage, Floats | None]]:
    """Names, RAW images, and what they should look like where that is known."""
    for seed in range(SEED, SEED + scenes) if not files else ():
        truth = sample_picture(*size, np.random.default_rng(seed))
        yield f"sample scene, seed {seed}", sample_raw(*size, seed=seed), truth
    for path in files:
        yield path.name, read_raw(path), None


def decibels(one: Floats, other: Floats) -> float:
    return -10 * math.log10(max(float(np.mean((one - other) ** 2)), 1e-20))


def rendered(renderer: Renderer, frame: Frame) -> Floats:
    return np.asarray(renderer.render(frame, Quantizer(16)) / 65535, np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", type=Path, nargs="*")
    parser.add_argument("--networks", nargs="+", default=["metaisp", "lwisp"])
    parser.add_argument("--scenes", type=int, default=1, help="how many sample scenes are drawn")
    parser.add_argument("--size", default="1200x800", help="of the sample scene, WIDTHxHEIGHT")
    given = parser.parse_args()
    width, height = map(int, given.size.split("x"))
    rows = [
        "| network | picture | fast against reference | largest difference, 8-bit codes | PSNR to the truth |"
    ]
    rows.append("|---|---|---|---|---|")
    for name in given.networks:
        loaded = load(name)
        functions = loaded.network.functions(TILE // 2, TILE // 2)
        shapes = {key: dict(function.inputs) for key, function in functions.items()}
        fast = Renderer([TorchProgram(loaded.network)], shapes, halo_of(loaded).auto // loaded.task.scale)
        for picture, raw, truth in frames(given.files, (width, height), given.scenes):
            frame = Frame.of(raw)
            one, other = rendered(fast, frame), rendered(replace(fast, reference=True), frame)
            difference = 255 * float(np.abs(one - other).max())
            row = f"| `{name}` | {picture} | {decibels(one, other):.1f} dB | {difference:.1f} |"
            if truth is None:
                rows.append(f"{row} |")
            else:
                target = truth.transpose(1, 2, 0)
                to_truth = [decibels(side, target) for side in (one, other)]
                rows.append(f"{row} {to_truth[0]:.3f}, reference {to_truth[1]:.3f} dB |")
    sys.stdout.write("\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
