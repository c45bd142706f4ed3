"""Compressed weights: what the interpreter computes with is what the formats' definitions say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

RNG = np.random.default_rng(4)
F = np.float32
X = RNG.normal(0, 1, (1, 4, 5, 6)).astype(F)
EIGHT = RNG.integers(-128, 128, (3, 4, 1, 1)).astype(np.int8)
UNSIGNED = RNG.integers(0, 256, (3, 4, 1, 1)).astype(np.uint8)
SCALE = RNG.uniform(0.01, 0.02, (3, 1, 1, 1)).astype(F)
BLOCKS = RNG.uniform(0.01, 0.02, (3, 2, 1, 1)).astype(F)
OFFSET = np.array([3, -2, 7], np.int8).reshape(3, 1, 1, 1)
INDICES = RNG.integers(0, 16, (3, 4, 1, 1)).astype(np.uint8)
TABLE = np.linspace(-1, 1, 16, dtype=F)


def convolved(make: Callable[[Any], Any], weight: np.ndarray) -> tuple:
    def expected(x: np.ndarray) -> np.ndarray:
        return np.einsum("oi,nihw->nohw", weight[:, :, 0, 0].astype(F), x)

    return (X,), lambda mb, x: mb.conv(x=x, weight=make(mb)), expected


def palette(mb: Any) -> Any:
    from coremltools.converters.mil.mil import types

    indices = INDICES.astype(types.nptype_from_builtin(types.uint4))
    return mb.constexpr_lut_to_dense(indices=indices, lut=TABLE.reshape(1, 1, 1, 1, 16, 1))


CASES = {
    "constexpr_blockwise_shift_scale/per channel": convolved(
        lambda mb: mb.constexpr_blockwise_shift_scale(data=EIGHT, scale=SCALE, offset=OFFSET),
        (EIGHT.astype(F) - OFFSET) * SCALE,
    ),
    "constexpr_blockwise_shift_scale/blocks of two": convolved(
        lambda mb: mb.constexpr_blockwise_shift_scale(data=EIGHT, scale=BLOCKS), EIGHT * BLOCKS.repeat(2, 1)
    ),
    "constexpr_blockwise_shift_scale/unsigned": convolved(
        lambda mb: mb.constexpr_blockwise_shift_scale(
            data=UNSIGNED, scale=SCALE, offset=np.full((3, 1, 1, 1), 128, np.uint8)
        ),
        (UNSIGNED.astype(F) - 128) * SCALE,
    ),
    "constexpr_lut_to_dense/four bits": convolved(palette, TABLE[INDICES]),
}


@pytest.mark.parametrize("name", CASES)
def test_weight_is_unpacked_when_read_back(check: Callable[[str], None], name: str) -> None:
    check(name)
