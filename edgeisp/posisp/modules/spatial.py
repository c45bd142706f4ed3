"""Modules that look at neighbours: sharpening and denoising."""

from __future__ import annotations

from itertools import product
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from edgeisp.posisp.module import ISPModule, Parameter, planes


class Sharpen(ISPModule):
    """Unsharp masking with a 3x3 blur: blurs below 1, sharpens above; the outermost pixels stay; clipped to [0, 1]."""

    name = "sharpen"
    parameters: ClassVar = (Parameter("factor", 1e-5, 10.0, 1.0),)
    cost_ms = 6.3
    halo = 1

    def apply(self, x: Tensor, values: Tensor) -> Tensor:
        factor = planes(values)
        kernel = torch.tensor([[1.0, 1, 1], [1, 5, 1], [1, 1, 1]], device=x.device) / 13
        inner = F.conv2d(x, kernel.repeat(3, 1, 1, 1), groups=3)
        rows = torch.cat([x[:, :, 1:-1, :1], inner, x[:, :, 1:-1, -1:]], 3)
        blurred = torch.cat([x[:, :, :1], rows, x[:, :, -1:]], 2)
        return torch.clamp(factor * x + (1 - factor) * blurred, 0.0, 1.0)


class NonLocalMeans(ISPModule):
    """Non-local means guided by luma: search 11x11, patches 5x5, wrapping at the borders; clipped to [0, 1].

    Weights are ``exp(-sqrt(D + e) / h)`` with D the sum of squared differences of two patches. Paper: e = 1e-8. Ours:
    1e-4, which fp16 can hold and which spares rounding at small h from being amplified; h is 1e-3 at least.
    """

    name = "denoise"
    parameters: ClassVar = (Parameter("h", 1e-5, 1.0, 1e-5),)
    cost_ms = 10.0
    halo = 7
    search: ClassVar[int] = 5
    patch: ClassVar[int] = 2

    def apply(self, x: Tensor, values: Tensor) -> Tensor:
        h, softening = planes(values), 1e-8
        if not self.paper:
            h, softening = torch.clamp(h, 1e-3, 1.0), 1e-4
        r, g, b = torch.clamp(x, 0.0, 1.0).split(1, 1)
        luma = 0.299 * r + 0.587 * g + 0.114 * b
        height, width, reach = *x.shape[-2:], self.search
        pixels, guide = wrap(x, reach), wrap(luma, reach)

        def weighted(dy: int, dx: int) -> tuple[Tensor, Tensor]:
            window = (..., slice(dy, dy + height), slice(dx, dx + width))
            difference = luma - guide[window]
            distance = patch_sum(wrap(difference * difference, self.patch), self.patch)
            weight = torch.exp(-torch.sqrt(torch.relu(distance) + softening) / (h + 1e-8))
            return pixels[window] * weight, weight

        first, *shifts = product(range(2 * reach + 1), repeat=2)
        total, weights = weighted(*first)
        for shift in shifts:
            shifted, weight = weighted(*shift)
            total, weights = total + shifted, weights + weight
        return torch.clamp(total / weights, 0.0, 1.0)


def patch_sum(x: Tensor, radius: int) -> Tensor:
    """Sums over squares of side ``2 radius + 1`` that lie inside ``x``, ``B x 1 x H x W``.

    One convolution where it is deployed. Its gradient takes PyTorch five times as long as that of plain sums, so that
    these stand in for it in training.
    """
    side = 2 * radius + 1
    if not x.requires_grad:
        return F.conv2d(x, torch.ones(1, 1, side, side, device=x.device))
    height, width = (size - side + 1 for size in x.shape[-2:])
    rows = sum((x[:, :, i : i + height] for i in range(1, side)), x[:, :, :height])
    return sum((rows[..., i : i + width] for i in range(1, side)), rows[..., :width])


def wrap(x: Tensor, border: int) -> Tensor:
    """Circular padding by slices, as TFLite takes it; its own comes out as gathers with megabytes of indices."""
    x = torch.cat([x[:, :, -border:], x, x[:, :, :border]], 2)
    return torch.cat([x[..., -border:], x, x[..., :border]], 3)
