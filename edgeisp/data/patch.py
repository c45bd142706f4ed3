"""`Patch`: one item of training data."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeisp.raw.image import Floats


class Patch(NamedTuple):
    """What a network is given and what it is to make of it, float32; a batch of them unpacks in this order."""

    raw: Floats
    """Canonical packed Bayer R, Gr, Gb, B, ``4 x p x p``."""
    color: Floats
    """White-balanced camera RGB to linear sRGB, ``9 x 1 x 1``."""
    target: Floats
    """sRGB in [0, 1], ``3 x 2p x 2p``."""
    mask: Floats
    """Weight of each target pixel, ``1 x 2p x 2p``: 1 where target and RAW show the same thing, 0 where not."""

    @classmethod
    def whole(cls, raw: Floats, color: Floats, target: Floats) -> Patch:
        """A patch whose target counts everywhere."""
        return cls(raw, color, target, np.ones((1, *target.shape[1:]), np.float32))
