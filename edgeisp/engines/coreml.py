"""The engine ``coreml``: Apple's own runtime, on macOS."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeisp import extras
from edgeisp.engines.base import Tensors
from edgeisp.errors import BadInputError, UnavailableError

OLDEST_MACOS = 15
"""The first macOS that loads packages of several functions."""


@dataclass(frozen=True)
class CoreMLProgram:
    """An opened ML package; each function is compiled and loaded when it is first run. Not thread-safe."""

    ran_on: str
    path: Path
    functions: tuple[str, ...]
    _loaded: dict[str, Any] = field(default_factory=dict)

    def run(self, function: str, inputs: Tensors) -> dict[str, NDArray[np.float32]]:
        """Run ``function`` on named arrays of the declared shapes; named float32 outputs.

        Raises:
            BadInputError: no such function, or Core ML refuses the inputs.
        """
        if function not in self.functions:
            raise BadInputError(
                f"no function {function!r}", where=self.path, cure=f"it has {', '.join(self.functions)}"
            )
        try:
            if function not in self._loaded:
                self._loaded[function] = _load(self.path, function)
            out = self._loaded[function].predict(
                {name: np.ascontiguousarray(array) for name, array in inputs.items()}
            )
        except Exception as error:  # coremltools passes on whatever Core ML throws
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise BadInputError(
                f"Core ML cannot run {function!r} ({reason})", where=self.path, cure="export again"
            ) from error
        return {name: np.asarray(array, np.float32) for name, array in out.items()}


@dataclass(frozen=True)
class CoreMLEngine:
    """Opens ``.mlpackage`` folders with Core ML, which chooses among CPU, GPU and Neural Engine, as in an app."""

    name: str = "coreml"
    suffixes: tuple[str, ...] = (".mlpackage",)
    parallel: bool = False

    def missing(self) -> str | None:
        """None on a macOS that is new enough and has coremltools."""
        if (here := platform.system()) != "Darwin":
            return f"Core ML runs on macOS only (this is {here}); the engine mil interprets .mlpackage files anywhere"
        if int(platform.mac_ver()[0].split(".")[0]) < OLDEST_MACOS:
            return f"packages of several functions need macOS {OLDEST_MACOS} or later (this is {platform.mac_ver()[0]})"
        return extras.missing("coreml")

    def open(self, path: Path, *, threads: int = 0) -> CoreMLProgram:
        """Open a package; Core ML chooses its threads itself.

        Raises:
            UnavailableError: not macOS, too old a macOS, or coremltools is not installed.
            BadInputError: damaged, or not an ML program.
        """
        if lack := self.missing():
            raise UnavailableError("Core ML cannot run here", cure=lack)
        from edgeisp.engines.mil.reading import op_counts

        version = extras.versions("coreml")["coremltools"]
        ran_on = f"Core ML of macOS {platform.mac_ver()[0]} (coremltools {version}, ComputeUnit.ALL)"
        return CoreMLProgram(ran_on, path, tuple(op_counts(path)))


def _load(path: Path, function: str) -> Any:
    import coremltools as ct

    several = function != "main"
    return ct.models.MLModel(
        str(path), compute_units=ct.ComputeUnit.ALL, function_name=function if several else None
    )


ENGINE = CoreMLEngine()
