"""TFLite files by ai-edge-litert, whose default delegate on the CPU is XNNPACK."""

from __future__ import annotations

from collections.abc import Mapping
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
    from ai_edge_litert.interpreter import Interpreter, SignatureRunner


@dataclass(frozen=True)
class TFLiteEngine:
    """Opens a ``.tflite`` file whose functions are signatures."""

    name: str = "tflite"
    suffixes: tuple[str, ...] = (".tflite",)
    parallel: bool = True

    def missing(self) -> str | None:
        return extras.missing("tflite")

    def open(self, path: Path, *, threads: int = 0) -> TFLiteProgram:
        if lack := self.missing():
            raise UnavailableError("the engine tflite cannot run here", cure=lack)
        interpreter = interpret(path, threads)
        runners = {name: interpreter.get_signature_runner(name) for name in interpreter.get_signature_list()}
        return TFLiteProgram(
            interpreter, runners, f"ai-edge-litert {extras.versions('tflite')['ai-edge-litert']}, XNNPACK"
        )


@dataclass(frozen=True)
class TFLiteProgram:
    """An opened TFLite file."""

    interpreter: Interpreter
    """Held because its signature runners borrow its memory."""
    runners: Mapping[str, SignatureRunner]
    ran_on: str

    def run(self, function: str, inputs: Tensors) -> dict[str, NDArray[np.float32]]:
        outputs: dict[str, NDArray[np.float32]] = self.runners[function](**inputs)
        return outputs


def interpret(model: Path | bytes, threads: int = 0) -> Interpreter:
    """An interpreter with its memory allocated.

    Raises:
        BadInputError: not a TFLite model.
    """
    from ai_edge_litert.interpreter import Interpreter

    where: dict[str, Any] = (
        {"model_content": model} if isinstance(model, bytes) else {"model_path": str(model)}
    )
    try:
        with native_stderr_off():
            interpreter = Interpreter(**where, num_threads=threads or None)
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise BadInputError(
            f"TFLite cannot open it ({error})",
            where=None if isinstance(model, bytes) else model,
            cure="export again",
        ) from error
    return interpreter


ENGINE = TFLiteEngine()
