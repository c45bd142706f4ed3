"""Convolutions, transposed convolutions and pools of the MIL interpreter against sums over windows in numpy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest

RNG = np.random.default_rng(1)


def random(*shape: int) -> np.ndarray:
    return RNG.normal(0, 1, shape).astype(np.float32)


Pads = Sequence[tuple[int, int]]


def windows(x: np.ndarray, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]) -> Any:
    """Yields each output place with the window of ``x`` (batch and channels whole) above it."""
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
    counts = [(n - r) // s + 1 for n, r, s in zip(x.shape[2:], reach, strides, strict=True)]
    for place in product(*map(range, counts)):
        cut = [
            slice(p * s, p * s + r, d) for p, s, r, d in zip(place, strides, reach, dilations, strict=True)
        ]
        yield place, counts, x[(slice(None), slice(None), *cut)]


def convolve(
    x: np.ndarray,
    w: np.ndarray,
    pads: Pads,
    strides: Sequence[int] = (1, 1),
    dilations: Sequence[int] = (1, 1),
    groups: int = 1,
    bias: np.ndarray | None = None,
) -> np.ndarray:
    x = np.pad(x, [(0, 0), (0, 0), *pads])
    outs = []
    for group in range(groups):
        part = np.split(x, groups, 1)[group]
        kernels = np.split(w, groups, 0)[group]
        for place, counts, window in windows(part, w.shape[2:], strides, dilations):
            if not any(place):
                outs.append(np.zeros((x.shape[0], kernels.shape[0], *counts), np.float32))
            axes = list(range(1, x.ndim))
            outs[-1][(slice(None), slice(None), *place)] = np.tensordot(window, kernels, (axes, axes))
    out = np.concatenate(outs, 1)
    return out if bias is None else out + bias.reshape(1, -1, *[1] * (x.ndim - 2))


def scatter(
    x: np.ndarray, w: np.ndarray, strides: Sequence[int], dilations: Sequence[int], groups: int
) -> np.ndarray:
    """The full transposed convolution: every input element adds its scaled kernel."""
    per_group = w.shape[1]
    sizes = [
        (n - 1) * s + (k - 1) * d + 1
        for n, k, s, d in zip(x.shape[2:], w.shape[2:], strides, dilations, strict=True)
    ]
    out = np.zeros((x.shape[0], per_group * groups, *sizes), np.float32)
    channels = x.shape[1] // groups
    for place in product(*map(range, x.shape[2:])):
        for tap in product(*map(range, w.shape[2:])):
            at = [p * s + t * d for p, s, t, d in zip(place, strides, tap, dilations, strict=True)]
            for c in range(x.shape[1]):
                group = c // channels
                rows = slice(group * per_group, (group + 1) * per_group)
                out[(slice(None), rows, *at)] += (
                    x[(slice(None), c, *place)][:, None] * w[(c, slice(None), *tap)][None]
                )
    return out


X = random(2, 4, 7, 9)
W33, W22, W23 = random(6, 4, 3, 3), random(6, 4, 2, 2), random(6, 4, 2, 3)
GROUPED, DEPTHWISE, BIAS = random(6, 2, 3, 3), random(4, 1, 3, 3), random(6)
LINE, VOLUME = random(1, 3, 11), random(1, 2, 4, 5, 6)
W1, W3 = random(5, 3, 3), random(3, 2, 2, 3, 2)
T33, T22, TG = random(4, 3, 3, 3), random(4, 3, 2, 2), random(4, 2, 3, 3)


def conv(x: np.ndarray, w: np.ndarray, pads: Pads, **parameters: Any) -> tuple:
    known = {k: v for k, v in parameters.items() if k in ("strides", "dilations", "groups", "bias")}
    return (x,), lambda mb, x: mb.conv(x=x, weight=w, **parameters), lambda x: convolve(x, w, pads, **known)


def transposed(w: np.ndarray, window: Sequence[slice], more: int = 0, **parameters: Any) -> tuple:
    def expected(x: np.ndarray) -> np.ndarray:
        strides, dilations = parameters.get("strides", [1, 1]), parameters.get("dilations", [1, 1])
        full = scatter(x, w, strides, dilations, parameters.get("groups", 1))
        full = np.pad(full, [(0, 0), (0, 0), (0, more), (0, more)])
        bias = parameters.get("bias", np.zeros(full.shape[1], np.float32))
        return full[(slice(None), slice(None), *window)] + bias.reshape(1, -1, 1, 1)

    return (X,), lambda mb, x: mb.conv_transpose(x=x, weight=w, **parameters), expected


def pooled(
    op: str,
    function: Callable[[np.ndarray], np.ndarray],
    fill: float,
    pads: Pads,
    x: np.ndarray = X,
    **parameters: Any,
) -> tuple:
    kernel = parameters["kernel_sizes"]

    def expected(x: np.ndarray) -> np.ndarray:
        padded = np.pad(x, [(0, 0), (0, 0), *pads], constant_values=fill)
        strides = parameters.get("strides", [1] * len(kernel))
        out = None
        for place, counts, window in windows(padded, kernel, strides, [1] * len(kernel)):
            if out is None:
                out = np.zeros((*x.shape[:2], *counts), np.float32)
            out[(slice(None), slice(None), *place)] = function(window.reshape(*window.shape[:2], -1))
        assert out is not None
        return out

    return (x,), lambda mb, x: getattr(mb, op)(x=x, **parameters), expected


def maximum(w: np.ndarray) -> np.ndarray:
    return w.max(-1)


def mean(w: np.ndarray) -> np.ndarray:
    return w.mean(-1)


def mean_of_known(w: np.ndarray) -> np.ndarray:
    return np.nanmean(w, -1)


def norm(w: np.ndarray) -> np.ndarray:
    return np.sqrt((w * w).sum(-1))


NONE = [(0, 0), (0, 0)]
CASES = {
    "conv/valid": conv(X, W33, NONE, pad_type="valid"),
    "conv/bias": conv(X, W33, NONE, pad_type="valid", bias=BIAS),
    "conv/same odd kernel": conv(X, W33, [(1, 1), (1, 1)], pad_type="same"),
    "conv/same even kernel": conv(X, W22, [(0, 1), (0, 1)], pad_type="same"),
    "conv/same_lower even kernel": conv(X, W22, [(1, 0), (1, 0)], pad_type="same_lower"),
    "conv/same strided": conv(X, W33, [(1, 1), (1, 1)], pad_type="same", strides=[2, 2]),
    "conv/same strided, even size": conv(
        X[..., :6, :8], W33, [(0, 1), (0, 1)], pad_type="same", strides=[2, 2]
    ),
    "conv/same dilated": conv(X, W33, [(2, 2), (4, 4)], pad_type="same", dilations=[2, 4]),
    "conv/custom symmetric": conv(X, W33, [(2, 2), (1, 1)], pad_type="custom", pad=[2, 2, 1, 1]),
    "conv/custom asymmetric": conv(X, W23, [(0, 3), (2, 1)], pad_type="custom", pad=[0, 3, 2, 1]),
    "conv/strides differ": conv(X, W33, NONE, pad_type="valid", strides=[1, 3]),
    "conv/groups": conv(X, GROUPED, [(1, 1), (1, 1)], pad_type="same", groups=2),
    "conv/depthwise": conv(X, DEPTHWISE, [(1, 1), (1, 1)], pad_type="same", groups=4),
    "conv/one axis": conv(
        LINE, W1, [(1, 2)], pad_type="custom", pad=[1, 2], strides=[2], dilations=[2]
    ),
    "conv/three axes": conv(
        VOLUME, W3, [(0, 1), (1, 1), (1, 0)], pad_type="custom", pad=[0, 1, 1, 1, 1, 0],
        strides=[1, 2, 1], dilations=[1, 1, 1],
    ),
    "conv/weight from an input": (
        (X, W33),
        lambda mb, x, w: mb.conv(x=x, weight=w, pad_type="valid"),
        lambda x, w: convolve(x, w, NONE),
    ),
    "conv_transpose/valid": transposed(T33, [slice(None)] * 2, pad_type="valid", strides=[2, 2]),
    "conv_transpose/bias": transposed(T22, [slice(None)] * 2, pad_type="valid", strides=[2, 2], bias=BIAS[:3]),
    "conv_transpose/custom": transposed(
        T33, [slice(1, -1)] * 2, pad_type="custom", pad=[1, 1, 1, 1], strides=[2, 2]
    ),
    "conv_transpose/custom asymmetric": transposed(
        T33, [slice(1, None), slice(0, -2)], pad_type="custom", pad=[1, 0, 0, 2], strides=[2, 2]
    ),
    "conv_transpose/same": transposed(T33, [slice(0, 14), slice(0, 18)], pad_type="same", strides=[2, 2]),
    "conv_transpose/same without stride": transposed(T33, [slice(1, -1)] * 2, pad_type="same"),
    "conv_transpose/output shape beyond the kernels": transposed(
        T33, [slice(1, 15), slice(1, 19)], more=1, pad_type="custom", pad=[1, 1, 1, 1],
        strides=[2, 2], output_shape=[2, 3, 14, 18], bias=BIAS[:3],
    ),
    "conv_transpose/groups": transposed(TG, [slice(None)] * 2, pad_type="valid", groups=2),
    "conv_transpose/dilated": transposed(T33, [slice(None)] * 2, pad_type="valid", dilations=[2, 2]),
    "max_pool/valid": pooled("max_pool", maximum, 0, NONE, kernel_sizes=[2, 3], strides=[2, 2], pad_type="valid"),
    "max_pool/same": pooled(
        "max_pool", maximum, -np.inf, [(1, 1), (1, 1)], kernel_sizes=[3, 3], strides=[2, 2], pad_type="same"
    ),
    "max_pool/custom asymmetric": pooled(
        "max_pool", maximum, -np.inf, [(0, 1), (2, 0)],
        kernel_sizes=[3, 3], strides=[1, 1], pad_type="custom", pad=[0, 1, 2, 0],
    ),
    "max_pool/ceil": pooled(
        "max_pool", maximum, -np.inf, [(0, 1), (0, 1)],
        kernel_sizes=[2, 2], strides=[2, 2], pad_type="valid", ceil_mode=True,
    ),
    "max_pool/one axis": pooled(
        "max_pool", maximum, 0, [(0, 0)], LINE, kernel_sizes=[3], strides=[2], pad_type="valid"
    ),
    "avg_pool/valid": pooled("avg_pool", mean, 0, NONE, kernel_sizes=[2, 3], strides=[2, 1], pad_type="valid"),
    "avg_pool/padding counts": pooled(
        "avg_pool", mean, 0, [(1, 1), (1, 1)],
        kernel_sizes=[3, 3], strides=[2, 2], pad_type="custom", pad=[1, 1, 1, 1],
    ),
    "avg_pool/padding excluded": pooled(
        "avg_pool", mean_of_known, np.nan, [(1, 1), (1, 1)], kernel_sizes=[3, 3], strides=[2, 2],
        pad_type="custom", pad=[1, 1, 1, 1], exclude_padding_from_average=True,
    ),
    "avg_pool/asymmetric, excluded": pooled(
        "avg_pool", mean_of_known, np.nan, [(0, 2), (1, 0)], kernel_sizes=[3, 3], strides=[1, 2],
        pad_type="custom", pad=[0, 2, 1, 0], exclude_padding_from_average=True,
    ),
    "avg_pool/ceil": pooled(
        "avg_pool", mean_of_known, np.nan, [(0, 1), (0, 1)],
        kernel_sizes=[2, 2], strides=[2, 2], pad_type="valid", ceil_mode=True,
    ),
    "l2_pool/valid": pooled("l2_pool", norm, 0, NONE, kernel_sizes=[2, 2], strides=[2, 2], pad_type="valid"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_op_sums_its_windows_when_read_back(check: Callable[[str], None], name: str) -> None:
    check(name)
