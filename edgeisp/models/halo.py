"""The halo of a network: how many pixels at each edge of a tile only serve their neighbours."""

from __future__ import annotations

import msgspec


class Halo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Two widths, in picture pixels; both multiples of what the network's stride is in the picture."""

    auto: int
    """With this one no pixel of the pictures it was measured on is half an 8-bit code from the whole frame's; int8
    networks keep that of the network in float."""
    exact: int
    """The receptive field: with this one tiles compute what the whole frame would, whatever their size."""
    error_codes: float
    """The worst difference with ``auto``, in 8-bit codes."""
    pictures: int
    """How many pictures ``auto`` was measured on; 0 where it is the exact one by choice."""

    def fits(self, tile: tuple[int, int]) -> bool:
        """Whether tiles of that size have a core within ``auto``."""
        return min(tile) > 2 * self.auto

    def overhead(self, tile: tuple[int, int]) -> float:
        """Pixels that tiles of that size compute for each one that they write, with ``auto``."""
        height, width = tile
        return height * width / ((height - 2 * self.auto) * (width - 2 * self.auto))
