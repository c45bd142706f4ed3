"""From sRGB in [0, 1] to the integers of a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeisp.raw.image import Floats


@dataclass(frozen=True)
class Quantizer:
    """Clips, scales and rounds; eight bits are dithered.

    A network's smooth sky has less noise than half a code of eight bits, so that plain rounding shows
    steps. The dither is a fixed pattern of the picture's pixels (interleaved gradient noise, Jimenez 2014),
    uniform over one code and of mean zero: it does not depend on the tiling, and a code is never more than
    one off.
    """

    bits: int = 8

    @property
    def dtype(self) -> type[np.uint8] | type[np.uint16]:
        return np.uint8 if self.bits == 8 else np.uint16

    def codes(self, rgb: Floats, top: int, left: int) -> NDArray[Any]:
        """``rgb``, ``3 x h x w`` at a place in a picture, as ``h x w x 3`` integers."""
        _, height, width = rgb.shape
        top_code = np.float32(2**self.bits - 1)
        codes = np.clip(rgb, 0, 1).transpose(1, 2, 0) * top_code
        codes += dither(top, left, height, width)[..., None] if self.bits == 8 else np.float32(0.5)
        return np.asarray(np.minimum(codes, top_code), self.dtype)


def dither(top: int, left: int, height: int, width: int) -> Floats:
    """Values in [0, 1) to add before truncation, ``height x width``; a pure function of the pixel's place."""
    y = np.arange(top, top + height, dtype=np.float64)[:, None]
    x = np.arange(left, left + width, dtype=np.float64)
    return np.asarray(52.9829189 * ((0.06711056 * x + 0.00583715 * y) % 1) % 1, np.float32)
