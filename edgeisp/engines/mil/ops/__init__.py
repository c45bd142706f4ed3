"""The ops of MIL in torch, by theme. ``OPS`` is the one table of them: op type to function.

A function takes the op's inputs under MIL's own names. Parameters annotated with ``Tensor`` receive tensors (float32,
int32 or bool); all others receive plain Python values (``int``, ``float``, ``bool``, ``str`` and lists of them).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgeisp.engines.mil.ops import (
    activation,
    convolution,
    elementwise,
    indexing,
    linear,
    normalization,
    pooling,
    quantization,
    rearranging,
    reduction,
    resampling,
)

OPS: dict[str, Callable[..., Any]] = {
    **activation.OPS,
    **convolution.OPS,
    **elementwise.OPS,
    **indexing.OPS,
    **linear.OPS,
    **normalization.OPS,
    **pooling.OPS,
    **quantization.OPS,
    **reduction.OPS,
    **resampling.OPS,
    **rearranging.OPS,
}
