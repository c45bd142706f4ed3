"""How bright a picture should be: as recorded, some stops brighter, or automatically."""

from __future__ import annotations

import math

import numpy as np

from edgeisp.errors import BadInputError
from edgeisp.render.frame import Frame

WHITE_SHARE = 0.01
"""Share of the pixels that automatic exposure lets clip, as LibRaw's auto_bright_thr."""
MOST, LEAST = 4.0, 0.0
"""Automatic exposure in EV: it brightens what was recorded dark, and never darkens."""


def parse_exposure(text: str) -> float | None:
    """EV as a number; None for ``auto``.

    Raises:
        BadInputError: neither a number from -10 to 10 nor ``auto``.
    """
    if text.strip().lower() == "auto":
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not abs(value) <= 10:
        cure = "give stops from -10 to 10, such as 0.7 or -1, or auto"
        raise BadInputError(f"cannot take an exposure of {text!r}", where="--exposure", cure=cure)
    return value


def auto_exposure(frame: Frame) -> float:
    """EV that brings all but `WHITE_SHARE` of the pixels below white, 0 to 4; after LibRaw's automatic brightening.

    Looks at the brightest colour of about 100 000 pixels from all over the frame.
    """
    brightest = frame.decimated(100_000).max(0)
    white = float(np.quantile(brightest, 1 - WHITE_SHARE))
    return min(max(frame.exposure - math.log2(max(white, 1e-6)), LEAST), MOST)
