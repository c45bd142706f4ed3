"""DNG: a `RawImage` as an uncompressed 16-bit DNG 1.4 that LibRaw and every other reader of DNGs opens."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from edgeisp.errors import BadInputError
from edgeisp.files import whole
from edgeisp.raw.bayer import by_position
from edgeisp.raw.image import RawImage

D65 = 21
"""EXIF code of the illuminant."""


def write_dng(raw: RawImage, path: Path) -> None:
    """Write ``raw`` to ``path``, whole or not at all.

    Integers are exact; black levels, gains and matrix entries become rationals with an error below 1e-6. The
    ImageDescription says what was assumed, since the file's tags will look like the camera's own.

    Raises:
        BadInputError: the white level is not a whole number, which the WhiteLevel tag must be.
    """
    import tifffile

    if raw.white_level != int(raw.white_level):
        raise BadInputError(
            f"white level {raw.white_level} is no whole number", where=path, cure="DNG's WhiteLevel needs one"
        )
    with whole(path) as part:
        tifffile.imwrite(
            part,
            raw.mosaic,
            byteorder="<",
            photometric=tifffile.PHOTOMETRIC.CFA,
            subfiletype=0,
            software="edgeisp",
            description=f"assumed, not measured: {', '.join(raw.assumed)}" if raw.assumed else None,
            metadata=None,
            extratags=[(*tag, True) for tag in _tags(raw)],
        )


def _tags(raw: RawImage) -> Iterable[tuple[int, str, int, Any]]:
    yield 271, "s", 0, raw.make.encode()
    yield 272, "s", 0, raw.model.encode()
    yield 274, "H", 1, raw.orientation
    yield 33421, "H", 2, (2, 2)  # CFARepeatPatternDim
    yield 33422, "B", 4, bytes("RGB".index(color) for color in raw.cfa)  # CFAPattern
    if raw.iso is not None and raw.iso < 65535:  # which would say "more than fits"
        yield 34855, "H", 1, raw.iso  # PhotographicSensitivity
    yield 50706, "B", 4, bytes((1, 4, 0, 0))  # DNGVersion
    yield 50707, "B", 4, bytes((1, 1, 0, 0))  # DNGBackwardVersion
    yield 50708, "s", 0, (f"{raw.make} {raw.model}".strip() or "unknown").encode()  # UniqueCameraModel
    yield 50710, "B", 3, bytes((0, 1, 2))  # CFAPlaneColor
    yield 50711, "H", 1, 1  # CFALayout: rectangular
    yield 50713, "H", 2, (2, 2)  # BlackLevelRepeatDim
    yield 50714, "2I", 4, _rationals(by_position(raw.black_level, raw.cfa))  # BlackLevel
    yield 50717, "I", 1, int(raw.white_level)  # WhiteLevel
    yield 50721, "2i", 9, _rationals(raw.color_matrix.ravel().tolist())  # ColorMatrix1
    yield 50728, "2I", 3, _rationals([1 / gain for gain in raw.white_balance])  # AsShotNeutral
    yield 50778, "H", 1, D65  # CalibrationIlluminant1
    height, width = raw.mosaic.shape
    yield 50829, "I", 4, (0, 0, height, width)  # ActiveArea
    if raw.noise is not None:
        yield 51041, "d", 2, (raw.noise.shot, raw.noise.read)  # NoiseProfile


def _rationals(numbers: Iterable[float]) -> tuple[int, ...]:
    """Numerators and denominators in turn, each below 2^31."""
    pairs = []
    for number in numbers:
        fraction = Fraction(number).limit_denominator(int(2**31 / max(1.0, abs(number)) - 1))
        pairs += [fraction.numerator, fraction.denominator]
    return tuple(np.array(pairs, np.int32).tolist())
