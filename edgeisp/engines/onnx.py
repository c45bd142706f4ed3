"""ONNX files by onnxruntime, on the CPU."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgeisp import extras
from edgeisp.engines.base import Tensors
from edgeisp.errors import BadInputError, UnavailableError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


@dataclass(frozen=True)
class OnnxEngine:
    """Opens ``NAME.onnx`` and, where its metadata names further functions, the files that hold them."""

    name: str = "onnx"
    suffixes: tuple[str, ...] = (".onnx",)
    parallel: bool = True

    def missing(self) -> str | None:
        return extras.missing("onnx")

    def open(self, path: Path, *, threads: int = 0) -> OnnxProgram:
        if lack := self.missing():
            raise UnavailableError("the engine onnx cannot run here", cure=lack)
        import onnxruntime

        first = _session(path, threads)
        described = first.get_modelmeta().custom_metadata_map.get("edgeisp")
        functions: dict[str, Any] = (
            json.loads(described)["functions"] if described else {"tile": {"file": path.name}}
        )
        own = {
            name: path if name == "tile" else path.with_name(f"{path.stem}.{name}{path.suffix}")
            for name in functions
        }
        sessions = {name: first if file == path else _session(file, threads) for name, file in own.items()}
        return OnnxProgram(sessions, f"onnxruntime {onnxruntime.__version__}, CPU")


@dataclass(frozen=True)
class OnnxProgram:
    """An opened set of ONNX files, one for each function."""

    sessions: dict[str, InferenceSession]
    ran_on: str

    def run(self, function: str, inputs: Tensors) -> dict[str, NDArray[np.float32]]:
        session = self.sessions[function]
        outputs = session.run(None, dict(inputs))
        return {
            out.name: np.asarray(value) for out, value in zip(session.get_outputs(), outputs, strict=True)
        }


def _session(path: Path, threads: int) -> InferenceSession:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors share no public base class
        raise BadInputError(
            f"onnxruntime cannot open it ({error})", where=path, cure="export again"
        ) from error


ENGINE = OnnxEngine()
