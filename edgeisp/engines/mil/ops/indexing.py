"""Slices, gathers, and tensors made of shapes and indices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from edgeisp.errors import UnavailableError


def slice_by_index(
    x: Tensor,
    begin: list[int],
    end: list[int],
    stride: list[int] | None = None,
    begin_mask: list[bool] | None = None,
    end_mask: list[bool] | None = None,
    squeeze_mask: list[bool] | None = None,
) -> Tensor:
    """numpy's slices, negative strides included; a squeezed axis is indexed at ``begin`` and dropped."""
    places = _places(x, begin, end, stride, begin_mask, end_mask)
    dropped = []
    for axis, place in enumerate(places):
        if squeeze_mask and squeeze_mask[axis]:
            x = x.narrow(axis, begin[axis] % x.shape[axis], 1)
            dropped.append(axis)
        else:
            x = _take(x, axis, place)
    return x.squeeze(tuple(dropped)) if dropped else x


def slice_by_size(x: Tensor, begin: list[int], size: list[int]) -> Tensor:
    for axis, (start, length) in enumerate(zip(begin, size, strict=True)):
        start %= x.shape[axis]
        x = x.narrow(axis, start, x.shape[axis] - start if length == -1 else length)
    return x


def slice_update(
    x: Tensor,
    update: Tensor,
    begin: list[int],
    end: list[int],
    stride: list[int] | None = None,
    begin_mask: list[bool] | None = None,
    end_mask: list[bool] | None = None,
    squeeze_mask: list[bool] | None = None,
) -> Tensor:
    if squeeze_mask and any(squeeze_mask):
        raise UnavailableError(
            "slice_update with squeezed axes is not in the MIL interpreter", cure="verify it on macOS"
        )
    places = _places(x, begin, end, stride, begin_mask, end_mask)
    grid = torch.meshgrid(*[torch.tensor(list(place)) for place in places], indexing="ij")
    out = x.clone()
    out[grid] = update
    return out


def gather(
    x: Tensor, indices: Tensor, axis: int, batch_dims: int = 0, validate_indices: bool = False
) -> Tensor:
    """``x[..., indices, ...]`` along ``axis``; the first ``batch_dims`` axes of both run together."""
    axis %= x.ndim
    indices = _positive(indices, x.shape[axis])
    if batch_dims == 0:
        picked = x.index_select(axis, indices.reshape(-1))
        return picked.reshape(*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])
    return torch.stack(
        [gather(a, i, axis - 1, batch_dims - 1) for a, i in zip(x.unbind(0), indices.unbind(0), strict=True)]
    )


def gather_along_axis(x: Tensor, indices: Tensor, axis: int, validate_indices: bool = False) -> Tensor:
    return torch.take_along_dim(x, _positive(indices, x.shape[axis]), axis)


def gather_nd(x: Tensor, indices: Tensor, batch_dims: int = 0, validate_indices: bool = False) -> Tensor:
    if batch_dims > 0:
        pairs = zip(x.unbind(0), indices.unbind(0), strict=True)
        return torch.stack([gather_nd(a, i, batch_dims - 1) for a, i in pairs])
    return x[tuple(_positive(index, x.shape[axis]) for axis, index in enumerate(indices.unbind(-1)))]


def one_hot(
    indices: Tensor, one_hot_vector_size: int, axis: int, on_value: Tensor, off_value: Tensor
) -> Tensor:
    axis %= indices.ndim + 1
    shape = [1] * (indices.ndim + 1)
    shape[axis] = one_hot_vector_size
    hit = indices.unsqueeze(axis) == torch.arange(one_hot_vector_size).reshape(shape)
    return torch.where(hit, on_value, off_value)


def fill(shape: list[int], value: Tensor) -> Tensor:
    return value.expand(shape).contiguous()


def fill_like(ref_tensor: Tensor, value: Tensor) -> Tensor:
    return value.expand(ref_tensor.shape).contiguous()


def range_1d(start: Tensor, end: Tensor, step: Tensor) -> Tensor:
    return torch.arange(start.item(), end.item(), step.item(), dtype=start.dtype)


def shape(x: Tensor) -> Tensor:
    return torch.tensor(x.shape, dtype=torch.int32)


def non_zero(x: Tensor) -> Tensor:
    return x.nonzero()


def _places(
    x: Tensor,
    begin: list[int],
    end: list[int],
    stride: list[int] | None,
    begin_mask: list[bool] | None,
    end_mask: list[bool] | None,
) -> list[range]:
    free = [False] * x.ndim
    bounds = zip(
        begin, end, stride or [1] * x.ndim, begin_mask or free, end_mask or free, x.shape, strict=True
    )
    return [
        range(*slice(None if bm else b, None if em else e, s).indices(n)) for b, e, s, bm, em, n in bounds
    ]


def _take(x: Tensor, axis: int, place: range) -> Tensor:
    if place.step > 0:
        window = (
            x.narrow(axis, place.start, max(0, place.stop - place.start))
            if len(place)
            else x.narrow(axis, 0, 0)
        )
        return window[(slice(None),) * axis + (slice(None, None, place.step),)]
    return x.index_select(axis, torch.tensor(list(place), dtype=torch.long))


def _positive(indices: Tensor, size: int) -> Tensor:
    return torch.where(indices < 0, indices + size, indices).long()


OPS: dict[str, Callable[..., Any]] = {
    "fill": fill,
    "fill_like": fill_like,
    "gather": gather,
    "gather_along_axis": gather_along_axis,
    "gather_nd": gather_nd,
    "non_zero": non_zero,
    "one_hot": one_hot,
    "range_1d": range_1d,
    "shape": shape,
    "slice_by_index": slice_by_index,
    "slice_by_size": slice_by_size,
    "slice_update": slice_update,
}
