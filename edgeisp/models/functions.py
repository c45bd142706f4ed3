"""What a network offers to exporters and engines: named pure functions with fixed shapes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import Tensor, nn

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Function:
    """One entry point of an artifact: a module whose forward takes the inputs in their listed order. All float32."""

    name: str
    """``tile`` (packed Bayer and what it needs to sRGB) or ``context`` (a reduced frame to a small vector)."""
    module: nn.Module
    inputs: Mapping[str, Shape]
    outputs: Mapping[str, Shape]


@runtime_checkable
class ISPNetwork(Protocol):
    """What edgeisp asks of a network, ours or a plug-in's; networks are also `torch.nn.Module`."""

    stride: int
    """Height and width of the packed input must be multiples of this."""

    def functions(self, height: int, width: int) -> dict[str, Function]:
        """The exported entry points for a packed tile of ``height x width``; ``tile`` is always among them."""
        ...

    def __call__(self, raw: Tensor, *inputs: Tensor) -> Tensor: ...
