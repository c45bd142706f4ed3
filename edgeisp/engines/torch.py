"""PyTorch itself: opens a checkpoint, and is what all other engines are compared with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgeisp.engines.base import Tensors
from edgeisp.models.task import THUMBNAIL, task_of

if TYPE_CHECKING:
    from edgeisp.models.functions import Function, ISPNetwork


@dataclass(frozen=True)
class TorchEngine:
    """Runs a ``.safetensors`` checkpoint of a known network at any tile size."""

    name: str = "torch"
    suffixes: tuple[str, ...] = (".safetensors",)
    parallel: bool = False

    def missing(self) -> str | None:
        return None

    def open(self, path: Path, *, threads: int = 0) -> TorchProgram:
        from edgeisp.models import checkpoint

        return self.program(checkpoint.load(checkpoint.network_of(path), path).network, threads=threads)

    def program(self, network: ISPNetwork, *, threads: int = 0) -> TorchProgram:
        """The program of a network that is loaded already."""
        import torch

        if threads:
            torch.set_num_threads(threads)
        # convolutions are some 10 % faster so; values are the same up to rounding
        return TorchProgram(network.to(memory_format=torch.channels_last))  # type: ignore[call-overload]


@dataclass(frozen=True)
class TorchProgram:
    """A network with weights; its functions take the height and width of the picture they are given."""

    network: ISPNetwork
    ran_on: str = field(default_factory=lambda: _version())
    _functions: dict[tuple[int, int], dict[str, Function]] = field(default_factory=dict, repr=False)

    def folded(self, context: Tensors) -> TorchProgram:
        """With the context in the weights of the network, where it knows how; itself where it does not."""
        import torch

        from edgeisp.models.contextual import ContextNetwork

        if not isinstance(self.network, ContextNetwork):
            return self
        network = self.network.folded(torch.from_numpy(context["context"]))
        return TorchProgram(network.to(memory_format=torch.channels_last), self.ran_on)  # type: ignore[call-overload]

    def run(self, function: str, inputs: Tensors) -> dict[str, NDArray[np.float32]]:
        source = THUMBNAIL if THUMBNAIL in inputs else task_of(self.network).source
        height, width = inputs[source].shape[2:]
        if (height, width) not in self._functions:
            self._functions[height, width] = self.network.functions(height, width)
        return run(self._functions[height, width][function], inputs)


def run(function: Function, inputs: Tensors) -> dict[str, NDArray[np.float32]]:
    """Call a function of a network on named arrays."""
    import torch

    with torch.inference_mode():
        outputs = function.module(*(torch.from_numpy(np.asarray(inputs[name])) for name in function.inputs))
    values = outputs if isinstance(outputs, tuple) else (outputs,)
    return {name: value.numpy() for name, value in zip(function.outputs, values, strict=True)}


def _version() -> str:
    import torch

    return f"torch {torch.__version__}"


ENGINE = TorchEngine()
