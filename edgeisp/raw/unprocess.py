"""sRGB pictures back to RAW, after Brooks et al., "Unprocessing Images for Learned Raw Denoising" (CVPR 2019).

Unlike theirs no tone curve is undone: the picture is the plain sRGB rendering of the scene, which is also what the
networks of edgeisp and LibRaw without auto-brightening make of the RAW.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeisp.raw.canonical import canonical_planes
from edgeisp.raw.color import (
    color_matrix_from_srgb,
    decode_srgb,
    encode_srgb,
    plane_gains,
    srgb_from_camera,
)
from edgeisp.raw.image import CFA, CFAS, Floats, Matrix, NoiseProfile, RawImage
from edgeisp.raw.noise import add_noise, random_profile

DAYLIGHT_MATRICES: dict[str, Matrix] = {
    name: np.array(values, float).reshape(3, 3) / 10000
    for name, values in {
        "Canon EOS 5D": (6347, -479, -972, -8297, 15954, 2480, -1968, 2131, 7649),
        "Canon EOS 5D Mark II": (4716, 603, -830, -7798, 15474, 2480, -1496, 1937, 6651),
        "Nikon D90": (7309, -1403, -519, -8474, 16008, 2622, -2434, 2826, 8064),
        "Nikon D700": (8139, -2171, -663, -8747, 16541, 2295, -1925, 2008, 8093),
        "Sony ILCE-7": (5271, -712, -347, -6153, 13653, 2763, -1601, 2366, 7242),
    }.items()
}
"""XYZ (D65) to camera RGB, as in the ColorMatrix2 of Adobe's DNGs; random cameras lie between these."""


@dataclass(frozen=True, eq=False)
class Camera:
    """A sensor and its settings, real or invented."""

    color_matrix: Matrix
    """``3 x 3``, XYZ (D65) to camera RGB."""
    white_balance: tuple[float, float, float]
    """Gains of R, G, B with G = 1 under the scene's light."""
    noise: NoiseProfile
    cfa: CFA = "RGGB"
    black_level: float = 64.0
    white_level: float = 1023.0

    @property
    def srgb_from_camera(self) -> Matrix:
        return srgb_from_camera(self.color_matrix)


def random_camera(rng: np.random.Generator) -> Camera:
    """A camera with a matrix between (and slightly beyond) real ones, daylight to tungsten gains, 10 to 14 bits.

    Camera-from-sRGB stays positive, as sensitivities are: every sRGB colour is one that the camera can record.
    """
    matrices = np.stack([np.linalg.inv(srgb_from_camera(m)) for m in DAYLIGHT_MATRICES.values()])
    mixed = np.tensordot(rng.dirichlet(np.full(len(matrices), 0.7)), matrices, axes=1)
    varied = np.maximum(mixed, 0.01) * np.exp(rng.normal(0, 0.2, (3, 3)))
    matrix = np.linalg.inv(varied / varied.sum(1, keepdims=True))
    gains = (float(rng.uniform(1.2, 2.8)), 1.0, float(rng.uniform(1.2, 2.8)))
    bits = int(rng.integers(10, 15))
    white = 2.0**bits - 1
    return Camera(
        color_matrix=color_matrix_from_srgb(matrix, gains),
        white_balance=gains,
        noise=random_profile(rng),
        cfa=CFAS[rng.integers(4)],
        black_level=float(np.round(white * rng.uniform(0.01, 0.07))),
        white_level=white,
    )


def camera_rgb(srgb: Floats, camera: Camera) -> Floats:
    """Noise-free sensor signal at every pixel and colour, ``3 x H x W`` in [0, 1], of an sRGB picture of that shape."""
    linear = decode_srgb(srgb)
    balanced = np.tensordot(np.linalg.inv(camera.srgb_from_camera).astype(np.float32), linear, axes=1)
    return np.clip(balanced / plane_gains(camera.white_balance)[[0, 1, 3]], 0, 1).astype(np.float32)


def digitize(signal: Floats, camera: Camera, rng: np.random.Generator) -> Floats:
    """Sensor values of a noise-free signal in [0, 1]: noise added, black level added, rounded and clipped."""
    noisy = add_noise(signal, camera.noise, rng)
    span = camera.white_level - camera.black_level
    return np.clip(np.round(noisy * span + camera.black_level), 0, camera.white_level)


def sample_planes(rgb: Floats) -> Floats:
    """``3 x H x W`` sampled through an RGGB mosaic: planes R, Gr, Gb, B, ``4 x H/2 x W/2`` (H, W even)."""
    return np.stack([rgb[0, 0::2, 0::2], rgb[1, 0::2, 1::2], rgb[1, 1::2, 0::2], rgb[2, 1::2, 1::2]])


def noisy_planes(srgb: Floats, camera: Camera, rng: np.random.Generator) -> Floats:
    """Packed Bayer of a picture as the camera would record it: ``4 x H/2 x W/2``, black-subtracted, white at 1."""
    values = digitize(sample_planes(camera_rgb(srgb, camera)), camera, rng)
    return ((values - camera.black_level) / (camera.white_level - camera.black_level)).astype(np.float32)


def noisy_srgb(srgb: Floats, camera: Camera, rng: np.random.Generator) -> Floats:
    """A picture with the noise that ``camera`` leaves in it: ``3 x H x W`` sRGB in [0, 1] of one of that shape.

    Every pixel is one Bayer quad of the sensor, as where a camera bins: noise is measured shot and read noise in linear
    light, then white balance, the mean of both greens, colour matrix and sRGB curve. No two pixels share noise.
    """
    signal = camera_rgb(srgb, camera)
    values = digitize(signal[[0, 1, 1, 2]], camera, rng)
    planes = ((values - camera.black_level) / (camera.white_level - camera.black_level)).astype(np.float32)
    r, gr, gb, b = canonical_planes(planes, camera.white_balance)
    linear = np.tensordot(camera.srgb_from_camera.astype(np.float32), np.stack([r, (gr + gb) / 2, b]), axes=1)
    return encode_srgb(linear.astype(np.float32))


def unprocess(srgb: Floats, camera: Camera, rng: np.random.Generator, iso: int | None = None) -> RawImage:
    """The RAW that ``camera`` would have recorded of an sRGB picture.

    Args:
        srgb: ``3 x H x W`` in [0, 1].
        camera: colour, light, noise, CFA and levels.
        rng: source of the noise.
        iso: recorded in the result.
    """
    signal = camera_rgb(srgb, camera)
    _, height, width = signal.shape
    color_of = np.array([["RGB".index(c) for c in camera.cfa[:2]], ["RGB".index(c) for c in camera.cfa[2:]]])
    pattern = np.tile(color_of, (height // 2 + 1, width // 2 + 1))[:height, :width]
    mosaic = digitize(np.take_along_axis(signal, pattern[None], 0)[0], camera, rng).astype(np.uint16)
    mosaic.setflags(write=False)
    black = camera.black_level
    return RawImage(
        mosaic=mosaic,
        cfa=camera.cfa,
        black_level=(black, black, black, black),
        white_level=camera.white_level,
        white_balance=camera.white_balance,
        color_matrix=camera.color_matrix,
        iso=iso,
        noise=camera.noise,
    )
