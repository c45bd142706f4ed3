"""Costs of an ML package, from the saved MIL program."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

from edgeisp.engines.mil.ops import OPS
from edgeisp.engines.mil.reading import read
from edgeisp.profile.files.graph import Operation, Value, assemble
from edgeisp.profile.report import Static

WEIGHTS = ("x", "y", "weight", "bias", "gamma", "beta", "alpha", "values", "mean", "variance")
"""Inputs of MIL ops whose constants are weights."""
VIEWS = ("reshape", "expand_dims", "squeeze", "identity")


def count(path: Path) -> dict[str, Static]:
    """By function."""
    return {name: _function(function) for name, function in read(path, OPS).functions.items()}


def _function(function: Any) -> Static:
    values: dict[Hashable, Value] = {}
    operations = []
    for variable in function.inputs.values():
        values[variable.name] = _value(variable)
    for op in function.operations:
        constant = op.op_type == "const" or op.op_type.startswith("constexpr_")
        for out in op.outputs:
            values[out.name] = _value(out, constant)
        if constant:
            continue
        view = op.op_type in VIEWS
        reads = tuple(_inputs(op, values))
        macs, widths = _product(op)
        operations.append(
            Operation(
                op.outputs[0].name,
                op.op_type,
                reads[:1] if view else reads,
                tuple(out.name for out in op.outputs),
                macs,
                widths,
                view,
            )
        )
    return assemble("Core ML", values, list(function.inputs), operations)


def _inputs(op: Any, values: dict[Hashable, Value]) -> list[str]:
    """Names of the tensors that it reads. A constant such as its strides is a setting, not a weight."""
    names = []
    for port, given in op.inputs.items():
        for variable in given if isinstance(given, list | tuple) else [given]:
            if variable is None or variable.name not in values:
                continue
            if port in WEIGHTS or not values[variable.name].constant:
                names.append(variable.name)
    return names


def _value(variable: Any, constant: bool = False) -> Value:
    import numpy as np
    from coremltools.converters.mil.mil import types

    shape = tuple(int(side) for side in variable.shape or ())
    try:
        size = np.dtype(types.nptype_from_builtin(variable.dtype)).itemsize
    except TypeError:  # a text or a list: a setting, not a tensor
        return Value((), 0, constant)
    return Value(shape, Value(shape, 0).size * size, constant)


def _product(op: Any) -> tuple[int, tuple[int, int] | None]:
    """MACs of an op, and the channels that go into one of its products and that come out."""
    if op.op_type not in ("conv", "conv_transpose", "linear", "matmul"):
        return 0, None
    out = Value(tuple(op.outputs[0].shape), 0)
    if op.op_type == "matmul":
        shape = op.x.shape
        inner = shape[-2 if op.transpose_x.val else -1]
        return out.size * inner, (inner, out.shape[-1])
    weight = op.weight.shape
    if op.op_type == "conv_transpose":
        return Value(tuple(op.x.shape), 0).size * Value(weight[1:], 0).size, (weight[0], weight[1])
    return out.size * Value(weight[1:], 0).size, (weight[1], weight[0])
