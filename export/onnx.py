"""ONNX: one file for each function, ``NAME.onnx`` for the tile and ``NAME.FUNCTION.onnx`` for the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeisp import extras
from edgeisp.export.onnx_file import convolutions, unsigned_activations
from edgeisp.export.rewrites import (
    CHANNELS_LAST_PRODUCTS,
    CHANNELS_LAST_SHUFFLES,
    COLOR_PRODUCT,
    CONSTANT_MATMULS,
    FOLD_HAAR_DOWN,
    FOLD_HAAR_UP,
    MULTIPLIED_GATE,
    QUANTIZED,
    Rewrite,
)
from edgeisp.export.target import Report
from edgeisp.models.functions import Function
from edgeisp.quantize.precision import Name, Precision

if TYPE_CHECKING:
    from onnx import ModelProto

OPSET = 20
"""The first with Gelu as one operation: before, its five pieces cost onnxruntime a twelfth of an int8 tile."""


@dataclass(frozen=True)
class OnnxTarget:
    """Written by PyTorch's exporter, fixed shapes, float32 inputs and outputs whatever the precision inside."""

    name: str = "onnx"
    suffix: str = ".onnx"
    precisions: tuple[Name, ...] = ("fp32", "fp16", "w8", "w8a8")
    # layer norm stays as it is: onnxruntime is fastest with its own (163 ms against 189 ms for the decomposed form)
    rewrites: tuple[Rewrite, ...] = (
        FOLD_HAAR_DOWN,
        FOLD_HAAR_UP,
        MULTIPLIED_GATE,
        COLOR_PRODUCT,
        CHANNELS_LAST_PRODUCTS,
        CONSTANT_MATMULS,
        *QUANTIZED,
        CHANNELS_LAST_SHUFFLES,
    )

    def missing(self) -> str | None:
        return extras.missing("onnx")

    def engine(self) -> str:
        return "onnx"

    def versions(self) -> dict[str, str]:
        return extras.versions("onnx")

    def file_of(self, function: str, path: Path) -> Path:
        return path if function == "tile" else path.with_name(f"{path.stem}.{function}{path.suffix}")

    def convert(
        self, functions: Mapping[str, Function], path: Path, precision: Precision, metadata: Mapping[str, str]
    ) -> Report:
        for name, function in functions.items():
            _write(function, self.file_of(name, path), precision, metadata)
        if not precision.integer:
            return Report()
        return Report(convolutions={name: convolutions(self.file_of(name, path)) for name in functions})


def _write(function: Function, path: Path, precision: Precision, metadata: Mapping[str, str]) -> None:
    import onnx
    import torch

    inputs = tuple(torch.zeros(shape) for shape in function.inputs.values())
    program = torch.onnx.export(
        function.module,
        inputs,
        dynamo=True,
        opset_version=OPSET,
        input_names=list(function.inputs),
        output_names=list(function.outputs),
        verbose=False,
    )
    assert program is not None
    model = program.model_proto
    if precision.name == "fp16":
        model = _half(model)
    elif precision.integer:
        unsigned_activations(model)
    onnx.helper.set_model_props(model, dict(metadata))
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


def _half(model: ModelProto) -> ModelProto:
    """Weights and computation in float16, inputs and outputs in float32."""
    import onnx_ir
    from onnxruntime.transformers.float16 import convert_float_to_float16

    _separate_scales(model)
    converted: ModelProto = convert_float_to_float16(model, keep_io_types=True)
    _without_twins(converted)
    half = onnx_ir.from_proto(converted)
    half.graph.sort()  # the converter appends its casts behind their users
    sorted_model: ModelProto = onnx_ir.to_proto(half)
    return sorted_model


def _without_twins(model: ModelProto) -> None:
    """Drop casts that the converter writes again, under the same name, for every reader of a tensor it leaves alone."""
    made: set[str] = set()
    kept = []
    for node in model.graph.node:
        if node.op_type == "Cast" and node.output[0] in made:
            continue
        made.update(node.output)
        kept.append(node)
    del model.graph.node[:]
    model.graph.node.extend(kept)


def _separate_scales(model: ModelProto) -> None:
    """Give every Resize its own scales: the converter adds a cast of the same name for each that shares them."""
    held = {tensor.name: tensor for tensor in model.graph.initializer}
    for number, node in enumerate(node for node in model.graph.node if node.op_type == "Resize"):
        if len(node.input) > 2 and node.input[2] in held:
            own = model.graph.initializer.add()
            own.CopyFrom(held[node.input[2]])
            own.name = node.input[2] = f"scales_{number}"


TARGET = OnnxTarget()
