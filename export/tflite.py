"""TFLite (LiteRT): one file, one signature for each function, float32 inputs and outputs under their own names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from edgeisp import extras
from edgeisp.export.rewrites import (
    CHANNELS_LAST_PRODUCTS,
    CHANNELS_LAST_SHUFFLES,
    COLOR_PRODUCT,
    CONSTANT_MATMULS,
    FOLD_HAAR_DOWN,
    FOLD_HAAR_UP,
    HELD_KERNELS,
    MEAN_LAYER_NORM,
    NARROW_CONCATS,
    PORTABLE,
    PORTABLE_SQUARES,
    QUANTIZED,
    SLICES,
    SUMMED_GATE,
    UNFOLDED_WEIGHTS,
    Rewrite,
)
from edgeisp.export.target import Report
from edgeisp.export.tflite_file import (
    add_metadata,
    clamps_by_parts,
    computed_products,
    convolutions,
    float_gelus,
    shared_dequantizes,
    xnnpack_delegation,
)
from edgeisp.models.functions import Function
from edgeisp.quantize.precision import Name, Precision


@dataclass(frozen=True)
class TFLiteTarget:
    """Written by litert-torch. ``fp16`` stores weights in half precision; arithmetic is the runtime's choice."""

    name: str = "tflite"
    suffix: str = ".tflite"
    precisions: tuple[Name, ...] = ("fp32", "fp16", "w8a8")
    rewrites: tuple[Rewrite, ...] = (
        FOLD_HAAR_DOWN,
        FOLD_HAAR_UP,
        MEAN_LAYER_NORM,
        SUMMED_GATE,
        COLOR_PRODUCT,
        CHANNELS_LAST_PRODUCTS,
        SLICES,
        CONSTANT_MATMULS,
        HELD_KERNELS,
        NARROW_CONCATS,
        *PORTABLE,
        PORTABLE_SQUARES,
        *QUANTIZED,
        CHANNELS_LAST_SHUFFLES,
        UNFOLDED_WEIGHTS,
    )

    def missing(self) -> str | None:
        return extras.missing("tflite")

    def engine(self) -> str:
        return "tflite"

    def versions(self) -> dict[str, str]:
        return extras.versions("tflite")

    def file_of(self, function: str, path: Path) -> Path:
        return path

    def convert(
        self, functions: Mapping[str, Function], path: Path, precision: Precision, metadata: Mapping[str, str]
    ) -> Report:
        import litert_torch

        converter: Any = litert_torch
        for name, function in functions.items():
            inputs = {key: torch.zeros(shape) for key, shape in function.inputs.items()}
            converter = converter.signature(name, Named(function).eval(), sample_kwargs=inputs)
        converter.convert(quant_config=_pt2e() if precision.integer else None).export(str(path))
        if precision.name == "fp16":
            _half(path)
        content = shared_dequantizes(computed_products(path.read_bytes()))
        content = add_metadata(clamps_by_parts(float_gelus(content)), metadata)
        path.write_bytes(content)
        return Report(xnnpack_delegation(content), convolutions(content) if precision.integer else {})


class Named(nn.Module):
    """A function called by keywords and answering with a dictionary, which gives the signature its names."""

    def __init__(self, function: Function) -> None:
        super().__init__()
        self.module = function.module
        self.inputs, self.outputs = list(function.inputs), list(function.outputs)

    def forward(self, **inputs: Tensor) -> dict[str, Tensor]:
        values = self.module(*(inputs[name] for name in self.inputs))
        return dict(zip(self.outputs, values if isinstance(values, tuple) else (values,), strict=True))


def _pt2e() -> Any:
    """Tells litert-torch that the graph is quantized; the quantizer in it is only asked whether it is dynamic."""
    from litert_torch.quantize.pt2e_quantizer import PT2EQuantizer, get_symmetric_quantization_config
    from litert_torch.quantize.quant_config import QuantConfig

    config = get_symmetric_quantization_config(is_per_channel=True)
    return QuantConfig(pt2e_quantizer=PT2EQuantizer().set_global(config))


def _half(path: Path) -> None:
    """Store the weights of convolutions and linear layers as float16."""
    from ai_edge_quantizer import qtyping, quantizer

    operations = qtyping.TFLOperationName
    weights = qtyping.TensorQuantizationConfig(num_bits=16, dtype=qtyping.TensorDataType.FLOAT)
    config = qtyping.OpQuantizationConfig(
        weight_tensor_config=weights,
        compute_precision=qtyping.ComputePrecision.FLOAT,
        explicit_dequantize=True,
    )
    quantize = quantizer.Quantizer(str(path))
    for operation in (operations.CONV_2D, operations.DEPTHWISE_CONV_2D, operations.FULLY_CONNECTED):
        quantize.update_quantization_recipe(
            regex=".*", operation_name=operation, op_config=config, algorithm_key="float_casting"
        )
    quantize.quantize().export_model(str(path), overwrite=True)


TARGET = TFLiteTarget()
