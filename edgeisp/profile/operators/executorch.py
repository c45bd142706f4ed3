"""ExecuTorch's event trace (ETDump), read by its Inspector; XNNPACK reports its own nodes into it."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median

import numpy as np
import torch

from edgeisp import extras
from edgeisp.engines.base import Tensors
from edgeisp.engines.executorch import METADATA
from edgeisp.profile.report import Operator

WHOLE = ("Method::execute", "Method::init", "Program::load_method", "DELEGATE_CALL", "OPERATOR_CALL")
"""Events that contain the others."""


def table(path: Path, function: str, threads: int, inputs: Tensors, runs: int) -> tuple[list[Operator], str]:
    """See `edgeisp.profile.operators.table`."""
    from executorch.devtools import Inspector
    from executorch.extension.pybindings import portable_lib

    if threads:
        portable_lib._unsafe_reset_threadpool(threads)
    module = portable_lib._load_for_executorch(str(path), enable_etdump=True)
    described = json.loads(module.run_method(METADATA, ())[0])["functions"][function]["inputs"]
    values = tuple(torch.from_numpy(np.ascontiguousarray(inputs[port["name"]])) for port in described)
    for _ in range(runs + 1):
        module.run_method(function, values)
    with tempfile.TemporaryDirectory() as folder:
        trace, debug = Path(folder) / "trace.etdp", Path(folder) / "debug.bin"
        module.write_etdump_result_to_file(str(trace), str(debug))
        blocks = Inspector(etdump_path=str(trace)).event_blocks
    times: dict[tuple[str, bool], list[float]] = defaultdict(list)
    for block in blocks:
        for event in block.events:
            raw = list(event.perf_data.raw) if event.perf_data is not None else []
            if event.name and event.name not in WHOLE and len(raw) > 1:
                times[event.name, bool(event.is_delegated_op)].append(median(raw[1:]))
    rows = [
        Operator(name=name, kind=name.split(" #")[0], ms=sum(ms), calls=len(ms), delegated=delegated)
        for (name, delegated), ms in times.items()
    ]
    return rows, f"executorch {extras.versions('executorch')['executorch']} ETDump"
