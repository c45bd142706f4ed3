"""Statistics against tags: a layout that is wrong by one pixel shows in the mosaic."""

from __future__ import annotations

import numpy as np

from edgeisp.raw.bayer import shifted
from edgeisp.raw.image import RawImage
from edgeisp.raw.pack import pack

BLOCK = 8
"""Side of the areas that are averaged against noise, in packed pixels."""
LEAST_DIFFERENCE, LEAST_RATIO = 0.02, 2.0
DARK = 1 / 1024
"""Of the white level: what greens in the dark may differ by, a code of ten bits."""


def layout_doubt(raw: RawImage) -> str | None:
    """A sentence if the mosaic contradicts its layout, else None.

    The two greens of a sensor see the same light. If they differ, and the pixels named red and blue agree instead, the
    layout is off by one row or column. A layout that exchanges red and blue (RGGB for BGGR) cannot be told.
    """
    packed = pack(raw)
    height, width = (side // BLOCK * BLOCK for side in packed.shape)
    if not height * width:
        return None
    bands = (packed.window(slice(top, top + BLOCK), slice(0, width)) for top in range(0, height, BLOCK))
    areas = np.stack([band.reshape(4, BLOCK, -1, BLOCK).mean(axis=(1, 3)) for band in bands], axis=1)
    red, green_red, green_blue, blue = areas
    greens, others = (float(np.median(abs(a - b))) for a, b in ((green_red, green_blue), (red, blue)))
    least = max(LEAST_DIFFERENCE * abs(float(np.median(areas))), DARK)
    if greens < least or greens < LEAST_RATIO * others:
        return None
    return (
        f"the greens of {raw.cfa} differ and its red and blue agree: "
        f"the layout may be {shifted(raw.cfa, 0, 1)} or {shifted(raw.cfa, 1, 0)}"
    )
