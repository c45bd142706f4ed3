"""What litert-torch leaves to be done with the file itself: metadata, and asking which operations XNNPACK takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from copy import copy
from typing import Any

from edgeisp.engines.tflite import interpret
from edgeisp.export.census import Convolutions
from edgeisp.export.integers import Integers
from edgeisp.export.records import Delegation

IDENTIFIER = b"TFL3"


def add_metadata(content: bytes, metadata: Mapping[str, str]) -> bytes:
    """The same model with one metadata buffer for each text."""
    import numpy as np
    from ai_edge_litert import schema_py_generated as schema

    model = parse(content)
    for key, text in metadata.items():
        buffer, entry = schema.BufferT(), schema.MetadataT()
        buffer.data = np.frombuffer(text.encode(), np.uint8)
        entry.name, entry.buffer = key, len(model.buffers)
        model.buffers.append(buffer)
        model.metadata = [*(model.metadata or []), entry]
    return _bytes(model)


def computed_products(content: bytes) -> bytes:
    """The same model with fully connected layers of computed weights as matrix products, which XNNPACK takes.

    litert-torch writes ``x M^T`` as such a layer whatever M is; XNNPACK wants its weights to be constant.
    """
    from ai_edge_litert import schema_py_generated as schema

    model, operators = parse(content), schema.BuiltinOperator
    for graph in model.subgraphs:
        made = {tensor for op in graph.operators for tensor in op.outputs}
        for op in graph.operators:
            if model.operatorCodes[op.opcodeIndex].builtinCode != operators.FULLY_CONNECTED:
                continue
            left, weights, *bias = op.inputs
            if weights not in made or any(index >= 0 for index in bias):
                continue
            op.opcodeIndex, op.inputs = _code(model, operators.BATCH_MATMUL), [left, weights]
            op.builtinOptionsType = schema.BuiltinOptions.BatchMatMulOptions
            op.builtinOptions = schema.BatchMatMulOptionsT()
            op.builtinOptions.adjY = True
    return _bytes(model)


def float_gelus(content: bytes) -> bytes:
    """The same model with a GELU of bytes as dequantize, GELU, quantize, which XNNPACK takes and joins to a table.

    LiteRT's converter joins the three to an operation that XNNPACK does not know, which breaks the delegate in two.
    """
    from ai_edge_litert import schema_py_generated as schema

    model, operators = parse(content), schema.BuiltinOperator
    gelus = [i for i, code in enumerate(model.operatorCodes) if code.builtinCode == operators.GELU]
    for graph in model.subgraphs:
        made = []
        for op in graph.operators:
            if op.opcodeIndex not in gelus or graph.tensors[op.inputs[0]].type != schema.TensorType.INT8:
                made.append(op)
                continue
            (x, *_), (y, *_) = op.inputs, op.outputs
            into, out = (_float_of(graph, tensor) for tensor in (x, y))
            op.inputs, op.outputs = [into], [out]
            before = _operator(_code(model, operators.DEQUANTIZE), x, into)
            made += [before, op, _operator(_code(model, operators.QUANTIZE), out, y)]
        graph.operators = made
    return _bytes(model)


def _code(model: Any, operator: int) -> int:
    """The index by which operations name ``operator``; made where the model has none."""
    from ai_edge_litert import schema_py_generated as schema

    for index, code in enumerate(model.operatorCodes):
        if code.builtinCode == operator:
            return index
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = operator
    code.version = 1
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1


def _float_of(graph: Any, tensor: int) -> int:
    """A new float tensor of the shape of another; its index."""
    from ai_edge_litert import schema_py_generated as schema

    old, new = graph.tensors[tensor], schema.TensorT()
    new.shape, new.type, new.hasRank = old.shape, schema.TensorType.FLOAT32, True
    new.name = old.name + b"_float"
    graph.tensors.append(new)
    return len(graph.tensors) - 1


def _operator(code: int, x: int, y: int) -> Any:
    from ai_edge_litert import schema_py_generated as schema

    made = schema.OperatorT()
    made.opcodeIndex, made.inputs, made.outputs = code, [x], [y]
    return made


def shared_dequantizes(content: bytes) -> bytes:
    """The same model with one dequantize for each tensor; litert-torch writes one for each consumer."""
    from ai_edge_litert import schema_py_generated as schema

    model = parse(content)
    for graph in model.subgraphs:
        first: dict[int, int] = {}
        same: dict[int, int] = {}
        kept, results = [], set(graph.outputs)
        for op in graph.operators:
            op.inputs = [same.get(index, index) for index in op.inputs]
            if model.operatorCodes[op.opcodeIndex].builtinCode == schema.BuiltinOperator.DEQUANTIZE:
                source, made = op.inputs[0], op.outputs[0]
                if made not in results and first.setdefault(source, made) != made:
                    same[made] = first[source]
                    continue
            kept.append(op)
        graph.operators = kept
    return _bytes(model)


def clamps_by_parts(content: bytes) -> bytes:
    """The same model with each clamp to [0, 1] as one to [-1, 1] and one at 0: XNNPACK takes these, and not that."""
    from ai_edge_litert import schema_py_generated as schema

    model, operators = parse(content), schema.BuiltinOperator
    for graph in model.subgraphs:
        whole = []
        for op in graph.operators:
            whole.append(op)
            if model.operatorCodes[op.opcodeIndex].builtinCode != operators.RELU_0_TO_1:
                continue
            between, clamped = copy(graph.tensors[op.outputs[0]]), op.outputs[0]
            between.name, between.buffer = between.name + b"/between", 0
            op.opcodeIndex, op.outputs = _code(model, operators.RELU_N1_TO_1), [len(graph.tensors)]
            whole.append(_operator(_code(model, operators.RELU), len(graph.tensors), clamped))
            graph.tensors.append(between)
        graph.operators = whole
    return _bytes(model)


def read_metadata(content: bytes) -> dict[str, str]:
    """The texts that `add_metadata` put in."""
    model = parse(content)
    found = {entry.name.decode(): model.buffers[entry.buffer].data for entry in model.metadata or []}
    return {key: bytes(data).decode(errors="replace") for key, data in found.items() if data is not None}


def convolutions(content: bytes) -> dict[str, Convolutions]:
    """By signature: convolutions with int8 input, weights and output, and others."""
    from ai_edge_litert import schema_py_generated as schema

    model, operators, types = parse(content), schema.BuiltinOperator, schema.TensorType
    kinds = (operators.CONV_2D, operators.DEPTHWISE_CONV_2D, operators.TRANSPOSE_CONV)
    found = {}
    for signature in model.signatureDefs:
        graph, int8, other = model.subgraphs[signature.subgraphIndex], [], 0
        for op in graph.operators:
            kind = model.operatorCodes[op.opcodeIndex].builtinCode
            if kind not in kinds:
                continue
            x, weights, y = (graph.tensors[i] for i in (op.inputs[0], op.inputs[1], op.outputs[0]))
            if x.type == weights.type == y.type == types.INT8:
                bias = graph.tensors[op.inputs[2]] if len(op.inputs) > 2 and op.inputs[2] >= 0 else None
                int8.append(_integers(model, x, weights, y, bias, kind == operators.DEPTHWISE_CONV_2D))
            else:
                other += 1
        found[signature.signatureKey.decode()] = Convolutions(len(int8), other, tuple(int8))
    return found


def _integers(model: Any, x: Any, weights: Any, y: Any, bias: Any, depthwise: bool) -> Integers:
    """Of a convolution, whose weights are ``O x H x W x I`` or, depthwise, ``1 x H x W x O`` here."""
    import numpy as np

    def values(tensor: Any, kind: str) -> Any:
        return np.frombuffer(bytes(model.buffers[tensor.buffer].data), kind).reshape(tensor.shape)

    def step(tensor: Any) -> tuple[float, int]:
        return float(tensor.quantization.scale[0]), int(tensor.quantization.zeroPoint[0])

    stored = values(weights, "<i1").transpose((3, 0, 1, 2) if depthwise else (0, 3, 1, 2))
    scales = np.asarray(weights.quantization.scale, np.float32)
    products = scales.astype(np.float64) * step(x)[0]
    whole = None if bias is None else values(bias, "<i4") * products
    return Integers.of(stored, scales, whole, step(x), step(y))


def xnnpack_delegation(content: bytes) -> dict[str, Delegation]:
    """For each signature: how many operations the XNNPACK delegate takes over when the file is opened."""
    signatures = [
        (entry.signatureKey.decode(), entry.subgraphIndex) for entry in parse(content).signatureDefs
    ]
    return {name: _delegation(_only(content, index)) for name, index in signatures}


def single(content: bytes, name: str) -> bytes:
    """The model with the signature ``name`` alone, for runtimes that run a file's first graph."""
    model = parse(content)
    (chosen,) = [entry for entry in model.signatureDefs if entry.signatureKey.decode() == name]
    model.subgraphs, model.signatureDefs = [model.subgraphs[chosen.subgraphIndex]], [chosen]
    chosen.subgraphIndex = 0
    return _bytes(model)


def ports(content: bytes, name: str) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Of the signature ``name``, in its subgraph's order: tensor and name of each input, name of each output."""
    model = parse(content)
    (chosen,) = [entry for entry in model.signatureDefs if entry.signatureKey.decode() == name]
    graph = model.subgraphs[chosen.subgraphIndex]
    into, out = (
        {entry.tensorIndex: entry.name.decode() for entry in entries}
        for entries in (chosen.inputs, chosen.outputs)
    )
    inputs = tuple((graph.tensors[index].name.decode(), into[index]) for index in graph.inputs)
    return inputs, tuple(out[index] for index in graph.outputs)


def _only(content: bytes, index: int) -> bytes:
    """A model of one subgraph: interpreters tell the operations of the first one only."""
    model = parse(content)
    model.subgraphs, model.signatureDefs = [model.subgraphs[index]], []
    return _bytes(model)


def _delegation(content: bytes) -> Delegation:
    operations = interpret(content, 1)._get_ops_details()
    own = [op for op in operations if op["op_name"] != "DELEGATE"]
    producers = {tensor: op for op in own for tensor in op["outputs"]}
    taken: set[int] = set()
    for delegate in (op for op in operations if op["op_name"] == "DELEGATE"):
        known, queue = set(delegate["inputs"]), list(delegate["outputs"])
        while queue:
            tensor = queue.pop()
            if tensor in known or tensor not in producers:
                continue
            known.add(tensor)
            taken.add(producers[tensor]["index"])
            queue.extend(producers[tensor]["inputs"])
    left = Counter(op["op_name"] for op in own if op["index"] not in taken)
    return Delegation(
        backend="XNNPACK", delegated=len(taken), total=len(own), portable=dict(sorted(left.items()))
    )


def parse(content: bytes) -> Any:
    """The flatbuffer as objects. Weights that ai-edge-quantizer put behind it are brought back in."""
    import numpy as np
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(content)
    for buffer in model.buffers:
        if buffer.offset > 1:
            buffer.data = np.frombuffer(content, np.uint8, buffer.size, buffer.offset)
            buffer.offset = buffer.size = 0
    return model


def _bytes(model: Any) -> bytes:
    import flatbuffers

    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())
