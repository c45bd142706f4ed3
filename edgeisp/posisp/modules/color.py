"""Modules that change colour, pixel by pixel."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from edgeisp.posisp.module import ISPModule, Parameter, luma_preserving, luminance, mix, planes

_ENTRIES = [(row, column) for row in "RGB" for column in "RGB"]


class ColorMatrix(ISPModule):
    """A ``3 x 3`` matrix whose rows sum to 1, so that grey stays grey; clipped to [0, 1].

    Paper: nine entries in [-2, 2], each row divided by its sum + 1e-8; all are 0 in the middle of their range, where
    the picture is black, and around it the quotient explodes. Ours: the identity plus nine offsets in [-2, 2], whose
    mean is taken out of each row. No division, and the middle of the range is the identity.
    """

    name = "ccm"
    cost_ms = 1.9
    parameters: ClassVar = tuple(Parameter(f"{r}{c} offset", -2.0, 2.0, 0.0) for r, c in _ENTRIES)
    paper_parameters: ClassVar = tuple(Parameter(f"{r}{c}", -2.0, 2.0, float(r == c)) for r, c in _ENTRIES)

    def __init__(self, paper: bool = False) -> None:
        super().__init__(paper)
        if paper:
            self.parameters = self.paper_parameters  # type: ignore[misc]

    def matrix(self, values: Tensor) -> Tensor:
        """``B x 3 x 3``, rows that sum to 1."""
        entries = values.reshape(-1, 3, 3)
        if self.paper:
            return entries / (entries.sum(2, keepdim=True) + 1e-8)
        identity = torch.tensor(
            [[1.0, 0, 0], [0, 1, 0], [0, 0, 1]], device=values.device
        )  # TFLite has no eye
        red, green, blue = entries.split(1, 2)  # XNNPACK averages over other dimensions only
        rows: Tensor = identity + entries - (red + green + blue) / 3
        return rows

    def apply(self, x: Tensor, values: Tensor) -> Tensor:
        r, g, b = x.split(1, 1)
        m = planes(self.matrix(values).flatten(1)).split(
            1, 1
        )  # delegates refuse a convolution with such weights
        rows = [m[i] * r + m[i + 1] * g + m[i + 2] * b for i in (0, 3, 6)]
        return torch.clamp(torch.cat(rows, 1), 0.0, 1.0)


class Saturation(ISPModule):
    """More saturation in HSV, most for middle values, mixed in by alpha; clipped to [0, 1].

    ``S' = S + (1 - S) (0.5 - |0.5 - V|) 0.8``. Paper: also at S = 0, which turns exact greys red (hue 0) and lets noise
    choose the hue of almost-greys. Ours: the gain fades as ``S / (S + 0.1)``, so that greys stay grey.

    RGB to HSV to RGB in closed form: with V the largest component, ``y = V - (S'/S) (V - x)``.
    """

    name = "saturation"
    parameters: ClassVar = (Parameter("strength", 0.0, 1.0, 0.0),)
    cost_ms = 2.0

    def apply(self, x: Tensor, values: Tensor) -> Tensor:
        x = torch.clamp(x, 0.0, 1.0)
        r, g, b = x.split(1, 1)
        value = torch.maximum(torch.maximum(r, g), b)
        chroma = value - torch.minimum(torch.minimum(r, g), b)
        gain = (0.5 - (0.5 - value).abs()) * 0.8
        if self.paper:
            return mix(x, self._paper(x, value, chroma, gain), planes(values))
        saturation = chroma / (value + 1e-3)
        stretch = 1 + (1 - saturation) * gain / (saturation + 0.1)
        return mix(x, value - stretch * (value - x), planes(values))

    @staticmethod
    def _paper(x: Tensor, value: Tensor, chroma: Tensor, gain: Tensor) -> Tensor:
        coloured = chroma > 1e-8
        saturation = torch.where(value > 1e-8, chroma / (value + 1e-8), torch.zeros_like(value))
        more = torch.clamp(saturation + (1 - saturation) * gain, 0.0, 1.0)
        red = torch.tensor([0.0, 1.0, 1.0], device=x.device).view(1, 3, 1, 1)
        hue = torch.where(coloured, (value - x) / torch.where(coloured, chroma, torch.ones_like(chroma)), red)
        return value * (1 - more * hue)


class Desaturation(ISPModule):
    """Towards luminance, black and white at 1."""

    name = "desaturation"
    parameters: ClassVar = (Parameter("strength", 0.0, 1.0, 0.0),)
    cost_ms = 1.9

    def apply(self, x: Tensor, values: Tensor) -> Tensor:
        return mix(x, luminance(x), planes(values))


class WhiteBalance(ISPModule):
    """Gains within 10 % that keep the luminance of grey; the camera's own white balance is applied before the chain."""

    name = "white-balance"
    parameters: ClassVar = tuple(Parameter(f"gain {c}", 1 / 1.1, 1.1, 1.0) for c in "RGB")
    cost_ms = 1.7

    def apply(self, x: Tensor, values: Tensor) -> Tensor:
        return x * planes(luma_preserving(values))
