"""From what a file says and the user assumes to a `RawImage`, or to an error that names what is missing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgeisp.errors import BadInputError
from edgeisp.raw.assume import SRGB_COLOR_MATRIX, Assumptions, gray_world
from edgeisp.raw.bayer import by_plane
from edgeisp.raw.color import XYZ_FROM_SRGB
from edgeisp.raw.facts import Facts
from edgeisp.raw.image import CFA, CFAS, Matrix, NoiseProfile, RawImage

T = TypeVar("T")

WORST_CONDITION = 1e6
"""Of a colour matrix; cameras have about 2 to 10."""


def settle(mosaic: NDArray[np.uint16], facts: Facts, assume: Assumptions, where: Path) -> RawImage:
    """Judge the facts, complete them by the assumptions, and make the image.

    Args:
        mosaic: ``H x W``; becomes read-only.
        where: the file, for messages.

    Raises:
        BadInputError: a value is missing or impossible, and nothing was assumed in its place.
    """
    if min(mosaic.shape) < 2:
        raise BadInputError(
            f"the mosaic is {mosaic.shape[1]}x{mosaic.shape[0]}", where=where, cure="give at least 2x2 pixels"
        )
    judge = _Judge(facts, assume, where)
    cfa, matrix, gains = judge.cfa(), judge.color_matrix(), judge.white_balance()
    black, white = judge.levels(cfa)
    mosaic.flags.writeable = False
    return RawImage(
        mosaic,
        cfa,
        black,
        white,
        gray_world(mosaic, cfa, black, white) if gains == "gray-world" else gains,
        matrix,
        facts.iso,
        None if facts.noise is None else NoiseProfile(*facts.noise),
        facts.orientation,
        facts.make,
        facts.model,
        tuple(name for name, value in vars(assume).items() if value is not None),
        tuple(facts.ignored),
    )


def judge_metadata(facts: Facts, assume: Assumptions, where: Path) -> None:
    """Raise what `settle` would raise about the facts, without a mosaic."""
    judge = _Judge(facts, assume, where)
    judge.levels(judge.cfa())
    judge.white_balance()
    judge.color_matrix()


@dataclass(frozen=True)
class _Judge:
    facts: Facts
    assume: Assumptions
    where: Path

    def cfa(self) -> CFA:
        if self.assume.cfa is not None:
            return self.assume.cfa
        cure = f"pass --assume-cfa {'|'.join(CFAS)}"
        found = self._present(self.facts.cfa, "CFAPattern", "colour filter layout", cure)
        if found not in CFAS:
            self._refuse(f"CFAPattern {found} is no Bayer layout", cure)
        return found

    def levels(self, cfa: CFA) -> tuple[tuple[float, float, float, float], float]:
        black, white = self.assume.black_level, self.assume.white_level
        if black is None:
            cure = "pass --assume-black-level LEVEL or R,Gr,Gb,B"
            black = by_plane(self._present(self.facts.black, "BlackLevel", "black level", cure), cfa)
        if white is None:
            cure = "pass --assume-white-level LEVEL"
            white = self._present(self.facts.white, "WhiteLevel", "white level", cure)
        if not (min(black) >= 0 and max(black) < white <= 65535):
            if self.assume.black_level is not None or self.assume.white_level is not None:
                self._refuse_assumed(
                    "--assume-black-level, --assume-white-level",
                    f"black level {_show(black)} and white level {white:g}",
                    "0 <= black < white <= 65535 must hold",
                )
            self._refuse(
                f"black level {_show(black)} and white level {white:g} are not 0 <= black < white <= 65535",
                "pass --assume-black-level and --assume-white-level",
            )
        return black, white

    def white_balance(self) -> tuple[float, float, float] | Literal["gray-world"]:
        if self.assume.white_balance == "gray-world":
            return "gray-world"
        cure = "pass --assume-white-balance gray-world or R,G,B"
        gains: Sequence[float] | None = self.assume.white_balance
        if gains is None:
            gains = self._present(self.facts.white_balance, "AsShotNeutral", "as-shot white balance", cure)
        if not all(math.isfinite(gain) and gain > 0 for gain in gains):
            if self.assume.white_balance is not None:
                self._refuse_assumed(
                    "--assume-white-balance", f"the gains {_show(gains)}", "give finite gains above 0"
                )
            self._refuse(f"the white balance (AsShotNeutral) has the gains {_show(gains)}", cure)
        red, green, blue = gains
        return red / green, 1.0, blue / green

    def color_matrix(self) -> Matrix:
        if self.assume.color_matrix == "srgb":
            return SRGB_COLOR_MATRIX
        cure = "pass --assume-color-matrix srgb or nine numbers"
        entries: Sequence[float] | None = self.assume.color_matrix
        if entries is None:
            entries = self._present(self.facts.color_matrix, "ColorMatrix1", "colour matrix", cure)
        matrix = np.array(entries, np.float64).reshape(3, 3)
        fault = _fault(matrix)
        if fault and self.assume.color_matrix is not None:
            self._refuse_assumed(
                "--assume-color-matrix", f"{_show(entries)} {fault}", "give XYZ to camera by rows"
            )
        if fault:
            self._refuse(f"the colour matrix (ColorMatrix1) {_show(entries)} {fault}", cure)
        return matrix

    def _present(self, value: T | None, tag: str, noun: str, cure: str) -> T:
        if value is None:
            self._refuse(f"no {tag} tag" if self.facts.dng else f"no {noun} in the file or in LibRaw", cure)
        return value

    def _refuse(self, what: str, cure: str) -> NoReturn:
        raise BadInputError(what, where=self.where, cure=cure)

    def _refuse_assumed(self, option: str, what: str, cure: str) -> NoReturn:
        raise BadInputError(f"cannot assume {what}", where=option, cure=cure)


def _fault(matrix: Matrix) -> str | None:
    """What is wrong with a colour matrix."""
    if not np.isfinite(matrix).all() or np.linalg.cond(matrix) > WORST_CONDITION:
        return "cannot be inverted"
    return "has no colour for white" if (matrix @ XYZ_FROM_SRGB).sum(axis=1).min() <= 0 else None


def _show(numbers: Sequence[float]) -> str:
    return " ".join(f"{number:g}" for number in numbers)
