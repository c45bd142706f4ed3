"""A frame as networks see it: canonical planes of any window, made from the mosaic when asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edgeisp.raw import PackedRaw, RawImage, pack
from edgeisp.raw.canonical import canonical_planes
from edgeisp.raw.color import planar, srgb_from_camera
from edgeisp.raw.image import Floats
from edgeisp.raw.pack import upright
from edgeisp.render.tiles import mirrored


@dataclass(frozen=True, eq=False)
class Frame:
    """A RAW image with an exposure. Holds the mosaic only; floats exist for one window at a time."""

    raw: RawImage
    packed: PackedRaw
    exposure: float = 0.0
    """In EV. Stops above 0 act before saturation, as a longer exposure would; those below 0 after it."""

    @classmethod
    def of(cls, raw: RawImage, exposure: float = 0.0) -> Frame:
        """The frame of ``raw``, ``exposure`` EV brighter."""
        return cls(raw, pack(raw), exposure)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the packed planes."""
        return self.packed.shape

    def window(self, top: int, left: int, height: int, width: int) -> Floats:
        """Canonical planes ``4 x height x width``; outside the frame they are its mirror image."""
        rows = mirrored(top, height, self.size[0])
        columns = mirrored(left, width, self.size[1])
        planes = self.packed.window(_extent(rows), _extent(columns))
        planes = planes[:, (rows - rows.min())[:, None], columns - columns.min()]
        exposed = planes * np.float32(2.0 ** max(self.exposure, 0))
        return canonical_planes(exposed, self.raw.white_balance, 2.0 ** min(self.exposure, 0))

    @property
    def picture(self) -> tuple[int, int]:
        """Height and width of the upright picture."""
        height, width = self.packed.size
        return (width, height) if self.packed.orientation >= 5 else (height, width)

    @property
    def downwards(self) -> tuple[int, bool]:
        """See `PackedRaw.downwards`."""
        return self.packed.downwards

    def restore(self, part: NDArray[Any], top: int, left: int) -> NDArray[Any]:
        """A part of a picture at twice the grid of the packed planes, upright and without padding."""
        return self.packed.part(part, top, left)

    @property
    def inputs(self) -> dict[str, Floats]:
        """What a network is told of the whole frame, by name."""
        return {"color": self.color}

    @property
    def color(self) -> Floats:
        """White-balanced camera RGB to linear sRGB, row by row, ``1 x 9 x 1 x 1``: the input ``color`` of networks."""
        return srgb_from_camera(self.raw.color_matrix).astype(np.float32).reshape(1, 9, 1, 1)

    def decimated(self, pixels: int) -> Floats:
        """About ``pixels`` canonical values of each plane from all over the frame, ``4 x h x w``."""
        step = max(1, round((self.size[0] * self.size[1] / pixels) ** 0.5))
        rows = [self.window(y, 0, 1, self.size[1])[:, :, ::step] for y in range(0, self.size[0], step)]
        return np.concatenate(rows, 1)

    def reduced(self, pixels: int, stride: int) -> Floats:
        """The frame shrunk by a whole factor to about ``pixels`` per plane by averaging; sides on the stride.

        ``4 x h x w``. The part beyond the last whole multiple of stride and factor is left out.
        """
        height, width = self.size
        factor = max(1, round((height * width / pixels) ** 0.5))
        rows, columns = (max(stride, side // factor // stride * stride) for side in self.size)
        bands = [self.window(y * factor, 0, factor, columns * factor) for y in range(rows)]
        return np.stack([b.reshape(4, factor, columns, factor).mean((1, 3)) for b in bands], 1)

    def thumbnail(self, height: int, width: int) -> Floats:
        """Means of the canonical planes over the cells of a grid that spans the frame, ``4 x height x width``.

        The cells are those of an adaptive average pool: where they do not divide the frame they overlap by a pixel.
        First each column of a cell is averaged over its rows, then these over the columns, both in 64 bits and in their
        order (`_mean`): the apps on phones come to the same floats.
        """
        rows, columns = _cells(self.size[0], height), _cells(self.size[1], width)
        bands = []
        for top, bottom in rows:
            band = _mean(self.window(top, 0, bottom - top, self.size[1]))
            bands.append(np.stack([_mean(band[:, left:right]) for left, right in columns], 1))
        return np.stack(bands, 1).astype(np.float32)

    def upright(self, plane: Floats) -> Floats:
        """Anything on the grid of the packed planes, ``h x w`` at any scale, turned as its viewer should see it."""
        rows, columns = (slice(None, None, -1 if flip else 1) for flip in self.packed.flips)
        return upright(plane[rows, columns], self.packed.orientation)


@dataclass(frozen=True, eq=False)
class PictureFrame:
    """An sRGB picture, for networks that take one."""

    pixels: NDArray[np.uint8]
    """``H x W x 3``, upright."""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        height, width, _ = self.pixels.shape
        return height, width

    @property
    def inputs(self) -> dict[str, Floats]:
        return {}

    def window(self, top: int, left: int, height: int, width: int) -> Floats:
        """Code values ``3 x height x width`` in [0, 1]; outside the picture they are its mirror image."""
        rows = mirrored(top, height, self.size[0])
        columns = mirrored(left, width, self.size[1])
        return planar(self.pixels[rows[:, None], columns])

    def thumbnail(self, height: int, width: int) -> Floats:
        """The picture shrunk to ``height x width`` by averaging, ``3 x height x width``."""
        small = Image.fromarray(self.pixels).resize((width, height), Image.Resampling.BOX)
        return planar(np.asarray(small))

    @property
    def picture(self) -> tuple[int, int]:
        """Its size."""
        return self.size

    @property
    def downwards(self) -> tuple[int, bool]:
        """Along its rows."""
        return 0, False

    def restore(self, part: NDArray[Any], top: int, left: int) -> NDArray[Any]:
        """``part`` itself."""
        return part


class Source(Protocol):
    """What `edgeisp.render.renderer.Renderer` renders: `Frame` or `PictureFrame`."""

    @property
    def size(self) -> tuple[int, int]: ...

    @property
    def inputs(self) -> dict[str, Floats]: ...

    def window(self, top: int, left: int, height: int, width: int) -> Floats: ...

    def thumbnail(self, height: int, width: int) -> Floats: ...

    @property
    def picture(self) -> tuple[int, int]: ...

    @property
    def downwards(self) -> tuple[int, bool]: ...

    def restore(self, part: NDArray[Any], top: int, left: int) -> NDArray[Any]: ...


def _mean(values: NDArray[Any]) -> NDArray[np.float64]:
    """Over the second axis, one value after the other, in 64 bits; `numpy.mean` adds in an order of its own."""
    means: NDArray[np.float64] = np.cumsum(values, 1, np.float64)[:, -1] / values.shape[1]
    return means


def _cells(length: int, count: int) -> list[tuple[int, int]]:
    return [(i * length // count, -(-(i + 1) * length // count)) for i in range(count)]


def _extent(indices: np.ndarray) -> slice:
    return slice(int(indices.min()), int(indices.max()) + 1)
