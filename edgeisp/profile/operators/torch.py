"""PyTorch's profiler: ATen operators by their own time."""

from __future__ import annotations

from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile

from edgeisp.engines.base import Tensors
from edgeisp.engines.torch import ENGINE
from edgeisp.profile.report import Operator


def table(path: Path, function: str, threads: int, inputs: Tensors, runs: int) -> tuple[list[Operator], str]:
    """See `edgeisp.profile.operators.table`. Operators of one kind stand together."""
    program = ENGINE.open(path, threads=threads)
    program.run(function, inputs)
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        for _ in range(runs):
            program.run(function, inputs)
    rows = [
        Operator(
            name=event.key,
            kind=event.key.removeprefix("aten::"),
            ms=event.self_cpu_time_total / 1e3 / runs,
            calls=event.count // runs,
        )
        for event in profiled.key_averages()
        if event.key.startswith("aten::") and event.self_cpu_time_total > 0
    ]
    return rows, f"torch {torch.__version__} profiler"
