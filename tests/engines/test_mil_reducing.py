"""Reductions, products, normalisations, resampling and quantization of the MIL interpreter against numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

RNG = np.random.default_rng(3)
F, I32 = np.float32, np.int32
X = RNG.normal(0, 1, (2, 3, 4, 5)).astype(F)
P = RNG.uniform(0.5, 1.5, (2, 3, 4, 5)).astype(F)
A, B = RNG.normal(0, 1, (2, 3, 4)).astype(F), RNG.normal(0, 1, (2, 4, 5)).astype(F)
W, BIAS = RNG.normal(0, 1, (6, 4)).astype(F), RNG.normal(0, 1, 6).astype(F)
MEAN, VARIANCE, GAMMA, BETA = (RNG.uniform(0.5, 2, 3).astype(F) for _ in range(4))


def per_channel(values: np.ndarray) -> np.ndarray:
    return values.reshape(1, -1, 1, 1)


def op(name: str, array: np.ndarray, expected: Callable[[np.ndarray], Any], **parameters: Any) -> tuple:
    return (array,), lambda mb, x: getattr(mb, name)(x=x, **parameters), expected


def reduced(name: str, function: Callable[..., np.ndarray], array: np.ndarray = X) -> dict[str, tuple]:
    return {
        f"{name}/kept": op(name, array, lambda x: function(x, (1,), True), axes=[1], keep_dims=True),
        f"{name}/dropped": op(
            name, array, lambda x: function(x, (2, 3), False), axes=[-1, 2], keep_dims=False
        ),
        f"{name}/all axes": op(name, array, lambda x: function(x, (0, 1, 2, 3), True), keep_dims=True),
    }


def normalised(x: np.ndarray, axes: tuple[int, ...], epsilon: float) -> np.ndarray:
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + epsilon)


def local_response(x: np.ndarray) -> np.ndarray:
    squares = np.pad(x**2, [(0, 0), (1, 1), (0, 0), (0, 0)])
    around = squares[:, :-2] + squares[:, 1:-1] + squares[:, 2:]
    return x / (2 + 0.3 / 3 * around) ** 0.6


def interpolated(x: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Linear interpolation of the last two axes at fractional places."""

    def along(v: np.ndarray, at: np.ndarray) -> np.ndarray:
        return np.apply_along_axis(lambda line: np.interp(at, np.arange(len(line)), line), -1, v)

    return along(along(x, columns).swapaxes(-1, -2), rows).swapaxes(-1, -2)


def resized(
    name: str, places: Callable[[int, int], np.ndarray], height: int, width: int, **parameters: Any
) -> tuple:
    return op(name, X, lambda x: interpolated(x, places(4, height), places(5, width)).astype(F), **parameters)


def bilinear(mode: str, places: Callable[[int, int], np.ndarray], height: int = 7, width: int = 3) -> tuple:
    return resized(
        "resize_bilinear", places, height, width,
        target_size_height=height, target_size_width=width, sampling_mode=mode,
    )  # fmt: skip


def default(n: int, m: int) -> np.ndarray:
    return np.minimum(np.arange(m) * n / m, n - 1)


def aligned(n: int, m: int) -> np.ndarray:
    return np.linspace(0, n - 1, m)


def unaligned(n: int, m: int) -> np.ndarray:
    return np.clip((np.arange(m) + 0.5) * n / m - 0.5, 0, n - 1)


def offset(n: int, m: int) -> np.ndarray:
    return np.clip((np.arange(m) + 0.5) * max(1, n - 1) / m, 0, n - 1)


def nearest(x: np.ndarray, height: int, width: int) -> np.ndarray:
    rows, columns = np.arange(height) * x.shape[-2] // height, np.arange(width) * x.shape[-1] // width
    return x[..., rows, :][..., columns]


def attended(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    shares = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    return shares @ v


def quantized(zero_point: int, low: int, high: int, name: str) -> tuple:
    kind = {"int8": np.int8, "uint8": np.uint8}[name]

    def build(mb: Any, x: Any) -> Any:
        q = mb.quantize(input=x, scale=F(0.05), zero_point=kind(zero_point), output_dtype=name)
        return mb.cast(x=q, dtype="int32")

    return (3 * X,), build, lambda x: np.clip(np.rint(x / F(0.05)) + zero_point, low, high)


def channel_quantized(mb: Any, x: Any) -> Any:
    scale, zero = np.array([0.1, 0.2, 0.3], F), np.array([0, 1, -2], np.int8)
    q = mb.quantize(input=x, scale=scale, zero_point=zero, axis=1, output_dtype="int8")
    return mb.dequantize(input=q, scale=scale, zero_point=zero, axis=1)


ORDER = np.array([[3, 1, 2, 5], [9, 7, 8, 0]], F)
CASES = {
    **reduced("reduce_sum", lambda x, axes, keep: x.sum(axes, keepdims=keep)),
    **reduced("reduce_mean", lambda x, axes, keep: x.mean(axes, keepdims=keep)),
    **reduced("reduce_max", lambda x, axes, keep: x.max(axes, keepdims=keep)),
    **reduced("reduce_min", lambda x, axes, keep: x.min(axes, keepdims=keep)),
    **reduced("reduce_prod", lambda x, axes, keep: x.prod(axes, keepdims=keep), P),
    **reduced("reduce_l1_norm", lambda x, axes, keep: np.abs(x).sum(axes, keepdims=keep)),
    **reduced("reduce_l2_norm", lambda x, axes, keep: np.sqrt((x**2).sum(axes, keepdims=keep))),
    **reduced("reduce_sum_square", lambda x, axes, keep: (x**2).sum(axes, keepdims=keep)),
    **reduced("reduce_log_sum", lambda x, axes, keep: np.log(x.sum(axes, keepdims=keep)), P),
    **reduced("reduce_log_sum_exp", lambda x, axes, keep: np.log(np.exp(x).sum(axes, keepdims=keep))),
    "reduce_argmax/plain": op("reduce_argmax", X, lambda x: x.argmax(1), axis=1, keep_dims=False),
    "reduce_argmin/kept": op("reduce_argmin", X, lambda x: x.argmin(-1)[..., None], axis=-1, keep_dims=True),
    "argsort/descending": op("argsort", ORDER, lambda x: np.argsort(-x, 1), axis=1),
    "argsort/ascending": op("argsort", ORDER, lambda x: np.argsort(x, 0), axis=0, ascending=True),
    "topk/largest": op(
        "topk", ORDER, lambda x: [np.array([[5, 3], [9, 8]]), np.array([[3, 0], [0, 2]])], k=2, axis=1
    ),
    "topk/smallest": op(
        "topk", ORDER, lambda x: [np.array([[1, 2], [0, 7]]), np.array([[1, 2], [3, 1]])], k=2, axis=1, ascending=True
    ),
    "cumsum/plain": op("cumsum", X, lambda x: x.cumsum(2), axis=2),
    "cumsum/exclusive": op("cumsum", X, lambda x: x.cumsum(2) - x, axis=2, exclusive=True),
    "cumsum/reverse": op("cumsum", X, lambda x: x[..., ::-1].cumsum(3)[..., ::-1], axis=3, reverse=True),
    "cumsum/exclusive reverse": op(
        "cumsum", X, lambda x: x[..., ::-1].cumsum(3)[..., ::-1] - x, axis=3, exclusive=True, reverse=True
    ),
    "matmul/plain": ((A, B), lambda mb, x, y: mb.matmul(x=x, y=y), lambda x, y: x @ y),
    "matmul/transposed": (
        (A, A),
        lambda mb, x, y: mb.matmul(x=x, y=y, transpose_x=True),
        lambda x, y: x.swapaxes(1, 2) @ y,
    ),
    "matmul/constant right": (
        (A,),
        lambda mb, x: mb.matmul(x=x, y=W, transpose_y=True),
        lambda x: x @ W.T,
    ),
    "linear/bias": ((A,), lambda mb, x: mb.linear(x=x, weight=W, bias=BIAS), lambda x: x @ W.T + BIAS),
    "einsum/two": (
        (X, P.transpose(0, 3, 2, 1).copy()),
        lambda mb, x, y: mb.einsum(values=[x, y], equation="nchw,nwhu->nchu"),
        lambda x, y: np.einsum("nchw,nwhu->nchu", x, y),
    ),
    "scaled_dot_product_attention/plain": (
        (A, A + 1, A * 2),
        lambda mb, q, k, v: mb.scaled_dot_product_attention(query=q, key=k, value=v),
        attended,
    ),
    "layer_norm/channels": op(
        "layer_norm",
        X,
        lambda x: normalised(x, (1,), 1e-4) * per_channel(GAMMA) + per_channel(BETA),
        axes=[1],
        gamma=GAMMA,
        beta=BETA,
        epsilon=F(1e-4),
    ),
    "layer_norm/trailing": op("layer_norm", X, lambda x: normalised(x, (2, 3), 1e-5), axes=[-2, -1]),
    "batch_norm/plain": op(
        "batch_norm",
        X,
        lambda x: (
            per_channel(GAMMA) * (x - per_channel(MEAN)) / np.sqrt(per_channel(VARIANCE) + 1e-3) + per_channel(BETA)
        ),
        mean=MEAN,
        variance=VARIANCE,
        gamma=GAMMA,
        beta=BETA,
        epsilon=F(1e-3),
    ),
    "instance_norm/plain": op(
        "instance_norm",
        X,
        lambda x: normalised(x, (2, 3), 1e-5) * per_channel(GAMMA) + per_channel(BETA),
        gamma=GAMMA,
        beta=BETA,
    ),
    "l2_norm/plain": op(
        "l2_norm", X, lambda x: x / np.sqrt((x**2).sum((1, 2, 3), keepdims=True) + 0.5), epsilon=F(0.5)
    ),
    "local_response_norm/plain": op(
        "local_response_norm", X, local_response, size=3, alpha=F(0.3), beta=F(0.6), k=F(2)
    ),
    "resize_bilinear/default": bilinear("DEFAULT", default),
    "resize_bilinear/strict": bilinear("STRICT_ALIGN_CORNERS", aligned),
    "resize_bilinear/aligned": bilinear("ALIGN_CORNERS", aligned),
    "resize_bilinear/aligned to one": bilinear(
        "ALIGN_CORNERS", lambda n, m: aligned(n, m) if m > 1 else np.array([(n - 1) / 2]), 1, 9
    ),
    "resize_bilinear/unaligned": bilinear("UNALIGN_CORNERS", unaligned),
    "resize_bilinear/offset": bilinear("OFFSET_CORNERS", offset),
    "resize_nearest_neighbor/plain": op(
        "resize_nearest_neighbor", X, lambda x: nearest(x, 7, 3), target_size_height=7, target_size_width=3
    ),
    "upsample_nearest_neighbor/plain": op(
        "upsample_nearest_neighbor", X, lambda x: nearest(x, 8, 15), scale_factor_height=2, scale_factor_width=3
    ),
    "upsample_bilinear/aligned": resized(
        "upsample_bilinear", aligned, 8, 10, scale_factor_height=2, scale_factor_width=2, align_corners=True
    ),
    "upsample_bilinear/half pixel": resized(
        "upsample_bilinear", unaligned, 8, 10, scale_factor_height=2, scale_factor_width=2, align_corners=False
    ),
    "upsample_bilinear/neither": resized(
        "upsample_bilinear", default, 8, 10,
        scale_factor_height=2, scale_factor_width=2, align_corners=False, half_pixel_centers=False,
    ),
    "resize/linear": resized(
        "resize", unaligned, 7, 3,
        shape=[7, 3], resized_dims=np.uint32(2), interpolation_mode="LINEAR", sampling_mode="UNALIGN_CORNERS",
    ),
    "resize/one kept": op(
        "resize", X, lambda x: nearest(x, 4, 10), shape=[1, 0, 10], resized_dims=np.uint32(2),
        interpolation_mode="NEAREST_NEIGHBOR",
    ),
    "quantize/int8": quantized(-3, -128, 127, "int8"),
    "quantize/uint8": quantized(100, 0, 255, "uint8"),
    "dequantize/per channel": (
        (X,),
        channel_quantized,
        lambda x: np.rint(x / per_channel(np.array([0.1, 0.2, 0.3], F))) * per_channel(np.array([0.1, 0.2, 0.3], F)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_op_computes_its_definition_when_read_back(check: Callable[[str], None], name: str) -> None:
    check(name)
