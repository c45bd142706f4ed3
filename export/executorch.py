"""ExecuTorch: one ``.pte`` program, one method for each function, lowered to XNNPACK."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from edgeisp import extras
from edgeisp.export.executorch_file import convolutions
from edgeisp.export.records import Delegation
from edgeisp.export.rewrites import HALF_GELU, HELD_SCALARS, XNNPACK, Rewrite
from edgeisp.export.target import Report
from edgeisp.models.functions import Function
from edgeisp.quantize.precision import Name, Precision


@dataclass(frozen=True)
class ExecuTorchTarget:
    """Float32 inputs and outputs whatever the precision inside; weights are shared between methods.

    ``fp16`` computes in half precision, but XNNPACK's serializer stores the weights of convolutions in float32 all the
    same: the file is hardly smaller.
    """

    name: str = "executorch"
    suffix: str = ".pte"
    precisions: tuple[Name, ...] = ("fp32", "fp16", "w8a8")
    rewrites: tuple[Rewrite, ...] = (*XNNPACK, HALF_GELU, HELD_SCALARS)

    def missing(self) -> str | None:
        return extras.missing("executorch")

    def engine(self) -> str:
        return "executorch"

    def versions(self) -> dict[str, str]:
        return extras.versions("executorch")

    def file_of(self, function: str, path: Path) -> Path:
        return path

    def convert(
        self, functions: Mapping[str, Function], path: Path, precision: Precision, metadata: Mapping[str, str]
    ) -> Report:
        from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
        from executorch.exir import to_edge_transform_and_lower

        if precision.name == "fp16":
            functions = {name: _half(function) for name, function in functions.items()}
        programs = {name: _exported(function) for name, function in functions.items()}
        edge = to_edge_transform_and_lower(
            programs,
            partitioner={name: [XnnpackPartitioner()] for name in programs},
            constant_methods=dict(metadata),
        )
        report = Report({name: _delegation(edge.exported_program(name).graph_module) for name in programs})
        path.write_bytes(edge.to_executorch().buffer)
        return replace(report, convolutions=convolutions(path)) if precision.integer else report


class Half(nn.Module):
    """A module in float16 between float32 inputs and outputs."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module.half()

    def forward(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        outputs = self.module(*(value.half() for value in inputs))
        return tuple(value.float() for value in outputs) if isinstance(outputs, tuple) else outputs.float()


def _half(function: Function) -> Function:
    return replace(function, module=Half(function.module))


def _exported(function: Function) -> torch.export.ExportedProgram:
    inputs = tuple(torch.zeros(shape) for shape in function.inputs.values())
    return torch.export.export(function.module, inputs, strict=False)


def _delegation(graph: torch.fx.GraphModule) -> Delegation:
    from executorch.devtools.backend_debug import get_delegation_info

    counts = get_delegation_info(graph).delegation_by_operator
    # getitem only hands over a delegate's outputs
    operations = {name: count for name, count in counts.items() if name != "getitem"}
    left = {name: count.non_delegated for name, count in operations.items() if count.non_delegated}
    taken = sum(count.delegated for count in operations.values())
    return Delegation(backend="XNNPACK", delegated=taken, total=taken + sum(left.values()), portable=left)


TARGET = ExecuTorchTarget()
