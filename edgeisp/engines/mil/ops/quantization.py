"""Quantize and dequantize of activations. Integers are kept as int32; compressed weights are read, not executed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

RANGES = {"int8": (-128, 127), "uint8": (0, 255)}


def quantize(
    input: Tensor, scale: Tensor, output_dtype: str, axis: int | None = None, zero_point: Tensor | None = None
) -> Tensor:
    low, high = RANGES[output_dtype]
    steps = torch.round(input / _along(scale, input, axis))
    return (steps + _offset(zero_point, input, axis)).clamp(low, high).to(torch.int32)


def dequantize(
    input: Tensor, scale: Tensor, axis: int | None = None, zero_point: Tensor | None = None
) -> Tensor:
    return (input.float() - _offset(zero_point, input, axis)) * _along(scale, input, axis)


def _offset(zero_point: Tensor | None, x: Tensor, axis: int | None) -> Tensor | float:
    return 0.0 if zero_point is None else _along(zero_point.float(), x, axis)


def _along(values: Tensor, x: Tensor, axis: int | None) -> Tensor:
    """A scalar as it is, a vector laid along ``axis`` of ``x``."""
    if values.ndim == 0 or axis is None:
        return values.reshape(())
    shape = [1] * x.ndim
    shape[axis] = -1
    return values.reshape(shape)


OPS: dict[str, Callable[..., Any]] = {"dequantize": dequantize, "quantize": quantize}
