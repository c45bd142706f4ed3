"""What a ``.pte`` program holds for XNNPACK, read back from the file."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgeisp.export.census import Convolutions

CONVOLUTIONS = ("XNNConv2d", "XNNDepthwiseConv2d")
_INFINITE = re.compile(r"(:\s*-?)inf\b")
ACTIVATIONS, WEIGHTS = (
    ("xnn_datatype_qint8", "xnn_datatype_quint8"),
    ("xnn_datatype_qcint8", "xnn_datatype_qint8"),
)


def convolutions(path: Path) -> dict[str, Convolutions]:
    """By method: convolutions with int8 input, weights and output, and others; delegated to XNNPACK or not."""
    from executorch.exir._serialize._program import deserialize_pte_binary

    program = deserialize_pte_binary(path.read_bytes()).program
    found = {}
    for plan in program.execution_plan:
        if not plan.chains or not plan.inputs:
            continue  # a constant of the metadata
        graphs = [
            _graph(program.backend_delegate_data[delegate.processed.index].data)
            for delegate in plan.delegates
            if delegate.id == "XnnpackBackend"
        ]
        kinds = [is_int8 for graph in graphs for is_int8 in _kinds(graph)]
        portable = sum("convolution" in operator.name for operator in plan.operators)
        found[plan.name] = Convolutions(sum(kinds), len(kinds) - sum(kinds) + portable)
    return found


def _graph(payload: bytes) -> dict[str, Any]:
    """XNNPACK's graph as JSON, by the schema and the reader that ExecuTorch ships."""
    from executorch.backends.xnnpack.serialization import xnnpack_graph_serialize as serialize
    from executorch.exir._serialize import _flatbuffer

    header = serialize.XNNHeader.from_bytes(payload[: serialize.XNNHeader.EXPECTED_LENGTH])
    content = payload[header.flatbuffer_offset : header.flatbuffer_offset + header.flatbuffer_size]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "schema.fbs").write_bytes(serialize._get_schema_bytes())
        (folder / "graph.bin").write_bytes(content)
        _flatbuffer._flatc_decompile(
            name, str(folder / "schema.fbs"), str(folder / "graph.bin"), ["--raw-binary"]
        )
        text = (folder / "graph.json").read_text()
    graph: dict[str, Any] = json.loads(_INFINITE.sub(r"\1Infinity", text))  # flatc writes open clamps as inf
    return graph


def _kinds(graph: dict[str, Any]) -> Iterator[bool]:
    """For each convolution: whether its input, weights and output are int8."""
    kinds: dict[int, str] = {}
    for value in graph["xvalues"]:
        union = value["xvalue_union"]
        tensor = union.get("tensor_value", union)
        kinds[tensor["id_out"]] = tensor["datatype"]
    for node in graph["xnodes"]:
        if node["xnode_union_type"] in CONVOLUTIONS:
            conv = node["xnode_union"]
            yield (
                kinds[conv["input1_id"]] in ACTIVATIONS
                and kinds[conv["filter_id"]] in WEIGHTS
                and kinds[conv["output_id"]] in ACTIVATIONS
            )
