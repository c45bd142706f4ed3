"""TFLite files by the old tflite-runtime 2.14, a stand-in for old devices.

It needs numpy 1, so it has a Python of its own: ``$EDGEISP_TFLITE_RUNTIME_PYTHON``, else the one in the cache folder
that ``make tflite-runtime`` fills. Nothing is ever installed from here.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from edgeisp.engines import tflite_runtime_worker as wire
from edgeisp.engines.base import Tensors
from edgeisp.errors import BadInputError, UnavailableError
from edgeisp.files import cache_folder

VARIABLE = "EDGEISP_TFLITE_RUNTIME_PYTHON"
VERSION = "2.14.0"


@dataclass(frozen=True)
class TFLiteRuntimeEngine:
    """Opens a ``.tflite`` file whose functions are signatures, in a process of another Python."""

    name: str = "tflite-runtime"
    suffixes: tuple[str, ...] = (".tflite",)
    parallel: bool = True

    def missing(self) -> str | None:
        python = interpreter()
        if python.is_file():
            return None
        home = python.parent.parent
        return (
            f"no Python with tflite-runtime at {python}: python3.11 -m venv {home} && {python} -m pip install "
            f"tflite-runtime=={VERSION} numpy==1.26.4 (or set {VARIABLE})"
        )

    def open(self, path: Path, *, threads: int = 0) -> TFLiteRuntimeProgram:
        if lack := self.missing():
            raise UnavailableError("the engine tflite-runtime cannot run here", cure=lack)
        return TFLiteRuntimeProgram(path, threads)


class TFLiteRuntimeProgram:
    """An opened TFLite file. Its process ends with it."""

    def __init__(self, path: Path, threads: int) -> None:
        self._path, self._log = path, tempfile.TemporaryFile()  # noqa: SIM115  (as long as the process)
        worker = str(files("edgeisp.engines") / "tflite_runtime_worker.py")
        self._process = subprocess.Popen(
            [interpreter(), "-I", worker, path, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        self.ran_on = f"tflite-runtime {self._answer()['version']}, XNNPACK"

    def run(self, function: str, inputs: Tensors) -> dict[str, NDArray[np.float32]]:
        question = {f"{function}/{name}": value for name, value in inputs.items()}
        with contextlib.suppress(BrokenPipeError):  # the missing answer says it
            wire.write(self._pipe(self._process.stdin), question)
        return self._answer()

    def __del__(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _answer(self) -> dict[str, NDArray[np.float32]]:
        answer: dict[str, NDArray[np.float32]] | None = wire.read(self._pipe(self._process.stdout))
        if answer is None:
            self._log.seek(0)
            said = self._log.read().decode(errors="replace").strip().splitlines() or ["it said nothing"]
            raise BadInputError(
                f"tflite-runtime ended with code {self._process.wait()}: {said[-1]}",
                where=self._path,
                cure="export again",
            )
        return answer

    @staticmethod
    def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
        assert stream is not None
        return stream


def interpreter() -> Path:
    """The Python that has tflite-runtime, whether or not it is there."""
    default = cache_folder(f"tflite-runtime-{VERSION}") / "bin" / "python"
    return Path(os.environ.get(VARIABLE) or default)


ENGINE = TFLiteRuntimeEngine()
