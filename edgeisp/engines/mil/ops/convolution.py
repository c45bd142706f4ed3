"""Convolutions of one, two and three spatial axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from edgeisp.engines.mil.ops import padding

CONV = (F.conv1d, F.conv2d, F.conv3d)
CONV_TRANSPOSE = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)


def conv(
    x: Tensor,
    weight: Tensor,
    strides: list[int],
    pad_type: str,
    pad: list[int],
    dilations: list[int],
    groups: int,
    bias: Tensor | None = None,
) -> Tensor:
    pairs = padding.amounts(pad_type, pad, x.shape[2:], weight.shape[2:], strides, dilations)
    if not padding.symmetric(pairs):
        x, pairs = padding.pad(x, pairs), [(0, 0)] * len(pairs)
    function = CONV[x.ndim - 3]
    return function(x, weight, bias, strides, [before for before, _ in pairs], dilations, groups)


def conv_transpose(
    x: Tensor,
    weight: Tensor,
    pad: list[int],
    pad_type: str,
    strides: list[int],
    dilations: list[int],
    groups: int,
    bias: Tensor | None = None,
    output_shape: list[int] | None = None,
) -> Tensor:
    """The full transposed convolution, then the window of it that the padding leaves; beyond it there is only bias."""
    full = CONV_TRANSPOSE[x.ndim - 3](x, weight, None, strides, 0, 0, groups, dilations)
    window = []
    for i, (total, n, stride) in enumerate(zip(full.shape[2:], x.shape[2:], strides, strict=True)):
        if pad_type == "custom":
            start, size = pad[2 * i], total - pad[2 * i] - pad[2 * i + 1]
        else:
            size = n * stride if pad_type.startswith("same") else total
        if output_shape is not None:
            size = output_shape[2 + i]
        if pad_type != "custom":
            crop = max(0, total - size)
            start = crop // 2 if pad_type != "same_lower" else crop - crop // 2
        window.append((-start, start + size - total))
    out = padding.pad(full, window)
    return out if bias is None else out + bias.reshape(1, -1, *[1] * (out.ndim - 2))


OPS: dict[str, Callable[..., Any]] = {"conv": conv, "conv_transpose": conv_transpose}
