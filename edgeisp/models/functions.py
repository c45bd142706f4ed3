"""What a network offers to exporters and engines: named pure functions with fixed shapes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from edgeisp.models.task import ISP, Task

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Function:
    """One entry point of an artifact: a module whose forward takes the inputs in their listed order. All float32."""

    name: str
    """``tile`` (a picture and what else it needs to a picture) or ``context`` (a reduced frame to a small vector)."""
    module: nn.Module
    inputs: Mapping[str, Shape]
    outputs: Mapping[str, Shape]


class ISPNetwork(nn.Module):
    """Base of every network, ours or a plug-in's: packed Bayer in, sRGB out, and what it offers to exporters."""

    stride: int
    """Height and width of the packed input must be multiples of this."""
    task: Task = ISP
    """What goes in and comes out."""
    float_layers: ClassVar[dict[str, str]] = {}
    """Convolutions that quantization leaves in float, by module name (``*`` for any part of it), with the reason."""

    def functions(self, height: int, width: int) -> dict[str, Function]:
        """The exported entry points for a packed tile of ``height x width``; ``tile`` is always among them."""
        raise NotImplementedError

    def context(self, raw: Tensor) -> Tensor:
        """What is computed once from the whole frame and handed to every tile; only for networks that have it."""
        raise NotImplementedError

    def landmarks(self) -> list[nn.Module]:
        """Modules whose outputs a teacher may guide (`edgeisp.training.distill`), at most one of each size."""
        return []


class ContextOf(nn.Module):
    """The context pass of a network as a module of its own, for export."""

    def __init__(self, network: ISPNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, raw: Tensor) -> Tensor:
        return self.network.context(raw)


class WithoutColor(nn.Module):
    """The tile function of a network whose task has no colour matrix."""

    def __init__(self, network: ISPNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor, context: Tensor) -> Tensor:
        made: Tensor = self.network(picture, None, context)
        return made


CONTEXT_SIDE = 128
"""Height and width of what the context function takes."""


def with_context(network: ISPNetwork, context: Shape, height: int, width: int) -> dict[str, Function]:
    """The two functions of a network whose tiles take a context of that shape, named after its task.

    ``tile(source, color, context) -> result``, without ``color`` where the task does not render; and
    ``context(source) -> context``.
    """
    task = network.task
    source = {task.source: (1, task.planes, height, width)}
    result = {task.result: (1, task.colors, task.scale * height, task.scale * width)}
    whole = {task.source: (1, task.planes, CONTEXT_SIDE, CONTEXT_SIDE)}
    color = {"color": (1, 9, 1, 1)} if task.rendered else {}
    module = network if task.rendered else WithoutColor(network)
    return {
        "tile": Function("tile", module, {**source, **color, "context": context}, result),
        "context": Function("context", ContextOf(network), whole, {"context": context}),
    }
