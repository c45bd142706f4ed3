"""Modules of our own, beyond the paper's ten. Their costs are in its unit, by their time relative to ``sharpen``."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from edgeisp.posisp.module import ISPModule, Parameter, luma_preserving, luminance, mix, planes
from edgeisp.posisp.modules.spatial import NonLocalMeans


class FastNonLocalMeans(NonLocalMeans):
    """`NonLocalMeans` with search 5x5 and patches 3x3: a fifth of the shifts, a ninth of the patch."""

    name = "fast-denoise"
    cost_ms = 10.0
    halo = 3
    search = 2
    patch = 1


class GuidedDenoise(ISPModule):
    """The self-guided filter (He, Sun and Tang, ECCV 2010) with luma as its guide, radius 2, mixed in by strength."""

    name = "guided-denoise"
    parameters: ClassVar = (
        Parameter("deviation", 0.005, 0.2, 0.005),
        Parameter("strength", 0.0, 1.0, 0.0),
    )
    cost_ms = 9.0
    halo = 4
    radius: ClassVar[int] = 2

    def apply(self, x: Tensor, values: Tensor) -> Tensor:
        deviation, strength = planes(values).split(1, 1)
        guide = luminance(x)
        mean, means = box(guide, self.radius), box(x, self.radius)
        variance = torch.relu(box(guide * guide, self.radius) - mean * mean)
        slope = (box(guide * x, self.radius) - mean * means) / (variance + deviation * deviation)
        smooth = box(slope, self.radius) * guide + box(means - slope * mean, self.radius)
        return mix(x, smooth, strength)


class WideWhiteBalance(ISPModule):
    """Gains of up to a stop either way that keep the luminance of grey, for RAW without a white balance of its own."""

    name = "wide-white-balance"
    parameters: ClassVar = tuple(Parameter(f"gain {c}", -1.0, 1.0, 0.0, "EV") for c in "RGB")
    cost_ms = 1.7

    def apply(self, x: Tensor, values: Tensor) -> Tensor:
        return x * planes(luma_preserving(torch.exp(values * math.log(2))))


class LocalTone(ISPModule):
    """Dark surroundings brightened, bright ones darkened (below 0 the reverse), detail kept.

    The gain is ``((B + a) / (m + a))^-s`` with B the luminance blurred by two 17x17 boxes, m = 0.18 and a = 0.02.
    """

    name = "local-tone"
    parameters: ClassVar = (Parameter("strength", -0.5, 1.0, 0.0),)
    cost_ms = 2.7
    halo = 16
    radius: ClassVar[int] = 8

    def apply(self, x: Tensor, values: Tensor) -> Tensor:
        light = torch.clamp(luminance(x), 0.0, 1.0)
        around = box(box(light, self.radius), self.radius)
        return x * torch.exp(-planes(values) * torch.log((around + 0.02) / 0.2))


def box(x: Tensor, radius: int) -> Tensor:
    """The mean over what a square of side ``2 radius + 1`` covers of the picture."""
    side = 2 * radius + 1
    rows = F.avg_pool2d(x, (side, 1), 1, (radius, 0), count_include_pad=False)
    return F.avg_pool2d(rows, (1, side), 1, (0, radius), count_include_pad=False)
