"""Packed pictures for checks: what an exported network is compared on, the same on every machine and at every time."""

from __future__ import annotations

import numpy as np

from edgeisp.data.scenes import scene
from edgeisp.raw.canonical import canonical_planes
from edgeisp.raw.color import decode_srgb, encode_srgb
from edgeisp.raw.image import Floats, NoiseProfile
from edgeisp.raw.unprocess import Camera, noisy_planes, random_camera

_LIGHTS = (1.0, 0.06, 3.0, 0.5)
"""Exposures of consecutive pictures: normal, dark, over-exposed (saturated highlights), and dim."""
_NOISES = (NoiseProfile(5e-4, 2e-6), NoiseProfile(8e-3, 2e-5))


def packed_samples(count: int, height: int, width: int, seed: int) -> Floats:
    """``count`` canonical packed pictures ``count x 4 x height x width``: natural statistics, dark, bright and noisy.

    Procedural scenes through random cameras; light changes from picture to picture and noise from pair to pair.
    """
    pictures = []
    for index in range(count):
        rng = np.random.default_rng((seed, index))
        size = 2 * max(height, width)
        linear = decode_srgb(scene(size, rng)[:, : 2 * height, : 2 * width]) * np.float32(_LIGHTS[index % 4])
        drawn = random_camera(rng)
        camera = Camera(drawn.color_matrix, drawn.white_balance, _NOISES[index // 2 % 2])
        pictures.append(
            canonical_planes(noisy_planes(encode_srgb(linear), camera, rng), camera.white_balance)
        )
    return np.stack(pictures)
