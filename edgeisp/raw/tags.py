"""The tags of TIFF-based RAW files (DNG, NEF, CR2, ARW), read with tifffile; runs in the decoding process.

For DNGs the tags are the only source of metadata: LibRaw fills absent ones in silence, rounds black levels,
and shifts them against the layout when the active area starts at an odd pixel (0.22). Of other files it knows
more than the tags say.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeisp.errors import BadInputError
from edgeisp.raw.dng_color import color_matrix, white_balance
from edgeisp.raw.facts import Facts
from edgeisp.raw.tiff import camera, iso, numbers

TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
CFA, LINEAR_RAW = 32803, 34892
SENSORS = {(6, 6): "an X-Trans sensor", (4, 4): "a quad-Bayer sensor", (1, 1): "a monochrome sensor"}
"""By the size of their colour filter."""
BAYER_ONLY = "edgeisp renders Bayer mosaics (2x2) only"
IGNORED = {
    51008: "OpcodeList1",
    51009: "OpcodeList2",
    51022: "OpcodeList3",
    50715: "BlackLevelDeltaH",
    50716: "BlackLevelDeltaV",
}
"""Tags that change a picture and that edgeisp does not apply."""
NEWEST = (1, 7, 1, 0)
"""Version of the DNG specification that the tags are read by."""


@dataclass(frozen=True)
class DngTags:
    """A DNG's mosaic as its tags describe it."""

    facts: Facts
    shape: tuple[int, int]
    """Height and width of all that was read out."""
    area: tuple[int, int, int, int]
    """The active area: top, left, bottom, right."""


@dataclass(frozen=True)
class CameraTags:
    """What the tags of another TIFF-based RAW add to LibRaw's knowledge."""

    make: str
    model: str
    iso: int | None


def read_tags(path: Path) -> DngTags | CameraTags | None:
    """The tags of a TIFF-based file; None for any other.

    Raises:
        BadInputError: the TIFF structure is damaged, the mosaic is cut short, or it is no Bayer mosaic.
    """
    with path.open("rb") as stream:
        if stream.read(4) not in TIFF_MAGIC:
            return None
    import tifffile

    try:
        with tifffile.TiffFile(path) as tiff, np.errstate(all="ignore"):  # x/0 is judged later
            first = tiff.pages.first
            return _dng(first, path) if 50706 in first.tags else CameraTags(*camera(first), iso(first))
    except (BadInputError, MemoryError):
        raise
    except Exception as error:  # tifffile raises whatever its parsing runs into
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise BadInputError(f"the TIFF tags are damaged ({reason})", cure="get the file again") from error


def _dng(first: Any, path: Path) -> DngTags:
    page = _main_image(first)
    shape = int(page.imagelength), int(page.imagewidth)
    _check_layout(page)
    _check_whole(page, path)
    top, left, bottom, right = (int(edge) for edge in numbers(page, 50829, "ActiveArea", 4) or (0, 0, *shape))
    if not (0 <= top < bottom <= shape[0] and 0 <= left < right <= shape[1]):
        raise BadInputError(
            f"ActiveArea {top} {left} {bottom} {right} lies outside of {shape[1]}x{shape[0]} pixels",
            cure="get the file again",
        )
    matrix, stand_in = color_matrix(first)
    turn = numbers(first, 274) or [1]
    impossible = turn[0] not in range(1, 9)
    make, model = camera(first)
    facts = Facts(
        dng=True,
        cfa=_pattern(page),
        black=_black(page),
        white=_white(page),
        white_balance=white_balance(first, matrix),
        color_matrix=matrix,
        iso=iso(first),
        noise=_noise(page) or _noise(first),
        orientation=1 if impossible else int(turn[0]),
        make=make,
        model=model,
        ignored=[
            *(name for code, name in IGNORED.items() if code in page.tags),
            *([f"Orientation {turn[0]:g}"] if impossible else []),
            *_exposure(first),
            *_newer(first),
            *stand_in,
        ],
    )
    return DngTags(facts, shape, (top, left, bottom, right))


def holds_raw(path: Path) -> bool:
    """Whether a TIFF file holds a camera's raw image, and is no finished picture; damaged ones do not."""
    import tifffile

    try:
        with tifffile.TiffFile(path) as tiff:
            return any(page.photometric in (CFA, LINEAR_RAW) for page in _images(tiff.pages.first))
    except Exception:  # tifffile raises whatever its parsing runs into
        return False


def _images(first: Any) -> list[Any]:
    """The first page and its sub-IFDs, as many as a camera writes."""
    return [first, *(first.pages or [])[:16]] if first.subifds else [first]


def _main_image(first: Any) -> Any:
    """The largest full-resolution raw image among the first page and its sub-IFDs (DNG 1.4, chapter 2)."""
    raws = [p for p in _images(first) if p.photometric in (CFA, LINEAR_RAW) and p.subfiletype == 0]
    if not raws:
        raise BadInputError("the DNG holds no full-resolution raw image", cure="get the file again")
    return max(raws, key=lambda page: page.imagelength * page.imagewidth)


def _check_layout(page: Any) -> None:
    if page.photometric == LINEAR_RAW:
        what = "of a monochrome sensor" if page.samplesperpixel == 1 else "already demosaiced (LinearRaw)"
        raise BadInputError(f"the DNG is {what}", cure=BAYER_ONLY)
    rows, columns = (int(side) for side in numbers(page, 33421, "CFARepeatPatternDim", 2) or (2, 2))
    if (rows, columns) != (2, 2):
        raise no_bayer(rows, columns)
    if page.samplesperpixel != 1 or (numbers(page, 50711) or [1]) != [1]:
        raise BadInputError("the file is of a staggered or multi-sample sensor", cure=BAYER_ONLY)


def no_bayer(rows: int, columns: int) -> BadInputError:
    """The error for a sensor whose colour filter repeats after another size than 2x2."""
    sensor = SENSORS.get((rows, columns), "a sensor")
    return BadInputError(f"the RAW is of {sensor} with a {rows}x{columns} colour filter", cure=BAYER_ONLY)


def _check_whole(page: Any, path: Path) -> None:
    size = path.stat().st_size
    ends = [offset + count for offset, count in zip(page.dataoffsets, page.databytecounts, strict=False)]
    if ends and max(ends) > size:
        raise BadInputError(
            f"truncated: the mosaic ends at byte {max(ends)}, the file at byte {size}",
            cure="copy it from the camera again",
        )


def _pattern(page: Any) -> str | None:
    codes = numbers(page, 33422, "CFAPattern", 4)
    if codes is None or not {0, 1, 2}.issuperset(codes):
        return None if codes is None else " ".join(f"{code:g}" for code in codes)
    return "".join("RGB"[int(code)] for code in codes)


def _black(page: Any) -> list[float] | None:
    """Black levels of the 2x2 block at the active area's top left pixel."""
    levels = numbers(page, 50714)
    if levels is None:
        return None
    rows, columns = (int(side) for side in numbers(page, 50713, "BlackLevelRepeatDim", 2) or (1, 1))
    if rows < 1 or columns < 1 or rows * columns != len(levels):
        raise BadInputError(
            f"BlackLevel has {len(levels)} values, BlackLevelRepeatDim says {rows}x{columns}",
            cure="get the file again",
        )
    pattern = np.array(levels).reshape(rows, columns)
    block = np.tile(pattern, (2, 2))[:2, :2]
    if not np.array_equal(np.tile(block, (rows, columns)), np.tile(pattern, (2, 2))):
        raise BadInputError(
            f"BlackLevel varies over {rows}x{columns} pixels", cure="pass --assume-black-level"
        )
    return block.ravel().tolist()


def _white(page: Any) -> float | None:
    levels = numbers(page, 50717, "WhiteLevel")
    return None if levels is None else levels[0]


def _noise(page: Any) -> list[float] | None:
    """Shot and read noise, averaged over the colour planes if the profile tells them apart."""
    profile = numbers(page, 51041)
    if not profile or len(profile) % 2 or not np.isfinite(profile).all() or min(profile) < 0:
        return None
    return [float(np.mean(profile[0::2])), float(np.mean(profile[1::2]))]


def _newer(first: Any) -> list[str]:
    """A DNGBackwardVersion above `NEWEST`; the DNG specification lets a reader refuse such a file."""
    version = tuple(int(part) for part in numbers(first, 50707) or ())
    return [f"DNGBackwardVersion {'.'.join(map(str, version))}"] if version > NEWEST else []


def _exposure(first: Any) -> list[str]:
    stops = (numbers(first, 50730) or [0.0])[0]
    return [f"BaselineExposure of {stops:g} EV"] if stops else []
