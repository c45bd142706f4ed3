"""Packing: a Bayer mosaic as the planes R, Gr, Gb, B, and a picture back on the mosaic's grid and upright."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from edgeisp.errors import BadInputError
from edgeisp.raw.bayer import flips_to_rggb
from edgeisp.raw.canonical import canonical_planes
from edgeisp.raw.image import Floats, RawImage

P = TypeVar("P", bound=NDArray[Any])

WHOLE = slice(None)
BOTTOM_UP = (3, 4, 7, 8)
"""EXIF orientations whose picture, its axes exchanged where they ask for it, is upside down."""


@dataclass(frozen=True, eq=False)
class PackedRaw:
    """A mosaic brought to RGGB, read as planes a window at a time: a frame never has to be float at once."""

    mosaic: NDArray[np.uint16]
    """``2h x 2w``, RGGB: the RAW's mosaic, odd sizes padded, then flipped."""
    black_level: tuple[float, float, float, float]
    white_level: float
    size: tuple[int, int]
    """Height and width of the RAW's mosaic."""
    flips: tuple[bool, bool]
    """Whether rows and columns of the padded mosaic were reversed."""
    orientation: int
    """EXIF orientation that `restore` applies."""

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of a plane."""
        return self.mosaic.shape[0] // 2, self.mosaic.shape[1] // 2

    @property
    def planes(self) -> Floats:
        """All planes, ``4 x h x w`` float32, in the order R, Gr, Gb, B; see `window`."""
        return self.window()

    def window(self, rows: slice = WHOLE, columns: slice = WHOLE) -> Floats:
        """A part of the planes, ``4 x rows x columns`` float32.

        Each plane is ``(x - black) / (white - black)`` with its own black level. Nothing is clipped: noise below
        black stays negative.

        Args:
            rows, columns: slices of the planes, in packed pixels, without a step.
        """
        (top, bottom, _), (left, right, _) = rows.indices(self.shape[0]), columns.indices(self.shape[1])
        part = self.mosaic[2 * top : 2 * bottom, 2 * left : 2 * right]
        planes = np.stack([part[y::2, x::2] for y in (0, 1) for x in (0, 1)]).astype(np.float32)
        black = np.array(self.black_level, np.float64)[:, None, None]
        planes -= black.astype(np.float32)
        planes *= (1 / (self.white_level - black)).astype(np.float32)
        return planes

    def restore(self, picture: P) -> P:
        """A picture made from the planes, back on the RAW's grid: flips and padding undone, turned upright.

        Args:
            picture: ``2h x 2w x C`` or ``C x 2h x 2w`` with C 1 or 3, any dtype.

        Returns:
            The picture, same axes and dtype, of the mosaic's size (sides exchanged by orientations 5 to 8).
        """
        if picture.shape[:2] == self.mosaic.shape:
            return self.part(picture)
        if picture.shape[1:] == self.mosaic.shape:
            part = self.part(picture.transpose(1, 2, 0))
            return cast("P", np.ascontiguousarray(part.transpose(2, 0, 1)))
        height, width = self.mosaic.shape
        raise BadInputError(
            f"a picture of shape {picture.shape} is not the one of these planes",
            cure=f"give {height} x {width} x 3",
        )

    def part(self, picture: P, top: int = 0, left: int = 0) -> P:
        """What `restore` makes of a part of a picture, ``rows x columns x C``, that begins at ``top`` and ``left``."""
        rows, columns = (
            _kept(picture.shape[axis], start, self.mosaic.shape[axis], self.size[axis], self.flips[axis])
            for axis, start in enumerate((top, left))
        )
        return upright(cast("P", picture[rows, columns]), self.orientation)

    @property
    def downwards(self) -> tuple[int, bool]:
        """The axis of the planes along which `restore`'s picture runs from top to bottom, and whether backwards."""
        axis = int(self.orientation >= 5)
        return axis, self.flips[axis] != (self.orientation in BOTTOM_UP)


def pack(raw: RawImage) -> PackedRaw:
    """Bring a mosaic of any layout and size to RGGB planes.

    Odd sides are mirrored about the edge pixel, which keeps the Bayer phase; then rows and columns are
    reversed as the layout needs. `PackedRaw.restore` undoes both.
    """
    height, width = raw.mosaic.shape
    padded = (
        np.pad(raw.mosaic, ((0, height % 2), (0, width % 2)), "reflect")
        if height % 2 or width % 2
        else raw.mosaic
    )
    flips = flips_to_rggb(raw.cfa)
    rows, columns = (slice(None, None, -1 if flip else 1) for flip in flips)
    return PackedRaw(
        padded[rows, columns], raw.black_level, raw.white_level, (height, width), flips, raw.orientation
    )


def canonical(planes: Floats, raw: RawImage) -> Floats:
    """Planes of `pack` as networks take them, ``4 x h x w`` float32; see `canonical_planes`."""
    return canonical_planes(planes, raw.white_balance)


def upright(picture: P, orientation: int) -> P:
    """A picture ``H x W x ...`` as it should be seen, for EXIF orientation 1 to 8 (TIFF 6.0, tag 274)."""
    turned: Any = picture
    if orientation >= 5:
        turned = turned.swapaxes(0, 1)
    if orientation in BOTTOM_UP:
        turned = turned[::-1]
    if orientation in (2, 3, 6, 7):
        turned = turned[:, ::-1]
    return cast("P", np.ascontiguousarray(turned))


def _kept(length: int, start: int, padded: int, size: int, flip: bool) -> slice:
    """Of one side of a part of the padded picture: what lies in the picture, in the picture's direction."""
    if not flip:
        return slice(0, max(0, min(length, size - start)))
    padding = max(0, padded - start - size)
    return slice(None, padding - 1 if padding else None, -1)
