"""onnxruntime's profile: one event for each kernel of each run."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median

from edgeisp.engines.base import Tensors
from edgeisp.profile.report import Operator


def table(path: Path, function: str, threads: int, inputs: Tensors, runs: int) -> tuple[list[Operator], str]:
    """See `edgeisp.profile.operators.table`. On the CPU there is no delegate to speak of."""
    import onnxruntime

    file = path if function == "tile" else path.with_name(f"{path.stem}.{function}{path.suffix}")
    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = threads, 3
        options.enable_profiling, options.profile_file_prefix = True, str(Path(folder) / "profile")
        session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        for _ in range(runs + 1):
            session.run(None, dict(inputs))
        events = json.loads(Path(session.end_profiling()).read_text())
    times: dict[tuple[str, str], list[float]] = defaultdict(list)
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            name = event["name"].removesuffix("_kernel_time")
            times[name, event["args"]["op_name"]].append(event["dur"] / 1e3)
    rows = [
        Operator(name=name, kind=kind, ms=median(ms[1:]))  # the first run warms up
        for (name, kind), ms in times.items()
    ]
    return rows, f"onnxruntime {onnxruntime.__version__} profiler"
