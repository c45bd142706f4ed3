"""Convolutions of a saved ML package, counted in the program that is read back from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgeisp.engines.mil.ops import OPS
from edgeisp.engines.mil.reading import read
from edgeisp.export.census import Convolutions


def convolutions(path: Path) -> dict[str, Convolutions]:
    """By function: convolutions with int8 input, weights and output, and others.

    A convolution between ``dequantize`` and ``quantize`` is one operation to Core ML's compiler; that it does run in
    int8 on a device was not seen here.
    """
    found = {}
    for name, function in read(path, OPS).functions.items():
        convs = [op for op in function.operations if op.op_type == "conv"]
        int8 = sum(map(_is_int8, convs))
        found[name] = Convolutions(int8, len(convs) - int8)
    return found


def _is_int8(conv: Any) -> bool:
    x, weight = conv.inputs["x"].op, conv.inputs["weight"].op
    integer = weight is not None and (
        weight.op_type in ("constexpr_affine_dequantize", "constexpr_blockwise_shift_scale", "dequantize")
    )
    users = conv.outputs[0].child_ops
    return (
        integer
        and x is not None
        and x.op_type == "dequantize"
        and all(op.op_type == "quantize" for op in users)
    )
