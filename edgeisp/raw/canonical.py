"""Camera-canonical planes: the one input space in which a network can render any Bayer sensor."""

from __future__ import annotations

import numpy as np

from edgeisp.raw.color import plane_gains
from edgeisp.raw.image import Floats


def canonical_planes(
    planes: Floats, white_balance: tuple[float, float, float], exposure: float = 1.0
) -> Floats:
    """White-balanced planes in the camera's own primaries.

    Saturated pixels are clipped to white after the gains, so that highlights stay neutral; negative values (read noise
    below black) are kept, since clipping them would lift the shadows.

    Args:
        planes: ``4 x h x w`` R, Gr, Gb, B, black-subtracted, white level at 1.
        white_balance: gains of R, G, B.
        exposure: linear gain on the result; 1 keeps the white level at 1.

    Returns:
        ``4 x h x w`` float32.
    """
    balanced = np.minimum(planes * plane_gains(white_balance), 1.0)
    return np.ascontiguousarray(balanced * np.float32(exposure), dtype=np.float32)
