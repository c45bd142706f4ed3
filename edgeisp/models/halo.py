"""The halo of a network: how many pixels at each edge of a tile only serve their neighbours."""

from __future__ import annotations

import math

import msgspec

LARGE = 3.0
"""An overhead from which on larger tiles are worth their memory."""


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
        return overhead(tile, self.auto)


def overhead(tile: tuple[int, int], halo: int) -> float:
    """Pixels that tiles of that height and width compute for each one that they write; both in the same pixels."""
    height, width = tile
    return height * width / ((height - 2 * halo) * (width - 2 * halo))


def least_tile(halo: int, step: int) -> int:
    """The smallest side of a tile with a core within ``halo``, a multiple of ``step``; almost all of it is halo."""
    return 2 * halo + step


def frugal_tile(halo: int, step: int) -> int:
    """The smallest side of a tile, a multiple of ``step``, whose overhead is at most `LARGE`."""
    share = 1 - math.sqrt(1 / LARGE)
    return max(least_tile(halo, step), math.ceil(2 * halo / share / step) * step)


def largest_halo(tile: tuple[int, int], step: int) -> int:
    """The largest halo, a multiple of ``step``, with which a tile has a core left."""
    return (min(tile) - step) // 2 // step * step
