"""Comparing pictures up to colour: the best 3x4 affine map of one picture's colours onto another's.

Two cameras on one scene differ in exposure, white balance and primaries from pair to pair. What a demosaic and noise
reduction are worth shows only after these are taken out, for every method alike.
"""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np

from edgeisp.raw.image import Floats


def fit_color(picture: Floats, truth: Floats, degree: int = 1) -> Floats:
    """``picture`` after the map of its colours that brings it closest to ``truth`` by least squares.

    Both are ``3 x H x W`` sRGB; the result is clipped to [0, 1]. The map is a polynomial of red, green and blue: affine
    for degree 1, which leaves tone curves as they are; degree 3 takes over the tone of ``truth`` as well.
    """
    flat = picture.reshape(3, -1).astype(np.float64)
    terms = [
        np.prod(flat[list(chosen)], axis=0)
        for order in range(degree + 1)
        for chosen in combinations_with_replacement(range(3), order)
    ]
    colors = np.stack(terms, 1)
    solution = np.linalg.lstsq(colors, truth.reshape(3, -1).T.astype(np.float64), rcond=None)[0]
    fitted: Floats = np.clip((colors @ solution).T.reshape(truth.shape), 0, 1).astype(np.float32)
    return fitted
