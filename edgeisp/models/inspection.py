"""Looking inside a network: named maps and weights, for ``edgeisp inspect``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import Tensor


@dataclass(frozen=True)
class Inspection:
    """What a network shows of one forward pass."""

    maps: Mapping[str, Tensor]
    """Name to ``h x w`` in [-1, 1], at whatever scale the network computes it."""
    weights: Mapping[str, Tensor]
    """Name to N values that are shown as bars."""


@runtime_checkable
class Inspectable(Protocol):
    """A network with something to show. It is optional: networks without it are shown by planes and picture alone."""

    def inspect(self, raw: Tensor, context: Tensor | None = None) -> Inspection:
        """Maps and weights for one packed picture ``1 x 4 x h x w`` (and the context of its frame)."""
        ...
