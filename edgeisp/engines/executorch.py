"""ExecuTorch programs by its own runtime; XNNPACK does what was delegated to it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgeisp import extras
from edgeisp.engines.base import Tensors
from edgeisp.engines.quiet import native_stderr_off
from edgeisp.errors import BadInputError, UnavailableError

if TYPE_CHECKING:
    from executorch.runtime import Method, Program

METADATA = "edgeisp"
"""A constant method that returns the artifact's description: the format has no other place for it."""


@dataclass(frozen=True)
class ExecuTorchEngine:
    """Opens a ``.pte`` file of edgeisp, whose functions are methods."""

    name: str = "executorch"
    suffixes: tuple[str, ...] = (".pte",)
    parallel: bool = False

    def missing(self) -> str | None:
        return extras.missing("executorch")

    def open(self, path: Path, *, threads: int = 0) -> ExecuTorchProgram:
        if lack := self.missing():
            raise UnavailableError("the engine executorch cannot run here", cure=lack)
        with native_stderr_off():
            from executorch.extension.pybindings import portable_lib
            from executorch.runtime import Runtime, Verification

        if threads:
            portable_lib._unsafe_reset_threadpool(threads)
        try:
            with native_stderr_off():
                program = Runtime.get().load_program(path, verification=Verification.InternalConsistency)
                functions = json.loads(program.load_method(METADATA).execute([])[0])["functions"]
                methods = {name: program.load_method(name) for name in functions}
        except Exception as error:  # the runtime raises RuntimeError, and returns None for what it lacks
            raise BadInputError(
                f"ExecuTorch cannot open it ({error})", where=path, cure="export again"
            ) from error
        version = extras.versions("executorch")["executorch"]
        return ExecuTorchProgram(program, methods, functions, f"executorch {version}, XNNPACK")


@dataclass(frozen=True)
class ExecuTorchProgram:
    """An opened ``.pte`` file."""

    program: Program
    """Held because its methods borrow its memory."""
    methods: dict[str, Method]
    functions: dict[str, Any]
    """Inputs and outputs of each function in call order, from the embedded description."""
    ran_on: str

    def run(self, function: str, inputs: Tensors) -> dict[str, NDArray[np.float32]]:
        import torch

        signature = self.functions[function]
        values = [
            torch.from_numpy(np.ascontiguousarray(inputs[port["name"]])) for port in signature["inputs"]
        ]
        outputs = self.methods[function].execute(values)
        return {
            port["name"]: value.clone().numpy()
            for port, value in zip(signature["outputs"], outputs, strict=True)
        }


ENGINE = ExecuTorchEngine()
