"""The frozen `RawImage`: one Bayer mosaic with all that is needed to turn it into a picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

CFA = Literal["RGGB", "GRBG", "GBRG", "BGGR"]
CFAS: tuple[CFA, ...] = ("RGGB", "GRBG", "GBRG", "BGGR")
"""The four Bayer layouts, each named by its 2x2 block in reading order from the top left pixel."""

Floats = NDArray[np.float32]
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class NoiseProfile:
    """Shot and read noise of a sensor at one gain: variance = shot * x + read, for a signal x in [0, 1]."""

    shot: float
    read: float


@dataclass(frozen=True, eq=False)
class RawImage:
    """A Bayer mosaic and its metadata; nothing in it is a silent default.

    Every field that the file did not give but the user supplied is named in ``assumed``.
    """

    mosaic: NDArray[np.uint16]
    """``H x W`` sensor values of the active area, read-only, in file orientation."""
    cfa: CFA
    """Layout of the 2x2 block at the top left pixel of ``mosaic``."""
    black_level: tuple[float, float, float, float]
    """Sensor value of no light, in the order R, Gr, Gb, B."""
    white_level: float
    """Sensor value of saturation; larger than every black level."""
    white_balance: tuple[float, float, float]
    """As-shot gains of R, G, B with G = 1; finite and positive."""
    color_matrix: Matrix
    """``3 x 3``, XYZ (D65) to camera RGB, as DNG's ColorMatrix; rows are camera R, G, B."""
    iso: int | None = None
    noise: NoiseProfile | None = None
    orientation: int = 1
    """EXIF orientation, 1 to 8; applied to the picture, never to the mosaic."""
    make: str = ""
    model: str = ""
    assumed: tuple[str, ...] = ()
    """Names of the fields that an ``--assume-*`` option supplied."""
    ignored: tuple[str, ...] = field(default=())
    """What the file asked for and edgeisp does not do (opcode lists, say), in words."""
