"""The engine ``mil``: ML packages on any host, by the interpreter of this package."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgeisp import extras
from edgeisp.engines.base import Tensors
from edgeisp.errors import BadInputError

if TYPE_CHECKING:
    from edgeisp.engines.mil.executing import Executable, Value


@dataclass(frozen=True)
class MILProgram:
    """An opened ML package. Not thread-safe."""

    ran_on: str
    functions: dict[str, Executable]
    threads: int
    rounding: bool = True

    def without_rounding(self) -> MILProgram:
        """The same program with every result kept in fp32: tells what a program means from what fp16 does to it."""
        return replace(self, rounding=False, ran_on=f"{self.ran_on}, fp32 throughout")

    def run(self, function: str, inputs: Tensors) -> dict[str, NDArray[np.float32]]:
        """Run ``function`` on named arrays of the declared shapes; named float32 outputs.

        Raises:
            BadInputError: no such function; missing, unknown or misshapen inputs; a program that contradicts itself.
        """
        import torch

        if function not in self.functions:
            raise BadInputError(
                f"no function {function!r}", cure=f"this package has {', '.join(self.functions)}"
            )
        executable = self.functions[function]
        tensors = {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in inputs.items()}
        _check(executable.inputs, inputs)
        before = torch.get_num_threads()
        if self.threads:
            torch.set_num_threads(self.threads)
        try:
            out = executable.run(tensors, self.rounding)
        finally:
            torch.set_num_threads(before)
        return {name: tensor.numpy().astype(np.float32) for name, tensor in out.items()}


@dataclass(frozen=True)
class MILEngine:
    """Opens ``.mlpackage`` folders on any host that has coremltools."""

    name: str = "mil"
    suffixes: tuple[str, ...] = (".mlpackage",)
    parallel: bool = False

    def missing(self) -> str | None:
        """None where coremltools is installed, else how to install it."""
        return extras.missing("coreml")

    def open(self, path: Path, *, threads: int = 0) -> MILProgram:
        """Read a package back from disk and bind all its functions.

        Raises:
            UnavailableError: coremltools is not installed, or the program has an op that the interpreter lacks.
            BadInputError: damaged, not an ML program, or of flexible shapes.
        """
        from edgeisp.engines.mil.executing import executable
        from edgeisp.engines.mil.ops import OPS
        from edgeisp.engines.mil.reading import read

        saved = read(path, OPS)
        try:
            functions = {name: executable(name, function) for name, function in saved.functions.items()}
        except BadInputError as error:
            raise BadInputError(error.what, where=path, cure=error.cure) from error
        return MILProgram(
            f"MIL interpreter (coremltools {saved.version}; not Apple's runtime)", functions, threads
        )


def _check(values: tuple[Value, ...], inputs: Tensors) -> None:
    expected, given = {value.name for value in values}, set(inputs)
    if expected != given:
        raise BadInputError(
            f"inputs {', '.join(sorted(given)) or 'none'}",
            cure=f"the function takes {', '.join(sorted(expected))}",
        )
    for value in values:
        if tuple(inputs[value.name].shape) != value.shape:
            raise BadInputError(
                f"input {value.name!r} has shape {tuple(inputs[value.name].shape)}",
                cure=f"the function takes {value.shape}",
            )


ENGINE = MILEngine()
