"""The graph inside ExecuTorch's XNNPACK delegate, by the flatbuffer compiler and the schema that ExecuTorch ships."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Hashable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from edgeisp.profile.files.graph import Operation, Value

BITS = {"fp32": 32, "fp16": 16, "bf16": 16, "qint8": 8, "quint8": 8, "qcint8": 8, "qdint8": 8, "qpint8": 8}
BITS |= {"qint32": 32, "qcint32": 32, "int32": 32, "qcint4": 4, "qbint4": 4, "pfp32": 32}
EXTERNAL = 3
"""XNNPACK's flags of values that come from outside (1) or go there (2)."""


def operations(
    payload: bytes, args: tuple[int, ...], name: str, values: dict[Hashable, Value]
) -> Iterator[Operation]:
    """The nodes of one delegated graph.

    Args:
        payload: what the program hands to the delegate.
        args: the program's values that the delegate is called with.
        name: of the call.
        values: the program's; those inside the graph are added to it.
    """
    graph = _decompiled(payload)
    tensors = [
        value["xvalue_union"].get("tensor_value") or value["xvalue_union"] for value in graph["xvalues"]
    ]
    keys: dict[int, Hashable] = {}
    for tensor in tensors:
        outside = tensor["flags"] & EXTERNAL and tensor["external_id"] < len(args)
        key = keys[tensor["id_out"]] = args[tensor["external_id"]] if outside else (name, tensor["id_out"])
        shape = tuple(tensor.get("dims") or ())
        bits = BITS[tensor["datatype"].removeprefix("xnn_datatype_")]
        size = -(-Value(shape, 0).size * bits // 8)
        values.setdefault(key, Value(shape, size, constant=tensor["constant_buffer_idx"] > 0))
    for index, node in enumerate(graph["xnodes"]):
        kind, fields = node["xnode_union_type"].removeprefix("XNN"), node["xnode_union"]
        ports = {port: number for port, number in fields.items() if port.endswith("_id") and number in keys}
        if parts := re.fullmatch(
            r"Concatenate(\d)", kind
        ):  # its table has five inputs, of which the first few count
            ports = {p: n for p, n in ports.items() if p == "output_id" or p[5] <= parts[1]}
        local = {port: keys[number] for port, number in ports.items()}
        out = local.pop("output_id")
        macs, widths = _product(kind, fields, {port: values[key] for port, key in local.items()}, values[out])
        reads = tuple(local[port] for port in sorted(local))
        yield Operation(f"{name}.{index}.{kind}", kind, reads, (out,), macs, widths, kind == "StaticReshape")


def _product(
    kind: str, fields: dict[str, Any], reads: dict[str, Value], out: Value
) -> tuple[int, tuple[int, int] | None]:
    """MACs of a node, and the channels that go into one of its products and that come out."""
    if kind in ("FullyConnected", "BatchMatrixMultiply"):
        inner = reads["input1_id"].shape[-1]
        return out.size * inner, (inner, out.shape[-1])
    if not kind.endswith("Conv2d") and kind != "ConvTranspose2d":
        return 0, None
    kernel = fields["kernel_height"] * fields["kernel_width"]
    widths = (fields["group_input_channels"], out.shape[-1])
    if kind == "ConvTranspose2d":
        return reads["input1_id"].size * kernel * fields["group_output_channels"], widths
    return out.size * kernel * (1 if kind == "DepthwiseConv2d" else widths[0]), widths


def _decompiled(payload: bytes) -> dict[str, Any]:
    from executorch.backends.xnnpack.serialization.xnnpack_graph_serialize import XNNHeader
    from executorch.exir._serialize._flatbuffer import _flatc_decompile

    header = XNNHeader.from_bytes(payload[: XNNHeader.EXPECTED_LENGTH])
    graph = payload[header.flatbuffer_offset : header.flatbuffer_offset + header.flatbuffer_size]
    schema = files("executorch.backends.xnnpack.serialization") / "schema.fbs"
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "graph.fbs").write_bytes(schema.read_bytes())
        (place / "graph.bin").write_bytes(graph)
        _flatc_decompile(folder, str(place / "graph.fbs"), str(place / "graph.bin"))
        # the compiler writes the bounds of unbounded activations as "inf", Python reads "Infinity"
        text = re.sub(r"(:\s*-?)inf\b", r"\1Infinity", (place / "graph.json").read_text())
        decoded: dict[str, Any] = json.loads(text)
    return decoded
