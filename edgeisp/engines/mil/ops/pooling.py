"""Pools of one, two and three spatial axes."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, prod
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from edgeisp.engines.mil.ops import padding

MAX = (F.max_pool1d, F.max_pool2d, F.max_pool3d)
AVG = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)


def max_pool(
    x: Tensor, kernel_sizes: list[int], strides: list[int], pad_type: str, pad: list[int], ceil_mode: bool
) -> Tensor:
    pairs = padding.amounts(pad_type, pad, x.shape[2:], kernel_sizes, strides, [1] * len(kernel_sizes))
    padded = padding.pad(x, _reach(x, pairs, kernel_sizes, strides, ceil_mode), -inf)
    out: Tensor = MAX[x.ndim - 3](padded, kernel_sizes, strides)
    return out


def avg_pool(
    x: Tensor,
    kernel_sizes: list[int],
    strides: list[int],
    pad_type: str,
    pad: list[int],
    ceil_mode: bool,
    exclude_padding_from_average: bool,
) -> Tensor:
    """The mean of a window's elements. Padding counts as zeros or not at all; what ``ceil_mode`` adds never counts."""
    pairs = padding.amounts(pad_type, pad, x.shape[2:], kernel_sizes, strides, [1] * len(kernel_sizes))
    reach = _reach(x, pairs, kernel_sizes, strides, ceil_mode)
    pool = AVG[x.ndim - 3]
    total = pool(padding.pad(x, reach), kernel_sizes, strides)
    if pairs == reach and (not exclude_padding_from_average or not any(map(any, pairs))):
        return total
    counted = [(0, 0)] * len(pairs) if exclude_padding_from_average else pairs
    ones = padding.pad(torch.ones_like(x[:1, :1]), counted, 1.0)
    rest = [(a - b, c - d) for (a, c), (b, d) in zip(reach, counted, strict=True)]
    return total / pool(padding.pad(ones, rest), kernel_sizes, strides)


def l2_pool(
    x: Tensor, kernel_sizes: list[int], strides: list[int], pad_type: str, pad: list[int], ceil_mode: bool
) -> Tensor:
    mean = avg_pool(x * x, kernel_sizes, strides, pad_type, pad, ceil_mode, False)
    return torch.sqrt(mean * prod(kernel_sizes))


def _reach(
    x: Tensor, pairs: padding.Pairs, kernel: list[int], strides: list[int], ceil_mode: bool
) -> padding.Pairs:
    """The padding, with as much added after as ``ceil_mode`` lets a last, partial window reach (PyTorch's rule)."""
    if not ceil_mode:
        return pairs
    reach = []
    for n, (before, after), k, s in zip(x.shape[2:], pairs, kernel, strides, strict=True):
        windows = -(-(n + before + after - k) // s) + 1
        if (windows - 1) * s >= n + before:
            windows -= 1
        reach.append((before, max(after, (windows - 1) * s + k - n - before)))
    return reach


OPS: dict[str, Callable[..., Any]] = {"avg_pool": avg_pool, "l2_pool": l2_pool, "max_pool": max_pool}
