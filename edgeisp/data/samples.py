"""Packed pictures for checks: what an exported network is compared on, the same on every machine and at every time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgeisp.data.scenes import scene
from edgeisp.raw.canonical import canonical_planes
from edgeisp.raw.color import decode_srgb, encode_srgb
from edgeisp.raw.image import Floats, NoiseProfile
from edgeisp.raw.unprocess import Camera, noisy_planes, noisy_srgb, random_camera

_LIGHTS = (1.0, 0.06, 3.0, 0.5)
"""Exposures of consecutive pictures: normal, dark, over-exposed (saturated highlights), and dim."""
_NOISES = (NoiseProfile(5e-4, 2e-6), NoiseProfile(8e-3, 2e-5))


def packed_samples(count: int, height: int, width: int, seed: int) -> Floats:
    """``count`` canonical packed pictures ``count x 4 x height x width``: natural statistics, dark, bright and noisy.

    Procedural scenes through random cameras; light changes from picture to picture and noise from pair to pair.
    """

    def packed(picture: Floats, camera: Camera, rng: np.random.Generator) -> Floats:
        return canonical_planes(noisy_planes(picture, camera, rng), camera.white_balance)

    return _samples(packed, count, 2 * height, 2 * width, seed)


def srgb_samples(count: int, height: int, width: int, seed: int) -> Floats:
    """The same as noisy sRGB pictures, ``count x 3 x height x width``."""
    return _samples(noisy_srgb, count, height, width, seed)


def _samples(
    seen: Callable[[Floats, Camera, np.random.Generator], Floats],
    count: int,
    height: int,
    width: int,
    seed: int,
) -> Floats:
    pictures = []
    for index in range(count):
        rng = np.random.default_rng((seed, index))
        size = max(height, width)
        linear = decode_srgb(scene(size, rng)[:, :height, :width]) * np.float32(_LIGHTS[index % 4])
        drawn = random_camera(rng)
        camera = Camera(drawn.color_matrix, drawn.white_balance, _NOISES[index // 2 % 2])
        pictures.append(seen(encode_srgb(linear), camera, rng))
    return np.stack(pictures)
