"""The side of host profiling that opens and runs an artifact: in a process of its own, one question after another."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from edgeisp.engines import ENGINES
from edgeisp.engines.base import Tensors
from edgeisp.profile.machine import peak_bytes, resident_bytes

RUNTIMES = {
    "torch": ("torch", "edgeisp.models.checkpoint"),
    "tflite": ("ai_edge_litert.interpreter",),
    "onnx": ("onnxruntime",),
    "executorch": ("torch", "executorch.runtime", "executorch.extension.pybindings.portable_lib"),
    "coreml": ("coremltools",),
}
"""What an engine imports when it first opens a file. Imports are Python's cost, not the artifact's."""

Question = tuple[Literal["run", "output", "memory"], str]


@dataclass(frozen=True)
class Opened:
    """The first answer."""

    ran_on: str
    load_ms: float
    idle_bytes: int | None


def serve(
    engine: str, path: Path, threads: int, inputs: Mapping[str, Tensors]
) -> Generator[Any, Question, None]:
    """Open ``path``, then answer questions about a function: ms of one run, its outputs, peak memory in bytes."""
    for module in RUNTIMES.get(engine, ()):
        with suppress(ImportError):  # the engine itself says what is missing
            import_module(module)
    idle = resident_bytes()
    start = time.perf_counter()
    program = ENGINES.get(engine).open(path, threads=threads)
    answer: Any = Opened(program.ran_on, 1e3 * (time.perf_counter() - start), idle)
    while True:
        what, function = yield answer
        if what == "memory":
            answer = peak_bytes()
            continue
        start = time.perf_counter()
        outputs = program.run(function, inputs[function])
        elapsed = 1e3 * (time.perf_counter() - start)
        answer = outputs if what == "output" else elapsed
