"""ONNX files by onnxruntime, on the CPU."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgeisp import extras
from edgeisp.engines import onnx_fold
from edgeisp.engines.base import Tensors
from edgeisp.engines.onnx_session import session
from edgeisp.errors import UnavailableError

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

        first = session(path, threads)
        described = first.get_modelmeta().custom_metadata_map.get("edgeisp")
        functions: dict[str, Any] = (
            json.loads(described)["functions"] if described else {"tile": {"file": path.name}}
        )
        own = {
            name: path if name == "tile" else path.with_name(f"{path.stem}.{name}{path.suffix}")
            for name in functions
        }
        sessions = {name: first if file == path else session(file, threads) for name, file in own.items()}
        return OnnxProgram(sessions, f"onnxruntime {onnxruntime.__version__}, CPU", path, threads)


@dataclass(frozen=True)
class OnnxProgram:
    """An opened set of ONNX files, one for each function."""

    sessions: dict[str, InferenceSession]
    ran_on: str
    path: Path
    """Of the function ``tile``."""
    threads: int

    def folded(self, context: Tensors) -> OnnxProgram:
        """See `edgeisp.engines.onnx_fold`; itself where nothing folds."""
        import onnx

        model = onnx.load(self.path)
        if not onnx_fold.folded(model, context):
            return self
        return replace(
            self, sessions={**self.sessions, "tile": session(model.SerializeToString(), self.threads)}
        )

    def run(self, function: str, inputs: Tensors) -> dict[str, NDArray[np.float32]]:
        opened = self.sessions[function]
        taken = {port.name for port in opened.get_inputs()}
        outputs = opened.run(None, {name: array for name, array in inputs.items() if name in taken})
        return {out.name: np.asarray(value) for out, value in zip(opened.get_outputs(), outputs, strict=True)}


ENGINE = OnnxEngine()
