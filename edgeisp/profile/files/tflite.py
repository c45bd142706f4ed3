"""Costs of a TFLite file, from its flatbuffer."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

from edgeisp.export.tflite_file import parse
from edgeisp.extras import require
from edgeisp.profile.files.graph import Operation, Value, assemble
from edgeisp.profile.report import Static

BITS = {"FLOAT16": 16, "FLOAT32": 32, "FLOAT64": 64, "INT4": 4, "INT8": 8, "UINT8": 8, "INT16": 16}
BITS |= {"UINT16": 16, "INT32": 32, "UINT32": 32, "INT64": 64, "UINT64": 64, "BOOL": 8, "BFLOAT16": 16}


def count(path: Path) -> dict[str, Static]:
    """By signature."""
    require("tflite")
    model = parse(path.read_bytes())
    return {
        entry.signatureKey.decode(): _subgraph(model, model.subgraphs[entry.subgraphIndex])
        for entry in model.signatureDefs
    }


def _subgraph(model: Any, graph: Any) -> Static:
    from ai_edge_litert import schema_py_generated as schema

    types = {value: name for name, value in vars(schema.TensorType).items() if not name.startswith("_")}
    kinds = {value: name for name, value in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
    values: dict[Hashable, Value] = {}
    for index, tensor in enumerate(graph.tensors):
        shape = tuple(int(side) for side in (tensor.shape if tensor.shape is not None else ()))
        bits, size = BITS[types[tensor.type]], Value(shape, 0).size
        values[index] = Value(shape, -(-size * bits // 8), model.buffers[tensor.buffer].data is not None)
    operations = []
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        kind = kinds[max(code.builtinCode, code.deprecatedBuiltinCode)]
        reads = tuple(int(index) for index in operator.inputs if index >= 0)
        writes = tuple(int(index) for index in operator.outputs)
        macs, widths = _product(kind, operator, values)
        name = (graph.tensors[writes[0]].name or b"").decode(errors="replace")
        view = kind in ("RESHAPE", "EXPAND_DIMS", "SQUEEZE")
        if view:
            reads = reads[:1]
        operations.append(Operation(name, kind, reads, writes, macs, widths, view))
    return assemble("TFLite", values, [int(index) for index in graph.inputs], operations)


def _product(kind: str, operator: Any, values: dict[Hashable, Value]) -> tuple[int, tuple[int, int] | None]:
    """MACs of an operator, and the channels that go into one of its products and that come out."""
    inputs, out = [int(index) for index in operator.inputs], values[int(operator.outputs[0])]
    if kind in ("CONV_2D", "FULLY_CONNECTED"):
        weight = values[inputs[1]].shape
        return out.size * Value(weight[1:], 0).size, (weight[-1], weight[0])
    if kind == "DEPTHWISE_CONV_2D":
        _, height, width, channels = values[inputs[1]].shape
        return out.size * height * width, (1, channels)
    if kind == "TRANSPOSE_CONV":
        weight = values[inputs[1]].shape
        return values[inputs[2]].size * Value(weight[:3], 0).size, (weight[3], weight[0])
    if kind == "BATCH_MATMUL":
        shape = values[inputs[0]].shape
        inner = shape[-2 if operator.builtinOptions.adjX else -1]
        return out.size * inner, (inner, out.shape[-1])
    return 0, None
