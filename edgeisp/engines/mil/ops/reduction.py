"""Reductions over axes (all of them where none are named), sorting and running sums."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def over_axes(function: Callable[[Tensor, list[int], bool], Tensor]) -> Callable[..., Tensor]:
    def op(x: Tensor, keep_dims: bool, axes: list[int] | None = None) -> Tensor:
        return function(x, list(range(x.ndim)) if axes is None else axes, keep_dims)

    return op


def product(x: Tensor, axes: list[int], keep_dims: bool) -> Tensor:
    for axis in sorted((axis % x.ndim for axis in axes), reverse=True):
        x = x.prod(axis, keepdim=keep_dims)
    return x


def argmax(x: Tensor, axis: int, keep_dims: bool, output_dtype: str = "int32") -> Tensor:
    return x.argmax(axis, keep_dims)


def argmin(x: Tensor, axis: int, keep_dims: bool, output_dtype: str = "int32") -> Tensor:
    return x.argmin(axis, keep_dims)


def argsort(x: Tensor, axis: int, ascending: bool) -> Tensor:
    return x.argsort(stable=True, dim=axis, descending=not ascending)


def topk(
    x: Tensor,
    k: int,
    axis: int,
    ascending: bool,
    sort: bool = True,
    return_indices: bool = True,
    output_indices_dtype: str = "int32",
) -> tuple[Tensor, ...]:
    best = torch.topk(x, k, axis, largest=not ascending, sorted=sort)
    return (best.values, best.indices) if return_indices else (best.values,)


def cumsum(x: Tensor, axis: int, exclusive: bool, reverse: bool) -> Tensor:
    if reverse:
        x = x.flip(axis)
    total = x.cumsum(axis)
    if exclusive:
        total = total - x
    return total.flip(axis) if reverse else total


OPS: dict[str, Callable[..., Any]] = {
    **{
        name: over_axes(function)
        for name, function in {
            "reduce_l1_norm": lambda x, axes, keep: x.abs().sum(axes, keepdim=keep),
            "reduce_l2_norm": lambda x, axes, keep: x.square().sum(axes, keepdim=keep).sqrt(),
            "reduce_log_sum": lambda x, axes, keep: x.sum(axes, keepdim=keep).log(),
            "reduce_log_sum_exp": lambda x, axes, keep: x.logsumexp(axes, keepdim=keep),
            "reduce_max": lambda x, axes, keep: x.amax(axes, keepdim=keep),
            "reduce_mean": lambda x, axes, keep: x.mean(axes, keepdim=keep),
            "reduce_min": lambda x, axes, keep: x.amin(axes, keepdim=keep),
            "reduce_prod": product,
            "reduce_sum": lambda x, axes, keep: x.sum(axes, keepdim=keep),
            "reduce_sum_square": lambda x, axes, keep: x.square().sum(axes, keepdim=keep),
        }.items()
    },
    "argsort": argsort,
    "cumsum": cumsum,
    "reduce_argmax": argmax,
    "reduce_argmin": argmin,
    "topk": topk,
}
