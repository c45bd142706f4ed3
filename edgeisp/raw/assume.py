"""Assumptions: what the user says in place of a RAW file. Each one used is recorded in `RawImage.assumed`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from edgeisp.errors import BadInputError
from edgeisp.raw.bayer import plane_positions
from edgeisp.raw.color import XYZ_FROM_SRGB
from edgeisp.raw.image import CFA, CFAS, Matrix

SRGB_COLOR_MATRIX: Matrix = np.asarray(np.linalg.inv(XYZ_FROM_SRGB), np.float64)
"""The colour matrix of a camera whose primaries are those of sRGB."""

SATURATED, DARK = 0.95, 0.01


@dataclass(frozen=True)
class Assumptions:
    """Values that replace the file's own, or stand in for missing ones. None leaves the file's."""

    cfa: CFA | None = None
    """Layout at the top left pixel of the active area."""
    black_level: tuple[float, float, float, float] | None = None
    """Of R, Gr, Gb, B."""
    white_level: float | None = None
    white_balance: tuple[float, float, float] | Literal["gray-world"] | None = None
    """Gains of R, G, B; ``gray-world`` takes those that make the picture's mean grey."""
    color_matrix: tuple[float, ...] | Literal["srgb"] | None = None
    """XYZ (D65) to camera RGB, nine numbers row by row; ``srgb``: a camera with the primaries of sRGB."""

    @classmethod
    def parse(
        cls,
        cfa: str | None = None,
        black_level: str | None = None,
        white_level: float | None = None,
        white_balance: str | None = None,
        color_matrix: str | None = None,
    ) -> Assumptions:
        """Assumptions from the text of ``--assume-*`` options; numbers are separated by commas.

        Raises:
            BadInputError: names the option and what it takes.
        """
        option = "--assume-black-level"
        levels = None if black_level is None else _numbers(black_level, option, (1, 4))
        gains = (
            white_balance
            if white_balance in (None, "gray-world")
            else _numbers(str(white_balance), "--assume-white-balance", (3,))
        )
        matrix = (
            color_matrix
            if color_matrix in (None, "srgb")
            else _numbers(str(color_matrix), "--assume-color-matrix", (9,))
        )
        return cls(
            None if cfa is None else parse_cfa(cfa, "--assume-cfa"),
            cast("tuple[float, float, float, float] | None", levels and levels * (4 // len(levels))),
            white_level,
            cast("tuple[float, float, float] | None", gains),
            cast("tuple[float, ...] | None", matrix),
        )


def parse_cfa(text: str, option: str) -> CFA:
    """A layout's name in any case.

    Raises:
        BadInputError: not one of the four.
    """
    if text.upper() not in CFAS:
        raise BadInputError(
            f"{text!r} is no Bayer layout", where=option, cure=f"give one of {', '.join(CFAS)}"
        )
    return cast("CFA", text.upper())


def gray_world(
    mosaic: NDArray[np.uint16], cfa: CFA, black_level: tuple[float, float, float, float], white_level: float
) -> tuple[float, float, float]:
    """Gains of R, G, B that make the mean of the picture grey (Buchsbaum, J. Franklin Inst. 1980).

    2x2 blocks with a saturated or a dark pixel are left out; at most about a million blocks are looked at.

    Raises:
        BadInputError: too few blocks are left.
    """
    height, width = (side // 2 * 2 for side in mosaic.shape)
    step = 2 * max(1, round((height * width / 4e6) ** 0.5))
    blocks = np.stack(
        [mosaic[place // 2 : height : step, place % 2 : width : step] for place in plane_positions(cfa)]
    ).astype(np.float64)
    black = np.array(black_level)[:, None, None]
    light = (blocks - black) / (white_level - black)
    usable = (light.max(axis=0) < SATURATED) & (light.min(axis=0) > DARK)
    if usable.mean() < 0.01:
        raise BadInputError(
            "gray-world finds hardly a pixel that is neither dark nor saturated",
            cure="give the gains: --assume-white-balance R,G,B",
        )
    red, green_red, green_blue, blue = (float(plane[usable].mean()) for plane in light)
    green = (green_red + green_blue) / 2
    return green / red, 1.0, green / blue


def _numbers(text: str, option: str, counts: tuple[int, ...]) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) not in counts:
        wanted = " or ".join(str(count) for count in counts)
        raise BadInputError(
            f"cannot read {text!r}", where=option, cure=f"give {wanted} numbers separated by commas"
        )
    return numbers
