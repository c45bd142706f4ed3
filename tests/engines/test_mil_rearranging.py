"""Ops of the MIL interpreter that move elements, against numpy's indexing and index arithmetic written out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

RNG = np.random.default_rng(2)
X = RNG.normal(0, 1, (2, 8, 4, 6)).astype(np.float32)
Y = RNG.normal(0, 1, (2, 8, 4, 6)).astype(np.float32)
FLAT = np.arange(5, dtype=np.float32)
ROWS = np.arange(24, dtype=np.float32).reshape(4, 6)
I32 = np.int32


def op(name: str, array: np.ndarray, expected: Callable[[np.ndarray], Any], **parameters: Any) -> tuple:
    return (array,), lambda mb, x: getattr(mb, name)(x=x, **parameters), expected


def blocks(x: np.ndarray, b: int, channel: Callable[[int, int, int, int], int]) -> np.ndarray:
    """Channels to pixels: output pixel (y*b+i, x*b+j) of channel c comes from ``channel(c, i, j, channels_out)``."""
    n, c, h, w = x.shape
    out = np.zeros((n, c // b**2, h * b, w * b), x.dtype)
    for k in range(c // b**2):
        for i in range(b):
            for j in range(b):
                out[:, k, i::b, j::b] = x[:, channel(k, i, j, c // b**2)]
    return out


def shuffled(x: np.ndarray) -> np.ndarray:
    return blocks(x, 2, lambda c, i, j, _: c * 4 + i * 2 + j)


def tensorflow(x: np.ndarray) -> np.ndarray:
    return blocks(x, 2, lambda c, i, j, n: (i * 2 + j) * n + c)


def inverse(forward: Callable[[np.ndarray], np.ndarray], x: np.ndarray, b: int = 2) -> np.ndarray:
    """The inverse of a permutation of elements, found by sending their numbers through it."""
    n, c, h, w = x.shape
    numbers = np.arange(x.size, dtype=np.float64).reshape(n, c * b * b, h // b, w // b)
    out = np.zeros(x.size, x.dtype)
    out[forward(numbers).astype(int).reshape(-1)] = x.reshape(-1)
    return out.reshape(numbers.shape)


def to_batch(x: np.ndarray) -> np.ndarray:
    x = np.pad(x, [(0, 0), (0, 0), (1, 1), (0, 0)])
    return np.concatenate([x[:, :, i::2, j::3] for i in range(2) for j in range(3)], 0)


def from_batch(x: np.ndarray) -> np.ndarray:
    out = np.zeros((1, x.shape[1], x.shape[2] * 2, x.shape[3] * 3), x.dtype)
    for k in range(6):
        out[:, :, k // 3 :: 2, k % 3 :: 3] = x[k]
    return out[:, :, 1:-1, :]


def padded(mode: str, array: np.ndarray, pad: list[int], **parameters: Any) -> tuple:
    pairs = [(0, 0)] * (array.ndim - len(pad) // 2) + [tuple(pad[i : i + 2]) for i in range(0, len(pad), 2)]
    extra = {"constant_values": parameters["constant_val"]} if mode == "constant" else {}
    name = {"constant": "constant", "reflect": "reflect", "replicate": "edge"}[mode]
    return op("pad", array, lambda x: np.pad(x, pairs, mode=name, **extra), pad=pad, mode=mode, **parameters)


def updated(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    out = x.copy()
    out[:, 1:7:3, 1:3, ::2] = y[:, :2, :2, :3]
    return out


CASES = {
    "reshape/plain": op("reshape", X, lambda x: x.reshape(4, 96), shape=[4, 96]),
    "reshape/minus one": op("reshape", X, lambda x: x.reshape(4, 4, 24), shape=[4, -1, 24]),
    "reshape/zeros keep": op("reshape", X, lambda x: x.reshape(4, 4, 4, 6), shape=[4, -1, 0, 0]),
    "reshape/zeros count from the right": op(
        "reshape", ROWS, lambda x: x.reshape(1, 2, 2, 6), shape=[0, 2, -1, 0]
    ),
    "transpose/plain": op("transpose", X, lambda x: x.transpose(0, 3, 1, 2), perm=[0, 3, 1, 2]),
    "squeeze/one": op("squeeze", X[:1, :1], lambda x: x[0], axes=[0]),
    "squeeze/all": op("squeeze", X[:1, :1], lambda x: x[0, 0]),
    "expand_dims/two": op("expand_dims", ROWS, lambda x: x[:, None, :, None], axes=[1, -1]),
    "flatten2d/plain": op("flatten2d", X, lambda x: x.reshape(16, 24), axis=2),
    "concat/plain": (
        (X, Y),
        lambda mb, x, y: mb.concat(values=[x, y, x], axis=1),
        lambda x, y: np.concatenate([x, y, x], 1),
    ),
    "concat/with a constant": (
        (ROWS,),
        lambda mb, x: mb.concat(values=[x, ROWS[:2] + 1], axis=0),
        lambda x: np.concatenate([x, ROWS[:2] + 1], 0),
    ),
    "concat/interleaved": (
        (X, Y),
        lambda mb, x, y: mb.concat(values=[x, y], axis=1, interleave=True),
        lambda x, y: np.stack([x, y], 2).reshape(2, 16, 4, 6),
    ),
    "stack/plain": (
        (X, Y),
        lambda mb, x, y: mb.stack(values=[x, y], axis=1),
        lambda x, y: np.stack([x, y], 1),
    ),
    "split/sizes": op("split", X, lambda x: [x[:, :1], x[:, 1:6], x[:, 6:]], split_sizes=[1, 5, 2], axis=1),
    "split/number": op("split", X, lambda x: np.split(x, 4, 1), num_splits=4, axis=1),
    "tile/plain": op("tile", ROWS, lambda x: np.tile(x, (2, 3)), reps=[2, 3]),
    "reverse/axes": op("reverse", X, lambda x: x[:, ::-1, :, ::-1], axes=[1, 3]),
    "reverse/all": op("reverse", ROWS, lambda x: x[::-1, ::-1]),
    "pixel_shuffle/plain": op("pixel_shuffle", X, shuffled, upscale_factor=2),
    "pixel_unshuffle/plain": op(
        "pixel_unshuffle", X, lambda x: inverse(shuffled, x), downscale_factor=np.uint32(2)
    ),
    "depth_to_space/tensorflow order": op("depth_to_space", X, tensorflow, block_size=2),
    "space_to_depth/tensorflow order": op(
        "space_to_depth", X, lambda x: inverse(tensorflow, x), block_size=2
    ),
    "space_to_batch/plain": op(
        "space_to_batch", X, to_batch, block_shape=[2, 3], paddings=np.array([[1, 1], [0, 0]], I32)
    ),
    "batch_to_space/plain": op(
        "batch_to_space",
        RNG.normal(0, 1, (6, 2, 3, 4)).astype(np.float32),
        from_batch,
        block_shape=[2, 3],
        crops=np.array([[1, 1], [0, 0]], I32),
    ),
    "pad/constant": padded("constant", X, [1, 0, 2, 3], constant_val=np.float32(0.5)),
    "pad/constant, all axes": padded("constant", X, [0, 1, 1, 0, 2, 1, 0, 3], constant_val=np.float32(0)),
    "pad/reflect": padded("reflect", X, [3, 1, 2, 5]),
    "pad/replicate": padded("replicate", X, [1, 3, 2, 0]),
    "pad/replicate channels": padded("replicate", X, [1, 2, 0, 0, 0, 0]),
    "crop/plain": op("crop", X, lambda x: x[..., 1:2, 2:5], crop_height=[1, 2], crop_width=[2, 1]),
    "sliding_windows/plain": op(
        "sliding_windows",
        X,
        lambda x: np.stack([x[:, i : i + 3] for i in (0, 2, 4)], 1),
        axis=1,
        size=3,
        stride=2,
    ),
    "band_part/lower": op("band_part", ROWS, lambda x: np.tril(x), lower=-1, upper=0),
    "band_part/band": op("band_part", ROWS, lambda x: np.triu(np.tril(x, 2), -1), lower=1, upper=2),
    "slice_by_index/plain": op(
        "slice_by_index", X, lambda x: x[:, 1:7, 0:3, 2:6], begin=[0, 1, 0, 2], end=[2, 7, 3, 6]
    ),
    "slice_by_index/strided masks": op(
        "slice_by_index",
        X,
        lambda x: x[:, ::2, 1::2, :-1],
        begin=[0, 0, 1, 0],
        end=[0, 0, 0, -1],
        stride=[1, 2, 2, 1],
        begin_mask=[True, True, False, False],
        end_mask=[True, True, True, False],
    ),
    "slice_by_index/negative stride": op(
        "slice_by_index",
        X,
        lambda x: x[:, 6:1:-2, ::-1],
        begin=[0, 6, 0, 0],
        end=[2, 1, 0, 6],
        stride=[1, -2, -1, 1],
        begin_mask=[False, False, True, False],
        end_mask=[False, False, True, False],
    ),
    "slice_by_index/squeezed": op(
        "slice_by_index",
        X,
        lambda x: x[1, :, -1, 1:3],
        begin=[1, 0, -1, 1],
        end=[0, 8, 0, 3],
        squeeze_mask=[True, False, True, False],
    ),
    "slice_by_size/begin from an input": (
        (ROWS, np.array([1, 2], np.float32)),
        lambda mb, x, b: mb.slice_by_size(x=x, begin=mb.cast(x=b, dtype="int32"), size=[3, 4]),
        lambda x, b: x[1:, 2:],
    ),
    "slice_by_size/plain": op(
        "slice_by_size", X, lambda x: x[:, 3:5, 1:], begin=[0, 3, 1, 0], size=[-1, 2, -1, 6]
    ),
    "slice_update/strided": (
        (X, Y[:, :2, :2, :3]),
        lambda mb, x, y: mb.slice_update(
            x=x, update=y, begin=[0, 1, 1, 0], end=[2, 7, 3, 6], stride=[1, 3, 1, 2]
        ),
        updated,
    ),
    "gather/constant indices": op(
        "gather", X, lambda x: x[:, [5, 0, 0]], indices=np.array([5, 0, 0], I32), axis=1
    ),
    "gather/matrix of indices": op(
        "gather", ROWS, lambda x: x[:, [[0, 5], [2, 2]]], indices=np.array([[0, 5], [2, 2]], I32), axis=1
    ),
    "gather/batched": op(
        "gather",
        ROWS,
        lambda x: np.stack([x[i, [i, 5]] for i in range(4)]),
        indices=np.array([[i, 5] for i in range(4)], I32),
        axis=1,
        batch_dims=1,
    ),
    "gather/indices from an input": (
        (FLAT, np.array([3, 1], np.float32)),
        lambda mb, x, i: mb.gather(x=x, indices=mb.cast(x=i, dtype="int32"), axis=0),
        lambda x, i: x[[3, 1]],
    ),
    "gather_along_axis/plain": op(
        "gather_along_axis",
        ROWS,
        lambda x: np.take_along_axis(x, np.array([[1, 1, 0, 2, 3, 0]]), 0),
        indices=np.array([[1, 1, 0, 2, 3, 0]], I32),
        axis=0,
    ),
    "gather_nd/plain": op(
        "gather_nd", ROWS, lambda x: x[[0, 3], [5, 2]], indices=np.array([[0, 5], [3, 2]], I32)
    ),
    "gather_nd/batched": op(
        "gather_nd",
        ROWS,
        lambda x: x[np.arange(4), [5, 4, 3, 2]],
        indices=np.array([[5], [4], [3], [2]], I32),
        batch_dims=1,
    ),
    "one_hot/plain": (
        (FLAT[:3],),
        lambda mb, x: mb.one_hot(
            indices=mb.cast(x=x, dtype="int32"),
            one_hot_vector_size=4,
            on_value=np.float32(2),
            off_value=np.float32(-1),
        ),
        lambda x: np.where(np.eye(4)[x.astype(int)] > 0, 2, -1),
    ),
    "fill_like/plain": (
        (ROWS,),
        lambda mb, x: mb.fill_like(ref_tensor=x, value=np.float32(0.25)),
        lambda x: np.full_like(x, 0.25),
    ),
    "fill/plain": (
        (ROWS,),
        lambda mb, x: mb.add(x=x, y=mb.fill(shape=[4, 6], value=np.float32(0.25))),
        lambda x: x + 0.25,
    ),
    "shape/plain": op("shape", X, lambda x: np.array(x.shape)),
    "range_1d/plain": (
        (FLAT,),
        lambda mb, x: mb.add(
            x=x, y=mb.range_1d(start=np.float32(1), end=np.float32(3.5), step=np.float32(0.5))
        ),
        lambda x: x + np.arange(1, 3.5, 0.5),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_op_moves_every_element_to_its_place_when_read_back(check: Callable[[str], None], name: str) -> None:
    check(name)
