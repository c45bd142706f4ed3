"""Tables as ``.cube`` files, which picture editors, video tools and the GPUs of phones take."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from edgeisp.posisp.pipeline import Pipeline
from edgeisp.posisp.table import grid

SIDE = 65
"""Colours along each axis: their code is that of sRGB, which has fewer in the dark than the curve of `Table`."""


def cube(title: str, pipeline: Pipeline, raw: Tensor, run: Sequence[int], peak: float = 1.0) -> str:
    """A run of point-wise modules for a picture with the parameters ``raw``, in Adobe's format.

    What goes in is coded as sRGB; what comes out is what the modules make.
    """
    made = pipeline.run(peak * _linear(grid(SIDE)), raw, run).reshape(3, -1).T
    names = ", ".join(pipeline.modules[i].name for i in run)
    head = [
        f"# {names}; in: the picture before them, divided by {peak:.6g}, coded as sRGB; out: the picture after them",
        f'TITLE "{title}"',
        f"LUT_3D_SIZE {SIDE}",
        "DOMAIN_MIN 0 0 0",
        "DOMAIN_MAX 1 1 1",
    ]
    return "\n".join([*head, *(f"{r:.6f} {g:.6f} {b:.6f}" for r, g, b in made.tolist())]) + "\n"


def _linear(coded: Tensor) -> Tensor:
    """sRGB's codes as linear light."""
    return torch.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
