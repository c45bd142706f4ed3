"""Tiles with a halo: which part of a frame each one reads, and which part of the picture it fills.

All lengths are in packed pixels. Tiles lie on the network's stride, so that its wavelets fall on the same
pixels in every tiling::

    |halo|      core      |halo|          what tile 1 reads
                  |halo|      core      |halo|          what tile 2 reads
         [  written by 1 ][ written by 2 ]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeisp.errors import BadInputError


@dataclass(frozen=True)
class Span:
    """One side of a tile."""

    read: int
    """First pixel that the tile reads; may lie outside the frame, where it is mirrored."""
    start: int
    """First pixel that it writes."""
    stop: int
    """One past the last pixel that it writes."""

    @property
    def within(self) -> slice:
        """What it writes, in the tile's own pixels."""
        return slice(self.start - self.read, self.stop - self.read)


Tile = tuple[Span, Span]
"""Rows and columns."""


def check(tile: int, halo: int, stride: int, scale: int = 2) -> None:
    """Whether tiles can be cut so; ``scale`` is the number of picture pixels for each of them.

    Raises:
        BadInputError: the halo leaves no core, or tile and halo are not multiples of the stride.
    """
    if tile <= 2 * halo or tile % stride or halo % stride or halo < 0:
        raise BadInputError(
            f"a tile of {scale * tile} pixels with a halo of {scale * halo}",
            where="--tile, --halo",
            cure=f"both must be multiples of {scale * stride}, and the tile more than twice the halo",
        )


def spans(length: int, tile: int, halo: int, stride: int) -> list[Span]:
    """Cover ``length`` pixels with tiles of ``tile`` pixels that overlap by twice the halo.

    The last tile is moved back inside the frame rather than filled with mirrored pixels.

    Raises:
        BadInputError: see `check`.
    """
    check(tile, halo, stride)
    core = tile - 2 * halo
    furthest = max(0, -(-length // stride) * stride - core)
    starts = range(0, length, core)
    return [Span(min(s, furthest) - halo, s, min(s + core, length)) for s in starts]


def grid(size: tuple[int, int], tile: tuple[int, int], halo: int, stride: int) -> Iterator[Tile]:
    """Rows and columns of every tile of a frame of ``size``, row by row."""
    columns = spans(size[1], tile[1], halo, stride)
    for rows in spans(size[0], tile[0], halo, stride):
        for column in columns:
            yield rows, column


def bands(tiles: Iterable[Tile], axis: int, backwards: bool) -> list[list[Tile]]:
    """Tiles that share their rows (``axis`` 0) or columns (1), band after band along that axis."""
    found: dict[int, list[Tile]] = {}
    for tile in tiles:
        found.setdefault(tile[axis].start, []).append(tile)
    return [found[start] for start in sorted(found, reverse=backwards)]


def extent(tiles: Sequence[Tile]) -> tuple[int, int, int, int]:
    """Top, left, height and width of what tiles write that fill a rectangle, first to last."""
    (top, left), (bottom, right) = tiles[0], tiles[-1]
    return top.start, left.start, bottom.stop - top.start, right.stop - left.start


def mirrored(start: int, count: int, length: int) -> NDArray[np.intp]:
    """Indices ``start`` to ``start + count`` of an axis of ``length``, reflected at both of its ends.

    Each packed plane is mirrored about its own border pixel, which keeps the Bayer phase. Against a true
    mirror image of the mosaic, colours are displaced by at most half a packed pixel, and only in the halo.
    """
    if length == 1:
        return np.zeros(count, np.intp)
    period = 2 * (length - 1)
    folded = np.arange(start, start + count) % period
    return np.asarray(np.minimum(folded, period - folded), np.intp)
