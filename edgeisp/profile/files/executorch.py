"""Costs of an ExecuTorch program: its own instructions, and inside them the graphs handed to XNNPACK."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

from edgeisp.engines.executorch import METADATA
from edgeisp.extras import require
from edgeisp.profile.files import xnnpack
from edgeisp.profile.files.graph import Operation, Value, assemble
from edgeisp.profile.report import Static

ITEM_BYTES = {0: 1, 1: 1, 2: 2, 3: 4, 4: 8, 5: 2, 6: 4, 7: 8, 11: 1, 15: 2}
"""By ExecuTorch's scalar type."""
XNNPACK = "XnnpackBackend"


def count(path: Path) -> dict[str, Static]:
    """By method."""
    require("executorch")
    from executorch.exir._serialize._program import deserialize_pte_binary

    program = deserialize_pte_binary(path.read_bytes()).program
    payloads = [bytes(data.data) for data in program.backend_delegate_data]
    return {plan.name: _method(plan, payloads) for plan in program.execution_plan if plan.name != METADATA}


def _method(plan: Any, payloads: list[bytes]) -> Static:
    values: dict[Hashable, Value] = {}
    for index, value in enumerate(plan.values):
        tensor = value.val
        if type(tensor).__name__ == "Tensor":
            shape = tuple(tensor.sizes)
            size = Value(shape, 0).size * ITEM_BYTES[int(tensor.scalar_type)]
            values[index] = Value(shape, size, constant=tensor.data_buffer_idx > 0)
    operations: list[Operation] = []
    hidden: list[str] = []
    for number, instruction in enumerate(plan.chains[0].instructions):
        call = instruction.instr_args
        if type(call).__name__ == "DelegateCall":
            delegate = plan.delegates[call.delegate_index]
            if delegate.id == XNNPACK:
                payload = payloads[delegate.processed.index]
                operations += xnnpack.operations(payload, tuple(call.args), f"delegate{number}", values)
            else:
                hidden.append(delegate.id)
        elif type(call).__name__ == "KernelCall":
            kind = plan.operators[call.op_index].name.removeprefix("aten::")
            *reads, out = [index for index in call.args if index in values]
            macs, widths = _product(kind, [values[index] for index in reads], values[out])
            operations.append(Operation(f"{kind}.{number}", kind, tuple(reads), (out,), macs, widths))
    note = f"what {', '.join(hidden)} runs is not counted: its payload is closed" if hidden else None
    inputs = [index for index in plan.inputs if index in values]
    return assemble("ExecuTorch", values, inputs, operations, note)


def _product(kind: str, reads: list[Value], out: Value) -> tuple[int, tuple[int, int] | None]:
    """MACs of one of ExecuTorch's own kernels, and the channels of one of its products."""
    if kind == "convolution":
        weight = reads[1].shape
        return out.size * Value(weight[1:], 0).size, (weight[1], weight[0])
    if kind in ("mm", "bmm", "addmm", "linear"):
        inner = reads[1 if kind == "addmm" else 0].shape[-1]
        return out.size * inner, (inner, out.shape[-1])
    return 0, None
