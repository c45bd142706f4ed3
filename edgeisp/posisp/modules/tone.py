"""Modules that change brightness, pixel by pixel."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from edgeisp.posisp.module import ISPModule, Parameter, luminance, mix, planes

SEGMENTS = 8


class Exposure(ISPModule):
    """A gain in stops: ``x 2^EV``; not clipped."""

    name = "exposure"
    parameters: ClassVar = (Parameter("exposure", -3.5, 3.5, 0.0, "EV"),)
    cost_ms = 1.7

    def apply(self, x: Tensor, values: Tensor) -> Tensor:
        return x * torch.exp(planes(values) * math.log(2))  # litert-torch has no exp2


class Gamma(ISPModule):
    """A power curve ``x^gamma``.

    Paper: ``max(x, 1e-6)^gamma``, which lifts black to ``1e-6^gamma``, 0.01 at most. Ours keeps black black and has a
    slope that fp16 can hold: ``(x + a)^gamma - a^gamma`` with a = 1e-3.
    """

    name = "gamma"
    parameters: ClassVar = (Parameter("gamma", 1 / 3, 3.0, 1.0),)
    cost_ms = 2.0

    def apply(self, x: Tensor, values: Tensor) -> Tensor:
        gamma = planes(values)  # XNNPACK has exp and log, but no pow
        if self.paper:
            return torch.exp(gamma * torch.log(torch.clamp(x, min=1e-6)))
        return torch.exp(gamma * torch.log(torch.relu(x) + 1e-3)) - torch.exp(gamma * math.log(1e-3))


class ToneCurve(ISPModule):
    """A piecewise linear curve through (0, 0) and (1, 1) of eight segments with slopes in the ratio of the weights."""

    name = "tone"
    parameters: ClassVar = tuple(Parameter(f"slope {i + 1}", 0.5, 2.0, 1.25) for i in range(SEGMENTS))
    cost_ms = 2.7

    def apply(self, x: Tensor, values: Tensor) -> Tensor:
        slopes = planes(values / values.mean(1, keepdim=True)).split(1, 1)
        width = 1.0 / SEGMENTS  # bounds of one type: ONNX refuses an int beside a float
        total: Tensor = slopes[0] * torch.clamp(x, 0.0, width)
        for i in range(1, SEGMENTS):
            total = total + slopes[i] * torch.clamp(x - i * width, 0.0, width)
        return total


class Contrast(ISPModule):
    """An S-curve on luminance, ``(1 - cos(pi L)) / 2``, mixed in by alpha; the colours of a pixel keep their ratios.

    Paper: divides by L + 1e-6. Ours by L + 1e-3, which fp16 can hold.
    """

    name = "contrast"
    parameters: ClassVar = (Parameter("strength", -1.0, 1.0, 0.0),)
    cost_ms = 2.1

    def apply(self, x: Tensor, values: Tensor) -> Tensor:
        light = torch.clamp(luminance(x), 0.0, 1.0)
        curve = 0.5 - 0.5 * torch.cos(math.pi * light)
        return mix(x, x * (curve / (light + (1e-6 if self.paper else 1e-3))), planes(values))
