"""Ops that move elements and compute nothing: shapes, axes, joins, splits, blocks, padding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from edgeisp.errors import BadInputError


def reshape(x: Tensor, shape: list[int]) -> Tensor:
    """``0`` takes over the dimension of ``x`` at the same place counted from the right (1 beyond its rank)."""
    ahead = len(shape) - x.ndim
    return x.reshape([n if n else x.shape[i - ahead] if i >= ahead else 1 for i, n in enumerate(shape)])


def transpose(x: Tensor, perm: list[int]) -> Tensor:
    return x.permute(perm)


def squeeze(x: Tensor, axes: list[int] | None = None) -> Tensor:
    return x.squeeze() if axes is None else x.squeeze(tuple(axes))


def expand_dims(x: Tensor, axes: list[int]) -> Tensor:
    rank = x.ndim + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        x = x.unsqueeze(axis)
    return x


def flatten2d(x: Tensor, axis: int) -> Tensor:
    axis %= x.ndim
    rows = x.shape[:axis].numel()
    return x.reshape(rows, -1)


def concat(values: list[Tensor], axis: int, interleave: bool) -> Tensor:
    values = [value.reshape(1) if value.ndim == 0 else value for value in values]
    if not interleave:
        return torch.cat(values, axis)
    axis %= values[0].ndim
    return torch.stack(values, axis + 1).flatten(axis, axis + 1)


def stack(values: list[Tensor], axis: int) -> Tensor:
    return torch.stack(values, axis)


def split(
    x: Tensor, axis: int, num_splits: int | None = None, split_sizes: list[int] | None = None
) -> tuple[Tensor, ...]:
    if split_sizes is None:
        if num_splits is None:
            raise BadInputError(
                "a split names neither sizes nor a number of parts", cure="export the program again"
            )
        return x.tensor_split(num_splits, axis)
    parts: tuple[Tensor, ...] = x.split(split_sizes, axis)
    return parts


def tile(x: Tensor, reps: list[int]) -> Tensor:
    return x.repeat(reps)


def reverse(x: Tensor, axes: list[int] | None = None) -> Tensor:
    return x.flip(list(range(x.ndim)) if axes is None else axes)


def pixel_shuffle(x: Tensor, upscale_factor: int) -> Tensor:
    return F.pixel_shuffle(x, upscale_factor)


def pixel_unshuffle(x: Tensor, downscale_factor: int) -> Tensor:
    return F.pixel_unshuffle(x, downscale_factor)


def depth_to_space(x: Tensor, block_size: int) -> Tensor:
    """Channels in the order (row in block, column in block, output channel): TensorFlow's, not `pixel_shuffle`'s."""
    n, c, h, w = x.shape
    b = block_size
    blocks = x.reshape(n, b, b, c // (b * b), h, w)
    return blocks.permute(0, 3, 4, 1, 5, 2).reshape(n, c // (b * b), h * b, w * b)


def space_to_depth(x: Tensor, block_size: int) -> Tensor:
    n, c, h, w = x.shape
    b = block_size
    blocks = x.reshape(n, c, h // b, b, w // b, b)
    return blocks.permute(0, 3, 5, 1, 2, 4).reshape(n, c * b * b, h // b, w // b)


def space_to_batch(x: Tensor, block_shape: list[int], paddings: list[list[int]]) -> Tensor:
    (top, bottom), (left, right) = paddings
    x = F.pad(x, (left, right, top, bottom))
    n, c, h, w = x.shape
    a, b = block_shape
    blocks = x.reshape(n, c, h // a, a, w // b, b)
    return blocks.permute(3, 5, 0, 1, 2, 4).reshape(n * a * b, c, h // a, w // b)


def batch_to_space(x: Tensor, block_shape: list[int], crops: list[list[int]]) -> Tensor:
    (top, bottom), (left, right) = crops
    n, c, h, w = x.shape
    a, b = block_shape
    blocks = x.reshape(a, b, n // (a * b), c, h, w)
    whole = blocks.permute(2, 3, 4, 0, 5, 1).reshape(n // (a * b), c, h * a, w * b)
    return whole[..., top : h * a - bottom, left : w * b - right]


def pad(x: Tensor, pad: list[int], mode: str, constant_val: float = 0.0) -> Tensor:
    """Pads the last ``len(pad) / 2`` axes, any number of them, in every mode."""
    first = x.ndim - len(pad) // 2
    if mode == "constant":
        return F.pad(
            x, [n for i in reversed(range(len(pad) // 2)) for n in pad[2 * i : 2 * i + 2]], value=constant_val
        )
    for i in range(len(pad) // 2):
        size = x.shape[first + i]
        places = torch.arange(-pad[2 * i], size + pad[2 * i + 1])
        if mode == "reflect":
            places = (size - 1) - ((size - 1) - places.abs()).abs()
        x = x.index_select(first + i, places.clamp(0, size - 1))
    return x


def crop(x: Tensor, crop_height: list[int], crop_width: list[int]) -> Tensor:
    (top, bottom), (left, right) = crop_height, crop_width
    return x[..., top : x.shape[-2] - bottom, left : x.shape[-1] - right]


def sliding_windows(x: Tensor, axis: int, size: int, stride: int) -> Tensor:
    axis %= x.ndim
    return x.unfold(axis, size, stride).movedim(-1, axis + 1)


def band_part(x: Tensor, lower: int, upper: int) -> Tensor:
    rows, columns = torch.arange(x.shape[-2])[:, None], torch.arange(x.shape[-1])[None]
    inside = torch.ones(x.shape[-2:], dtype=torch.bool)
    if lower >= 0:
        inside &= rows - columns <= lower
    if upper >= 0:
        inside &= columns - rows <= upper
    return torch.where(inside, x, torch.zeros((), dtype=x.dtype))


OPS: dict[str, Callable[..., Any]] = {
    "band_part": band_part,
    "batch_to_space": batch_to_space,
    "concat": concat,
    "crop": crop,
    "depth_to_space": depth_to_space,
    "expand_dims": expand_dims,
    "flatten2d": flatten2d,
    "pad": pad,
    "pixel_shuffle": pixel_shuffle,
    "pixel_unshuffle": pixel_unshuffle,
    "reshape": reshape,
    "reverse": reverse,
    "sliding_windows": sliding_windows,
    "space_to_batch": space_to_batch,
    "space_to_depth": space_to_depth,
    "split": split,
    "squeeze": squeeze,
    "stack": stack,
    "tile": tile,
    "transpose": transpose,
}
