"""Layer normalisation over channels spelt out, for runtimes without a layer norm of their own.

As 1x1 convolutions, for those that do not reduce over channels::

    Before::   x -> permute -> layer_norm -> permute
    After::    d = x - conv1x1(x, 1/C);   depthwise1x1(d * rsqrt(conv1x1(d * d, 1/C) + eps), gamma, beta)

ExecuTorch would turn the layout of gamma and beta anew in every run, were they factors and terms.

As means over the last axis, for those that do; a third of the time, because a matrix product with one column computes
sixteen and throws fifteen away::

    After::    permute(last) -> d = x - mean(x);   d * rsqrt(mean(d * d) + eps) * gamma + beta -> permute(first)

In fp16 the squares overflow beyond ``|d| = 255``; features of a trained MetaISP stay below 3. They are not scaled down
first, because that would push eps below the smallest normal number of fp16, which many accelerators flush to zero.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from edgeisp.export.rewrites.base import Rewrite, replace_modules
from edgeisp.export.rewrites.graph import FIRST, LAST
from edgeisp.models.blocks import ChannelLayerNorm


class ConvLayerNorm(nn.Module):
    """`ChannelLayerNorm` whose two means, and gain and bias, are 1x1 convolutions."""

    def __init__(self, norm: ChannelLayerNorm) -> None:
        super().__init__()
        channels = norm.weight.numel()
        self.eps = norm.eps
        self.mean: Tensor
        self.register_buffer("mean", torch.full((1, channels, 1, 1), 1 / channels))
        self.gamma = nn.Parameter(norm.weight.detach().view(-1, 1, 1, 1), requires_grad=False)
        self.beta = nn.Parameter(norm.bias.detach().clone(), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        d = x - F.conv2d(x, self.mean)
        normal = d * torch.rsqrt(F.conv2d(d * d, self.mean) + self.eps)
        return F.conv2d(normal, self.gamma, self.beta, groups=self.gamma.shape[0])


class MeanLayerNorm(nn.Module):
    """`ChannelLayerNorm` with means over the last axis."""

    def __init__(self, norm: ChannelLayerNorm) -> None:
        super().__init__()
        self.eps = norm.eps
        self.gamma = nn.Parameter(norm.weight.detach().clone(), requires_grad=False)
        self.beta = nn.Parameter(norm.bias.detach().clone(), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        last = x.permute(LAST)
        d = last - last.mean(3, keepdim=True)
        normal = d * torch.rsqrt((d * d).mean(3, keepdim=True) + self.eps)
        return (normal * self.gamma + self.beta).permute(FIRST)


def _conv(root: nn.Module) -> int:
    return replace_modules(root, ChannelLayerNorm, ConvLayerNorm)  # type: ignore[arg-type]


def _mean(root: nn.Module) -> int:
    return replace_modules(root, ChannelLayerNorm, MeanLayerNorm)  # type: ignore[arg-type]


CONV_LAYER_NORM = Rewrite("conv-layer-norm", "XNNPACK has no layer norm", "modules", _conv)
MEAN_LAYER_NORM = Rewrite(
    "mean-layer-norm", "XNNPACK has no layer norm, but LiteRT's reduces over the last axis", "modules", _mean
)
