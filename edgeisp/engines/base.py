"""What every engine offers: open an artifact on this host, run its functions, say what they ran on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Tensors = Mapping[str, NDArray[np.float32]]


class Program(Protocol):
    """An opened artifact. Not thread-safe: open one per thread."""

    @property
    def ran_on(self) -> str:
        """What executes it, with versions: ``"ai-edge-litert 2.3.0, XNNPACK"``."""
        ...

    def run(self, function: str, inputs: Tensors) -> dict[str, NDArray[np.float32]]:
        """Run ``function`` (``tile`` or ``context``) on named float32 arrays of the exported shapes; named outputs."""
        ...


@runtime_checkable
class Folding(Protocol):
    """A program that can take what is known of a whole picture into its weights."""

    def folded(self, context: Tensors) -> Program:
        """For pictures with this context: the same ``tile``, still given the context, in fewer operations."""
        ...


class Engine(Protocol):
    """A runtime that can open artifacts on this host. Engines are frozen module-level objects in the registry."""

    @property
    def name(self) -> str:
        """What people type."""
        ...

    @property
    def suffixes(self) -> tuple[str, ...]:
        """File endings that it opens, such as ``(".tflite",)``."""
        ...

    @property
    def parallel(self) -> bool:
        """Whether programs that were opened apart gain by running at the same time in one process."""
        ...

    def missing(self) -> str | None:
        """What keeps it from running here, with the one command that cures it; None where it works. Cheap."""
        ...

    def open(self, path: Path, *, threads: int = 0) -> Program:
        """Open an artifact; ``threads`` 0 leaves the number to the runtime.

        Raises:
            UnavailableError: the runtime is not installed or cannot run here.
            BadInputError: the file is damaged or of another format.
        """
        ...
