"""Layer normalisation over channels as 1x1 convolutions, for runtimes without a layer norm of their own.

Before::   x -> permute -> layer_norm -> permute
After::    d = x - conv1x1(x, 1/C);   d * rsqrt(conv1x1((d/s)^2, 1/C) + eps/s^2) * (gamma/s) + beta

The scale s keeps the squares inside fp16 up to |d| = 2040 and eps/s^2 above its smallest number; s is a power of two, so
that in fp32 nothing changes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from edgeisp.export.rewrites.base import Rewrite, replace_modules
from edgeisp.models.blocks import ChannelLayerNorm

SCALE = 8.0


class ConvLayerNorm(nn.Module):
    """`ChannelLayerNorm` whose two means are 1x1 convolutions."""

    def __init__(self, norm: ChannelLayerNorm) -> None:
        super().__init__()
        channels = norm.weight.numel()
        self.eps = norm.eps / SCALE**2
        self.mean: Tensor
        self.register_buffer("mean", torch.full((1, channels, 1, 1), 1 / channels))
        self.gamma = nn.Parameter(norm.weight.detach().view(1, -1, 1, 1) / SCALE, requires_grad=False)
        self.beta = nn.Parameter(norm.bias.detach().view(1, -1, 1, 1), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        d = x - F.conv2d(x, self.mean)
        small = d * (1 / SCALE)
        return d * torch.rsqrt(F.conv2d(small * small, self.mean) + self.eps) * self.gamma + self.beta


def _conv(root: nn.Module) -> int:
    return replace_modules(root, ChannelLayerNorm, ConvLayerNorm)  # type: ignore[arg-type]


CONV_LAYER_NORM = Rewrite("conv-layer-norm", "XNNPACK has no layer norm; safe in fp16", "modules", _conv)
