"""What a network offers to exporters and engines: named pure functions with fixed shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from edgeisp.errors import BadInputError
from edgeisp.models.task import ISP, Packaging, Task

Shape = tuple[int, ...]
CONTEXT_SIDE = 128
"""Height and width of what the context function takes."""


@dataclass(frozen=True)
class Function:
    """One entry point of an artifact: a module whose forward takes the inputs in their listed order. All float32."""

    name: str
    """``tile`` (a picture and what else it needs to a picture), ``context`` (a part of the frame, or a `THUMBNAIL` of
    it, to a small vector), or the name of a module that runs after the tile, see `ISPNetwork.separate`."""
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

    def baked(self, height: int, width: int) -> dict[str, Function]:
        """The same as `functions` with the context computed inside ``tile``, from a `THUMBNAIL`; where offered.

        Raises:
            BadInputError: the network does not offer it.
        """
        raise _lacks(self, "is not exported in one graph", "--packaging")

    def separate(self, height: int, width: int) -> dict[str, Function]:
        """The same as `functions` with every module of a chain in a function of its own, to run after ``tile``.

        Raises:
            BadInputError: the network is no chain.
        """
        raise _lacks(self, "is no chain of modules", "--packaging")

    def ordered(self, names: Sequence[str]) -> ISPNetwork:
        """This network with its modules in another order.

        Raises:
            BadInputError: the network is no chain, or has no modules of these names.
        """
        raise _lacks(self, "is no chain of modules", "--order")

    def context(self, source: Tensor) -> Tensor:
        """What is computed once from the whole frame and handed to every tile; only for networks that have it."""
        raise NotImplementedError

    def reach(self) -> int | None:
        """Pixels of the source around one that its part of the picture depends on; None: derived from the graph."""
        return None

    def chain(self) -> list[dict[str, Any]]:
        """What manifests tell of a network that is a chain of modules; see `edgeisp.export.records.Stage`."""
        return []

    def spare(self) -> list[dict[str, Any]]:
        """The same of modules that the chain leaves out."""
        return []

    def landmarks(self) -> list[nn.Module]:
        """Modules whose outputs a teacher may guide (`edgeisp.training.distill`), at most one of each size."""
        return []


def functions_of(
    network: ISPNetwork, height: int, width: int, packaging: Packaging = "split"
) -> dict[str, Function]:
    """The entry points of an artifact of ``network`` for packed tiles of ``height x width``.

    Raises:
        BadInputError: a packaging that the network does not offer.
    """
    if packaging == "split":
        return network.functions(height, width)
    if not isinstance(network, ISPNetwork):
        raise _lacks(network, "is exported in no other packaging than split", "--packaging")
    return network.baked(height, width) if packaging == "baked" else network.separate(height, width)


def reordered(network: ISPNetwork, names: Sequence[str]) -> ISPNetwork:
    """``network`` with its modules in another order; see `ISPNetwork.ordered`."""
    if not isinstance(network, ISPNetwork):  # plug-ins need not be
        raise _lacks(network, "is no chain of modules", "--order")
    return network.ordered(names)


def _lacks(network: object, what: str, option: str) -> BadInputError:
    return BadInputError(f"{type(network).__name__} {what}", where=option, cure="leave it out")
