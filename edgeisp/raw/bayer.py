"""The four Bayer layouts: positions in the 2x2 block to planes R, Gr, Gb, B and back, shifts and flips."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar, cast

from edgeisp.raw.image import CFA

T = TypeVar("T")


def plane_positions(cfa: CFA) -> tuple[int, int, int, int]:
    """Where R, Gr, Gb, B sit in the 2x2 block, counted in reading order; Gr is the green in red's row."""
    red, blue = cfa.index("R"), cfa.index("B")
    return red, red ^ 1, blue ^ 1, blue


def by_plane(block: Sequence[T], cfa: CFA) -> tuple[T, T, T, T]:
    """The four values of a 2x2 block in reading order, sorted to R, Gr, Gb, B."""
    red, green_red, green_blue, blue = plane_positions(cfa)
    return block[red], block[green_red], block[green_blue], block[blue]


def by_position(planes: Sequence[T], cfa: CFA) -> tuple[T, T, T, T]:
    """The inverse of `by_plane`: values of R, Gr, Gb, B in the reading order of the 2x2 block."""
    order = plane_positions(cfa)
    first, second, third, fourth = (planes[order.index(position)] for position in range(4))
    return first, second, third, fourth


def shifted(cfa: CFA, rows: int, columns: int) -> CFA:
    """The layout seen from a top left pixel ``rows`` down and ``columns`` to the right."""
    return cast("CFA", "".join(cfa[i ^ (columns % 2) ^ (rows % 2 * 2)] for i in range(4)))


def flips_to_rggb(cfa: CFA) -> tuple[bool, bool]:
    """Whether rows and columns of an even-sized mosaic must be reversed to make it RGGB."""
    red = cfa.index("R")
    return red >= 2, red % 2 == 1
