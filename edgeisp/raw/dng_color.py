"""Colour of DNGs: which colour matrix serves, and the as-shot white balance (DNG 1.4, chapter 6)."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeisp.raw.tiff import numbers

SETS = ((50721, 50723, 50778), (50722, 50724, 50779), (52531, 52530, 52529))
"""Codes of ColorMatrix, CameraCalibration and CalibrationIlluminant, for each of up to three illuminants."""
SIGNATURES = (50931, 50932)
"""CameraCalibrationSignature and ProfileCalibrationSignature: where they differ, CameraCalibration does not apply."""
NEAREST_D65 = (21, 20, 1, 9, 10, 4, 22, 23, 11, 2, 3, 24, 17)
"""EXIF illuminants, nearest to D65 first: D65, D55, daylights, flash, D75, D50, shade, lamps, A."""


def color_matrix(first: Any) -> tuple[list[float] | None, list[str]]:
    """XYZ to camera for the illuminant nearest to D65, with analogue gains and the unit's own calibration.

    Args:
        first: the DNG's first page, which holds the camera's colour.

    Returns:
        Nine numbers or None, and words about the illuminant if it is not D65.
    """
    found = []
    signatures = {str(first.tags[code].value) if code in first.tags else "" for code in SIGNATURES}
    for matrix_code, calibration_code, illuminant_code in SETS:
        matrix = numbers(first, matrix_code, "ColorMatrix", 9)
        if matrix is not None:
            unit = numbers(first, calibration_code, "CameraCalibration", 9) if len(signatures) == 1 else None
            illuminant = int((numbers(first, illuminant_code) or [0])[0])
            rank = NEAREST_D65.index(illuminant) if illuminant in NEAREST_D65 else len(NEAREST_D65)
            found.append(
                (rank, illuminant, np.reshape(unit or np.eye(3), (3, 3)) @ np.reshape(matrix, (3, 3)))
            )
    if not found:
        return None, []
    rank, illuminant, product = min(found, key=lambda entry: entry[0])
    gains = np.diag(numbers(first, 50727, "AnalogBalance", 3) or [1.0, 1.0, 1.0])
    words = [] if rank == 0 else [f"no ColorMatrix for D65: the one for illuminant {illuminant} serves"]
    return (gains @ product).ravel().tolist(), words


def white_balance(first: Any, matrix: list[float] | None) -> list[float] | None:
    """Gains of R, G, B: the inverse of AsShotNeutral, or of the camera's answer to AsShotWhiteXY."""
    neutral = numbers(first, 50728, "AsShotNeutral", 3)
    white = numbers(first, 50729, "AsShotWhiteXY", 2)
    if neutral is None and white is not None and matrix is not None:
        x, y = white
        neutral = (np.reshape(matrix, (3, 3)) @ np.array([x, y, 1 - x - y]) / np.float64(y)).tolist()
    return None if neutral is None else (1 / np.array(neutral)).tolist()
