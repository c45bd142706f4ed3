"""Runs of point-wise modules as tables: what they make of any colour, given the parameters of a picture.

::

    picture ── module ── module ── module ──▶        picture ── curve ── 33x33x33 colours, trilinear ──▶
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
import torch.nn.functional as F
from torch import Tensor

from edgeisp.posisp.pipeline import Pipeline

SIDE = 33
"""Colours along each axis."""
OFFSET = 1e-3
"""Of the curve ``((x + a)^(1/3) - a^(1/3)) / ((1 + a)^(1/3) - a^(1/3))``, which has more colours where eyes do."""
SHORTEST = 2
"""Modules of a run that is worth a table."""


def encode(x: Tensor) -> Tensor:
    """[0, 1] to [0, 1] by the curve."""
    low, high = OFFSET ** (1 / 3), (1 + OFFSET) ** (1 / 3)
    coded: Tensor = (torch.exp(torch.log(x + OFFSET) / 3) - low) / (high - low)  # half the time of a power
    return coded


def decode(coded: Tensor) -> Tensor:
    """The inverse of `encode`."""
    low, high = OFFSET ** (1 / 3), (1 + OFFSET) ** (1 / 3)
    x: Tensor = (coded * (high - low) + low) ** 3 - OFFSET
    return x


@dataclass(frozen=True)
class Table:
    """A function of colour, by its values on a grid."""

    values: Tensor
    """``1 x 3 x side x side x side``: R, G and B by blue, green and red."""
    peak: float
    """What goes in is from 0 to this."""

    def __call__(self, x: Tensor) -> Tensor:
        """Of a picture ``1 x 3 x H x W``; colours outside are taken to the nearest inside."""
        places = 2 * encode(torch.clamp(x / self.peak, 0.0, 1.0)) - 1
        picked = F.grid_sample(
            self.values, places.permute(0, 2, 3, 1)[:, None], padding_mode="border", align_corners=True
        )
        return picked[:, :, 0]


def runs(pipeline: Pipeline, sequence: Sequence[int]) -> list[tuple[bool, tuple[int, ...]]]:
    """The sequence cut into runs of modules that are point-wise (true) and of others."""
    cut = groupby(sequence, lambda i: pipeline.modules[i].pointwise)
    return [(pointwise, tuple(ids)) for pointwise, ids in cut]


def grid(side: int) -> Tensor:
    """Every colour of a grid over [0, 1], red fastest: ``1 x 3 x side^2 x side``."""
    axis = torch.linspace(0, 1, side)
    blue, green, red = torch.meshgrid(axis, axis, axis, indexing="ij")
    return torch.stack([red, green, blue])[None].reshape(1, 3, side * side, side)


def folded(pipeline: Pipeline, raw: Tensor, run: Sequence[int], peak: float = 1.0) -> Table:
    """The table of a run of point-wise modules for a picture with the parameters ``raw``, ``1 x size``."""
    made = pipeline.run(peak * decode(grid(SIDE)), raw, run)
    return Table(made.reshape(1, 3, SIDE, SIDE, SIDE), peak)


@dataclass(frozen=True)
class Run:
    """One of `runs`, in front of which a picture with given parameters is from 0 to ``peak``."""

    pointwise: bool
    ids: tuple[int, ...]
    peak: float


def bounded(pipeline: Pipeline, raw: Tensor, sequence: Sequence[int]) -> list[Run]:
    """The `runs` of ``sequence`` for a picture from 0 to 1 with the parameters ``raw``, ``1 x size``.

    How bright a run makes it is asked of every colour of a grid where it is point-wise, else of an edge and of a bright
    dot in the dark.
    """
    peak, found = 1.0, []
    for pointwise, run in runs(pipeline, sequence):
        found.append(Run(pointwise, run, peak))
        probe = grid(SIDE) if pointwise else _edge(pipeline, run)
        peak = max(1e-3, float(pipeline.run(peak * probe, raw, run).max()))
    return found


def _edge(pipeline: Pipeline, run: Sequence[int]) -> Tensor:
    """White beside black with a white dot, wide enough for the halo: ``1 x 3 x H x W``."""
    reach = pipeline.halo(run) + 1
    picture = torch.zeros(1, 3, 2 * reach + 1, 4 * reach + 2)
    picture[..., : 2 * reach + 1] = 1.0
    picture[..., reach, 3 * reach + 1] = 1.0
    return picture
