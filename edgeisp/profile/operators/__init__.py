"""The runtimes' own profilers: one file for each, all giving the same rows."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from edgeisp.engines.base import Tensors
from edgeisp.profile.report import Operator

PROFILERS = {
    "tflite": "edgeisp.profile.operators.tflite",
    "onnx": "edgeisp.profile.operators.onnx",
    "executorch": "edgeisp.profile.operators.executorch",
    "torch": "edgeisp.profile.operators.torch",
}


def table(
    engine: str, path: Path, function: str, threads: int, inputs: Tensors, runs: int
) -> tuple[list[Operator], str]:
    """Typical ms of each operator of a function, slowest first, and the profiler that says so.

    Args:
        engine: that runs it.
        path: the artifact.
        function: ``tile`` or another.
        threads: 0 leaves it to the runtime.
        inputs: of the function, by name.
        runs: over which the median (or, where the profiler adds up, the mean) is taken, after one that is not counted.
    """
    if engine not in PROFILERS:
        return [], f"no table: the engine {engine} has no profiler that we know"
    rows, by = import_module(PROFILERS[engine]).table(path, function, threads, inputs, runs)
    return sorted(rows, key=lambda row: -row.ms), by
