"""Frames on the RGGB grid of their packed mosaic, and the training patches that are cut from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from edgeisp.data.pairset import Pair
from edgeisp.data.patch import Patch
from edgeisp.raw import PackedRaw, pack
from edgeisp.raw.canonical import canonical_planes
from edgeisp.raw.color import planar, srgb_from_camera
from edgeisp.raw.image import Floats

Bytes = NDArray[np.uint8]


class Sensor(Struct, frozen=True):
    """What turns samples into the planes and the matrix that networks take."""

    black: tuple[float, float, float, float]
    """Of R, Gr, Gb, B."""
    white: float
    white_balance: tuple[float, float, float]
    color: tuple[float, ...]
    """White-balanced camera RGB to linear sRGB, nine numbers by rows."""


class Window(NamedTuple):
    """A rectangle of a frame that starts at a red pixel."""

    mosaic: NDArray[np.uint16]
    """``H x W``, RGGB."""
    picture: Bytes
    """``H x W x 3`` sRGB."""
    mask: Bytes
    """``H x W``: 1 where mosaic and picture show the same thing, else 0."""

    def cut(self, rows: slice, columns: slice) -> Window:
        """A part of it, or the same with rows or columns reversed."""
        return Window(self.mosaic[rows, columns], self.picture[rows, columns], self.mask[rows, columns])

    def transposed(self) -> Window:
        """Rows and columns exchanged."""
        return Window(self.mosaic.T, self.picture.transpose(1, 0, 2), self.mask.T)


class Frame(Protocol):
    """One pair, in memory or on disk."""

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the mosaic, even."""

    @property
    def sensor(self) -> Sensor: ...

    def window(self, rows: slice, columns: slice) -> Window:
        """A part of the frame; the slices have no step and start at even numbers."""


@dataclass(frozen=True, eq=False)
class MemoryFrame:
    """A frame in memory."""

    whole: Window
    sensor: Sensor

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the mosaic, even."""
        height, width = self.whole.mosaic.shape
        return height, width

    def window(self, rows: slice, columns: slice) -> Window:
        """A part of the frame."""
        return self.whole.cut(rows, columns)


def on_grid(pair: Pair) -> tuple[PackedRaw, Bytes, tuple[slice, slice]]:
    """The packed RAW, the picture on its grid, and the part of that grid that packing did not have to make up."""
    raw, packed = pair.raw, pack(pair.raw)
    height, width = packed.mosaic.shape
    place = packed.restore(np.arange(height * width).reshape(height, width, 1))[..., 0]
    picture = np.zeros((height * width, 3), np.uint8)
    picture[place.ravel()] = pair.picture.reshape(-1, 3)
    inner_height, inner_width = height - raw.mosaic.shape[0] % 2 * 2, width - raw.mosaic.shape[1] % 2 * 2
    top, left = (2 * (side % 2) * flip for side, flip in zip(raw.mosaic.shape, packed.flips, strict=True))
    inside = slice(top, top + inner_height), slice(left, left + inner_width)
    return packed, picture.reshape(height, width, 3), inside


def frame_of(pair: Pair) -> MemoryFrame:
    """``pair`` on the grid of its packed mosaic."""
    packed, picture, inside = on_grid(pair)
    raw, mosaic = pair.raw, packed.mosaic[inside]
    matrix = srgb_from_camera(raw.color_matrix).ravel().tolist()
    return MemoryFrame(
        Window(mosaic, picture[inside], np.ones(mosaic.shape, np.uint8)),
        Sensor(raw.black_level, raw.white_level, raw.white_balance, tuple(matrix)),
    )


def canonical_window(mosaic: NDArray[np.uint16], sensor: Sensor, turned: bool = False) -> Floats:
    """Canonical planes ``4 x h x w`` of a mosaic that starts at a red pixel.

    Args:
        turned: the mosaic is transposed, so that its first row holds R and Gb.
    """
    planes = np.stack([mosaic[y::2, x::2] for y in (0, 1) for x in (0, 1)]).astype(np.float32)
    r, gr, gb, b = sensor.black
    black = np.array([r, gb, gr, b] if turned else [r, gr, gb, b], np.float32)[:, None, None]
    return canonical_planes((planes - black) / (np.float32(sensor.white) - black), sensor.white_balance)


def sample(frame: Frame, patch: int, rng: np.random.Generator) -> Patch:
    """A random patch of ``patch`` packed pixels, flipped and transposed at random.

    A flip shifts by one pixel, which keeps the CFA's phase; along a side of exactly ``2 * patch`` there is no room for
    that, and no flip.
    """
    size = 2 * patch
    room = [side - size for side in frame.shape]
    top, left = (2 * int(rng.integers(max(1, space // 2))) for space in room)
    ends = [min(start + size + 2, side) for start, side in zip((top, left), frame.shape, strict=True)]
    window = frame.window(slice(top, ends[0]), slice(left, ends[1]))
    flips = [rng.random() < 0.5 and space >= 2 for space in room]
    rows, columns = (slice(-2, -size - 2, -1) if flip else slice(0, size) for flip in flips)
    window = window.cut(rows, columns)
    turned = rng.random() < 0.5
    if turned:
        window = window.transposed()
    return Patch(
        canonical_window(window.mosaic, frame.sensor, turned),
        np.array(frame.sensor.color, np.float32).reshape(9, 1, 1),
        planar(window.picture),
        np.ascontiguousarray(window.mask, np.float32)[None],
    )
