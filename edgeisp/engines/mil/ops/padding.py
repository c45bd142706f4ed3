"""What MIL's ``pad_type`` means, in one place for convolutions and pools."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

Pairs = list[tuple[int, int]]
"""Elements before and after, for each spatial axis in order."""


def amounts(
    pad_type: str,
    pad: Sequence[int],
    size: Sequence[int],
    kernel: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
) -> Pairs:
    """The padding that ``pad_type`` asks for at input ``size``.

    ``same`` gives ``ceil(size / stride)`` outputs, the odd element after; ``same_lower`` puts the odd element before.
    (coremltools' docstring of `conv` says the opposite for even kernels; its TensorFlow frontend, which maps SAME to
    ``same``, needs this reading, and so does the pair of names.)
    """
    if pad_type == "custom":
        return [(pad[2 * i], pad[2 * i + 1]) for i in range(len(kernel))]
    if pad_type == "valid":
        return [(0, 0)] * len(kernel)
    pairs = []
    for n, k, s, d in zip(size, kernel, strides, dilations, strict=True):
        total = max(0, (-(-n // s) - 1) * s + (k - 1) * d + 1 - n)
        few, many = total // 2, total - total // 2
        pairs.append((few, many) if pad_type == "same" else (many, few))
    return pairs


def symmetric(pairs: Pairs) -> bool:
    return all(before == after for before, after in pairs)


def pad(x: Tensor, pairs: Pairs, value: float = 0.0) -> Tensor:
    """``x`` with the last axes padded by a constant."""
    return F.pad(x, [n for pair in reversed(pairs) for n in pair], value=value)
