"""Colour: white balance, camera matrices and the sRGB transfer curve. Arrays are ``C x H x W``, linear in [0, 1]."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgeisp.raw.image import Floats, Matrix

XYZ_FROM_SRGB: Matrix = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
"""Linear sRGB to XYZ, both with white D65 (IEC 61966-2-1)."""

F = TypeVar("F", bound=NDArray[Any])


def srgb_from_camera(color_matrix: Matrix) -> Matrix:
    """White-balanced camera RGB to linear sRGB, ``3 x 3``; rows sum to 1, so that grey stays grey.

    The camera-from-sRGB matrix is scaled row by row to map white to (1, 1, 1) before it is inverted, as LibRaw and
    dcraw do (``cam_xyz_coeff``).

    Args:
        color_matrix: ``3 x 3``, XYZ (D65) to camera RGB.
    """
    camera_from_srgb = color_matrix @ XYZ_FROM_SRGB
    camera_from_srgb = camera_from_srgb / camera_from_srgb.sum(axis=1, keepdims=True)
    return np.linalg.inv(camera_from_srgb)


def color_matrix_from_srgb(
    srgb_from_camera_matrix: Matrix, white_balance: tuple[float, float, float]
) -> Matrix:
    """The XYZ (D65) to camera matrix whose white needs the gains ``white_balance``; inverts `srgb_from_camera`."""
    camera_from_srgb = np.linalg.inv(srgb_from_camera_matrix) / np.array(white_balance)[:, None]
    matrix: Matrix = camera_from_srgb @ np.linalg.inv(XYZ_FROM_SRGB)
    return matrix


def encode_srgb(linear: F) -> F:
    """Linear light to sRGB code values (IEC 61966-2-1); clips to [0, 1], keeps shape and dtype."""
    x = np.clip(linear, 0.0, 1.0)
    return np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.power(x, 1 / 2.4) - 0.055).astype(linear.dtype)  # type: ignore[return-value]


def decode_srgb(encoded: F) -> F:
    """sRGB code values in [0, 1] to linear light; keeps shape and dtype."""
    x = np.clip(encoded, 0.0, 1.0)
    return np.where(x <= 0.04045, x / 12.92, np.power((x + 0.055) / 1.055, 2.4)).astype(encoded.dtype)  # type: ignore[return-value]


def plane_gains(white_balance: tuple[float, float, float]) -> Floats:
    """Gains of R, Gr, Gb, B, ``4 x 1 x 1``, scaled so that the smallest is 1 and saturation stays white."""
    r, g, b = white_balance
    gains = np.array([r, g, g, b], np.float32)
    scaled: Floats = (gains / gains.min())[:, None, None]
    return scaled


def color_input(srgb_from_camera_matrix: Matrix) -> Floats:
    """The ``3 x 3`` matrix as networks take it: ``9 x 1 x 1`` float32, row by row."""
    return srgb_from_camera_matrix.astype(np.float32).reshape(9, 1, 1)


def planar(picture: NDArray[np.uint8]) -> Floats:
    """An 8-bit picture ``H x W x 3`` as ``3 x H x W`` float32 in [0, 1]."""
    return np.ascontiguousarray(picture.transpose(2, 0, 1), np.float32) / np.float32(255)
