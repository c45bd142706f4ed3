"""The Haar transforms folded into the 3x3 convolutions beside them.

Down::   x -> strided slices -> sums -> concat -> 3x3 conv     becomes   x -> 6x6 conv, stride 2
Up::     x -> 3x3 conv -> chunks -> sums -> stack -> shuffle   becomes   x -> 3x3 conv -> shuffle

The Haar transform is linear and acts on 2x2 blocks, so that a 3x3 kernel over its bands is a 6x6 kernel over pixels: as
many multiplications, no other operation. The inverse mixes the four bands of a pixel, weights and *bias* alike: that is
why a transposed convolution, which has one bias per channel for all four phases, cannot express it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edgeisp.export.rewrites.base import Rewrite, replace_modules
from edgeisp.models.blocks import HaarDown, HaarUp, haar_idwt


def fold_down(block: HaarDown) -> nn.Conv2d:
    """The one convolution that a `HaarDown` is."""
    bands = block.conv.weight.detach().double()
    c_out, c_in = bands.shape[0], bands.shape[1] // 4
    conv = nn.Conv2d(c_in, c_out, 6, stride=2, padding=2)
    # the transform is orthonormal, so its transpose, which carries kernels over bands to pixels, is its inverse
    conv.weight.data = haar_idwt(bands).float()
    conv.bias = _same(block.conv.bias)
    return conv


def fold_up(block: HaarUp) -> nn.Sequential:
    """The convolution and pixel shuffle that a `HaarUp` is."""
    inner = block.conv
    conv = nn.Conv2d(inner.in_channels, inner.out_channels, 3, padding=1)
    conv.weight.data = _phases(inner.weight.detach())
    assert inner.bias is not None
    conv.bias.data = _phases(inner.bias.detach()[:, None, None, None]).flatten()  # type: ignore[union-attr]
    return nn.Sequential(conv, nn.PixelShuffle(2))


def _phases(bands: Tensor) -> Tensor:
    """``4C x I x h x w`` over bands to ``4C x I x h x w`` over the phases of a pixel shuffle."""
    column = bands.double().flatten(1).T[:, :, None, None]
    pixels = torch.nn.functional.pixel_unshuffle(haar_idwt(column), 2)
    return pixels[:, :, 0, 0].T.reshape(bands.shape).float()


def _same(bias: Tensor | None) -> nn.Parameter | None:
    return None if bias is None else nn.Parameter(bias.detach().clone(), requires_grad=False)


def _down(root: nn.Module) -> int:
    return replace_modules(root, HaarDown, fold_down)  # type: ignore[arg-type]


def _up(root: nn.Module) -> int:
    return replace_modules(root, HaarUp, fold_up)  # type: ignore[arg-type]


FOLD_HAAR_DOWN = Rewrite(
    "fold-haar-down",
    "no strided slices, no concatenation: one dense 6x6 stride-2 convolution",
    "modules",
    _down,
)
FOLD_HAAR_UP = Rewrite(
    "fold-haar-up", "no grouped transposed convolution, no rank above 4 but the shuffle's own", "modules", _up
)
