"""What a data set really holds: counts, sizes, levels, unreadable and lonely files, pairs that do not fit."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from edgeisp.data.cache import Report, in_threads
from edgeisp.data.frame import frame_of
from edgeisp.data.pairset import Entry, PairSet
from edgeisp.data.picture_pairs import PictureSet, same_size
from edgeisp.data.sidd_raw import RawSet, read_mat
from edgeisp.errors import BadInputError
from edgeisp.raw import RawImage, canonical, layout_doubt, pack
from edgeisp.raw.image import Floats

MISALIGNED = 1.5
"""Shift in pixels from which on a pair counts as misaligned."""
CERTAIN = 0.3
"""Height of the correlation's peak, of 1, below which a shift is not believed: flat, dark or unrelated pictures."""


@dataclass(frozen=True)
class PairReport:
    """What one pair holds."""

    name: str
    split: str
    size: tuple[int, int]
    """Width and height of the RAW, or of the picture before."""
    lowest: int
    highest: int
    clipped: float
    """Share of samples at the white level or above."""
    black: float
    """Share of samples at the black level or below."""
    shift: tuple[float, float] | None
    """How far the picture lies to the right of and below its partner, in pixels; None where that cannot be told."""
    doubt: str | None
    """Why the CFA layout may be wrong."""

    @property
    def distance(self) -> float:
        """Length of the shift, 0 where it is not known."""
        return 0.0 if self.shift is None else math.hypot(*self.shift)


@dataclass(frozen=True)
class SetReport:
    """What a data set holds."""

    pairs: list[PairReport]
    unreadable: list[BadInputError]
    unpaired: list[str]
    notes: Sequence[str] = field(default=())

    @property
    def counts(self) -> dict[str, int]:
        """Readable pairs by split."""
        return dict(Counter(pair.split for pair in self.pairs))

    @property
    def sizes(self) -> dict[str, int]:
        """Pairs by the size of their RAW, ``WIDTHxHEIGHT``, most frequent first."""
        return dict(Counter(f"{pair.size[0]}x{pair.size[1]}" for pair in self.pairs).most_common())

    @property
    def misaligned(self) -> list[PairReport]:
        """Pairs that are shifted, the worst first."""
        return sorted((p for p in self.pairs if p.distance >= MISALIGNED), key=lambda p: -p.distance)

    @property
    def doubtful(self) -> list[PairReport]:
        """Pairs whose CFA layout may be wrong."""
        return [pair for pair in self.pairs if pair.doubt]

    @property
    def usable(self) -> bool:
        """Whether training would take the set without ``--skip-bad``."""
        return bool(self.pairs) and not self.unreadable and not self.unpaired


def check(pairs: PairSet | PictureSet, report: Report = lambda _: None) -> SetReport:
    """Decode every pair of the set once; several threads do, each with one pair in memory.

    Of pictures before and after, levels are those of the picture before: 0 is black and 255 white, of SIDD's RAW files
    65535; shifts of these are counted in packed pixels.

    Raises:
        UnavailableError: OpenCV is not installed.
    """
    read: list[PairReport] = []
    bad: list[BadInputError] = []
    each: Callable[[Entry], PairReport | BadInputError]
    if isinstance(pairs, PairSet):
        each = partial(_check_pair, pairs)
    else:
        each = _check_raws if isinstance(pairs, RawSet) else partial(_check_pictures, pairs)
    with in_threads(each, pairs.entries) as reports:
        for found in reports:
            if isinstance(found, PairReport):
                read.append(found)
            else:
                bad.append(found)
            report(1)
    return SetReport(read, bad, [str(path) for path in pairs.unpaired], pairs.notes)


def _check_pair(pairs: PairSet, entry: Entry) -> PairReport | BadInputError:
    from edgeisp.data.align import rendering

    try:
        pair = pairs.read(entry)
    except BadInputError as error:
        return error
    raw, frame = pair.raw, frame_of(pair)
    height, width = raw.mosaic.shape
    return PairReport(
        entry.name,
        entry.split or "both",
        (width, height),
        int(raw.mosaic.min()),
        int(raw.mosaic.max()),
        float(np.mean(raw.mosaic >= raw.white_level)),
        float(np.mean(raw.mosaic <= min(raw.black_level))),
        estimated_shift(_edges(rendering(frame.whole.mosaic, frame.sensor)), _edges(frame.whole.picture)),
        layout_doubt(raw),
    )


def _check_pictures(pairs: PictureSet, entry: Entry) -> PairReport | BadInputError:
    try:
        before, after = pairs.read(entry)
    except BadInputError as error:
        return error
    height, width = before.shape[:2]
    return PairReport(
        entry.name,
        "both",
        (width, height),
        int(before.min()),
        int(before.max()),
        float(np.mean(before == 255)),
        float(np.mean(before == 0)),
        estimated_shift(_edges(before), _edges(after)),
        None,
    )


def _check_raws(entry: Entry) -> PairReport | BadInputError:
    try:
        before, after = read_mat(entry.raw), read_mat(entry.picture)
        same_size(before.mosaic, after.mosaic, entry)
    except BadInputError as error:
        return error
    height, width = before.mosaic.shape
    return PairReport(
        entry.name,
        "both",
        (width, height),
        int(before.mosaic.min()),
        int(before.mosaic.max()),
        float(np.mean(before.mosaic >= before.white_level)),
        float(np.mean(before.mosaic == 0)),
        estimated_shift(*(_edges(_shown(raw)) for raw in (before, after))),
        layout_doubt(after),
    )


def _shown(raw: RawImage) -> np.ndarray:
    """A mosaic as a small 8-bit picture without colour correction, for its edges."""
    red, green, also_green, blue = canonical(pack(raw).planes, raw)
    linear = np.stack([red, (green + also_green) / 2, blue], 2)
    return np.asarray(np.sqrt(linear.clip(0, 1)) * 255, np.uint8)


def estimated_shift(first: Floats, second: Floats) -> tuple[float, float] | None:
    """How far ``second`` lies to the right of and below ``first``, by phase correlation; None if that is uncertain.

    Args:
        first, second: ``H x W``, strength of the edges, which colours and exposure hardly change.
    """
    import cv2

    height, width = first.shape
    window = cv2.createHanningWindow((width, height), cv2.CV_32F)
    (right, down), peak = cv2.phaseCorrelate(first, second, window)
    return (float(right), float(down)) if peak >= CERTAIN else None


def _edges(picture: np.ndarray) -> Floats:
    """Strength of the edges of an 8-bit picture, ``H x W``, logarithmic against noise and strong contrasts."""
    import cv2

    grey = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (0, 0), 1.5).astype(np.float32)
    across, down = (cv2.Sobel(np.log(grey + 8), cv2.CV_32F, x, 1 - x) for x in (1, 0))
    return np.asarray(np.hypot(across, down), np.float32)
