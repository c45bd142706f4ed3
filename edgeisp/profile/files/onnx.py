"""Costs of ONNX files, one for each function."""

from __future__ import annotations

import json
from collections.abc import Hashable
from pathlib import Path
from typing import Any

from edgeisp.extras import require
from edgeisp.profile.files.graph import Operation, Value, assemble
from edgeisp.profile.report import Static

VIEWS = ("Reshape", "Unsqueeze", "Squeeze", "Flatten", "Identity")


def count(path: Path) -> dict[str, Static]:
    """By function; other functions lie in files of their own beside ``path``."""
    require("onnx")
    import onnx

    first = onnx.load(path)
    described = {entry.key: entry.value for entry in first.metadata_props}.get("edgeisp")
    names = json.loads(described)["functions"] if described else {"tile": {}}
    files = {
        name: path if name == "tile" else path.with_name(f"{path.stem}.{name}{path.suffix}") for name in names
    }
    return {name: _graph(first if file == path else onnx.load(file)) for name, file in files.items()}


def _graph(model: Any) -> Static:
    import onnx

    graph = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph
    values: dict[Hashable, Value] = {}
    for port in (*graph.input, *graph.output, *graph.value_info):
        kind = port.type.tensor_type
        shape = tuple(side.dim_value for side in kind.shape.dim)
        values[port.name] = Value(shape, _bytes(shape, kind.elem_type))
    for weight in graph.initializer:
        shape = tuple(weight.dims)
        values[weight.name] = Value(shape, _bytes(shape, weight.data_type), constant=True)
    operations = []
    for node in graph.node:
        if node.op_type == "Constant":
            tensor = next((a.t for a in node.attribute if a.name == "value"), None)
            shape = tuple(tensor.dims) if tensor is not None else ()
            size = _bytes(shape, tensor.data_type if tensor is not None else onnx.TensorProto.FLOAT)
            values[node.output[0]] = Value(shape, size, constant=True)
            continue
        reads, view = tuple(name for name in node.input if name), node.op_type in VIEWS
        macs, widths = _product(node, values)
        written = tuple(name for name in node.output if name and name in values)
        operations.append(
            Operation(node.name, node.op_type, reads[:1] if view else reads, written, macs, widths, view)
        )
    held = {weight.name for weight in graph.initializer}
    return assemble("ONNX", values, [p.name for p in graph.input if p.name not in held], operations)


def _product(node: Any, values: dict[Hashable, Value]) -> tuple[int, tuple[int, int] | None]:
    """MACs of a node, and the channels that go into one of its products and that come out."""
    if node.op_type not in ("Conv", "ConvTranspose", "Gemm", "MatMul"):
        return 0, None
    left, right = values[node.input[0]], values[node.input[1]].shape
    out = values[node.output[0]]
    if node.op_type == "Conv":
        return out.size * Value(right[1:], 0).size, (right[1], right[0])
    if node.op_type == "ConvTranspose":
        return left.size * Value(right[1:], 0).size, (right[0], right[1])
    if node.op_type == "Gemm":
        turned = any(a.name == "transA" and a.i for a in node.attribute)
        inner = left.shape[0 if turned else 1]
        return out.size * inner, (inner, out.shape[1])
    return out.size * left.shape[-1], (left.shape[-1], right[-1])


def _bytes(shape: tuple[int, ...], kind: int) -> int:
    import onnx

    return Value(shape, 0).size * onnx.helper.tensor_dtype_to_np_dtype(kind).itemsize
