"""The light in a picture file, whatever it is: a RAW file, a rendered picture, or a linear one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from edgeisp.data.lowlight import dark_planes, phone_camera
from edgeisp.data.pairs import read_any
from edgeisp.data.pairset import PICTURES, read_picture
from edgeisp.raw import RawImage, canonical, pack
from edgeisp.raw.color import color_input, encode_srgb, planar, srgb_from_camera
from edgeisp.raw.image import Floats
from edgeisp.raw.pack import upright
from edgeisp.raw.reader import RawReader
from edgeisp.raw.tags import holds_raw

STOPS = (3.0, 5.5)
"""How much too dark rendered pictures are taken to have been."""
WHITE = 99
"""Percentile that a plain rendering makes white."""


@dataclass(frozen=True, eq=False)
class Light:
    """A picture, upright: linear in a camera's white-balanced primaries, or sRGB as it was rendered."""

    picture: Floats
    """``3 x H x W``, nominally in [0, 1]; of a RAW file half its size, one pixel for each 2x2 of the mosaic."""
    size: tuple[int, int]
    """Width and height in the pixels that annotations count."""
    color: Floats | None
    """Camera RGB to linear sRGB, ``9 x 1 x 1``; None: the picture is sRGB."""

    def fitted(self, side: int) -> Fitted:
        """Scaled to the upper left of a black square of ``side`` pixels, an even number."""
        width, height = self.size
        scale = side / max(width, height)
        columns, rows = max(1, round(width * scale)), max(1, round(height * scale))
        square = np.zeros((3, side, side), np.float32)
        for plane, whole in zip(square, self.picture, strict=True):
            small = Image.fromarray(whole, "F").resize((columns, rows), Image.Resampling.BOX)
            plane[:rows, :columns] = np.asarray(small)
        return Fitted(square, self.color, scale)


@dataclass(frozen=True, eq=False)
class Fitted:
    """Light in a square."""

    square: Floats
    """``3 x side x side``, as `Light.picture`."""
    color: Floats | None
    """As in `Light`."""
    scale: float
    """What boxes in pixels of the picture are multiplied by."""

    def planes(self, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Canonical packed Bayer ``4 x side/2 x side/2``, as a sensor of that size saw it, and its colour matrix.

        Rendered pictures are unprocessed as some phone's, `STOPS` too dark.
        """
        if self.color is None:
            return dark_planes(self.square, rng.uniform(*STOPS), phone_camera(rng), rng)
        r, g, b = self.square
        mosaic = [r[0::2, 0::2], g[0::2, 1::2], g[1::2, 0::2], b[1::2, 1::2]]
        return np.ascontiguousarray(np.stack(mosaic)), self.color

    def rendered(self) -> Floats:
        """A plain, well exposed sRGB rendering, ``3 x side x side``: what task networks are trained on."""
        if self.color is None:
            return self.square
        linear = np.tensordot(self.color.reshape(3, 3), self.square, 1)
        bright = float(np.percentile(linear, WHITE))
        clipped = np.clip(linear / max(bright, 1e-6), 0, 1).astype(np.float32)
        return encode_srgb(clipped)


def is_picture(path: Path) -> bool:
    """Whether a file is a finished picture; some cameras call their RAW files ``.tif``."""
    suffix = path.suffix.lower()
    return suffix in PICTURES and not (suffix in (".tif", ".tiff") and holds_raw(path))


def of_file(reader: RawReader, path: Path) -> Light:
    """A picture is taken for sRGB, all else for a RAW file.

    Raises:
        BadInputError: the file cannot be read.
    """
    return of_picture(path) if is_picture(path) else of_raw(read_any(reader, path))


def of_picture(path: Path) -> Light:
    """A rendered picture.

    Raises:
        BadInputError: it is not a whole one.
    """
    picture = planar(read_picture(path))
    return Light(picture, (picture.shape[2], picture.shape[1]), None)


def of_linear(path: Path) -> Light:
    """A picture with 8 bits that is linear: a RAW file demosaiced and left as it is, white balance included.

    Raises:
        BadInputError: it is not a whole one.
    """
    light = of_picture(path)
    return Light(light.picture, light.size, color_input(np.eye(3)))


def of_raw(raw: RawImage) -> Light:
    """A RAW image, one pixel for each 2x2 of its mosaic."""
    packed = pack(raw)
    r, gr, gb, b = canonical(packed.planes, raw)
    rgb = np.stack([r, (gr + gb) / 2, b], -1)
    rows, columns = (slice(None, None, -1 if flip else 1) for flip in packed.flips)
    turned = upright(rgb[rows, columns], packed.orientation)
    height, width = raw.mosaic.shape if raw.orientation < 5 else raw.mosaic.shape[::-1]
    color = color_input(srgb_from_camera(raw.color_matrix))
    return Light(np.ascontiguousarray(turned.transpose(2, 0, 1), np.float32), (width, height), color)
