"""What a network offers to exporters and engines: named pure functions with fixed shapes."""

from __future__ import annotations

from collections.abc import Mapping
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
    """``tile`` (a picture and what else it needs to a picture) or ``context`` (a part of the frame, or a `THUMBNAIL` of
    it, to a small vector)."""
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
        raise BadInputError(
            f"{type(self).__name__} is not exported in one graph", where="--packaging", cure="leave it out"
        )

    def context(self, source: Tensor) -> Tensor:
        """What is computed once from the whole frame and handed to every tile; only for networks that have it."""
        raise NotImplementedError

    def reach(self) -> int | None:
        """Pixels of the source around one that its part of the picture depends on; None: derived from the graph."""
        return None

    def chain(self) -> list[dict[str, Any]]:
        """What manifests tell of a network that is a chain of modules; see `edgeisp.export.manifest.Stage`."""
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
    if packaging == "baked" and isinstance(network, ISPNetwork):
        return network.baked(height, width)
    return network.functions(height, width)
