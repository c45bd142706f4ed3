"""Pictures to files: JPEG, PNG and 16-bit TIFF with an sRGB profile and the camera's basic EXIF."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeisp.errors import BadInputError
from edgeisp.files import whole
from edgeisp.render.exif import Exif

Bands = Iterable[NDArray[Any]]
"""A picture from top to bottom, ``rows x W x 3`` each."""
Writer = Callable[[Bands, tuple[int, int], Path, Exif], None]
STRIP = 64
"""Rows of a TIFF's strip."""


@dataclass(frozen=True)
class Format:
    """A kind of picture file."""

    bits: int
    """Bits of each colour."""
    write: Writer


@cache
def srgb_profile() -> bytes:
    """The ICC profile of sRGB, as LittleCMS makes it; the same bytes on every day."""
    from PIL import ImageCms

    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes((7, 234, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0))  # creation date, ICC.1 7.2: 2026-01-01
    return bytes(profile)


def _write_jpeg(bands: Bands, size: tuple[int, int], path: Path, exif: Exif) -> None:
    _by_vips(bands, size, path, exif, Q=95, subsample_mode="off")


def _write_png(bands: Bands, size: tuple[int, int], path: Path, exif: Exif) -> None:
    _by_vips(bands, size, path, exif, compression=4, filter="sub")


def _by_vips(bands: Bands, size: tuple[int, int], path: Path, exif: Exif, **options: object) -> None:
    """libvips reads the picture strip by strip from a TIFF beside ``path``: it takes pictures from files only."""
    import pyvips

    height, width = size
    spool = path.with_name(f"{path.name}.tif")
    _write_strips(bands, size, spool, np.uint8, 0)
    blobs = {
        "exif-data": exif.pillow((width, height)).tobytes(),
        "icc-profile-data": srgb_profile(),
    }
    try:
        picture = pyvips.Image.new_from_file(str(spool), access="sequential").copy()
        for name, blob in blobs.items():
            picture.set_type(pyvips.GValue.blob_type, name, blob)
        picture.write_to_file(str(path), **options)
    except pyvips.Error as error:
        raise OSError(" ".join(str(error).split())) from error


def _write_tiff(bands: Bands, size: tuple[int, int], path: Path, exif: Exif) -> None:
    tags = {"iccprofile": srgb_profile(), "software": "edgeisp", "extratags": exif.tiff()}
    _write_strips(bands, size, path, np.uint16, 4, **tags)


def _write_strips(
    bands: Bands,
    size: tuple[int, int],
    path: Path,
    dtype: type[np.unsignedinteger[Any]],
    level: int,
    **tags: Any,
) -> None:
    import tifffile

    tifffile.imwrite(
        path,
        (
            zlib.compress(strip.astype(dtype, casting="no", copy=False).data, level)
            for strip in _strips(bands)
        ),
        shape=(*size, 3),
        dtype=dtype,
        photometric=tifffile.PHOTOMETRIC.RGB,
        compression=tifffile.COMPRESSION.ADOBE_DEFLATE,
        rowsperstrip=STRIP,
        metadata=None,
        **tags,
    )


def _strips(bands: Bands) -> Iterator[NDArray[Any]]:
    rest: NDArray[Any] | None = None
    for band in bands:
        rows = band if rest is None else np.concatenate([rest, band])
        full = len(rows) // STRIP * STRIP
        for top in range(0, full, STRIP):
            yield np.ascontiguousarray(rows[top : top + STRIP])
        rest = rows[full:]
    if rest is not None and len(rest):
        yield np.ascontiguousarray(rest)


FORMATS: dict[str, Format] = {
    ".jpg": Format(8, _write_jpeg),
    ".jpeg": Format(8, _write_jpeg),
    ".png": Format(8, _write_png),
    ".tif": Format(16, _write_tiff),
    ".tiff": Format(16, _write_tiff),
}


def format_of(path: Path) -> Format:
    """How to write ``path``; checks beforehand what can be checked, so that no work is done in vain.

    Raises:
        BadInputError: unknown suffix, a folder, in a file, or in a folder that cannot be written to.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        known = ", ".join(FORMATS)
        raise BadInputError(
            f"no picture format has the suffix {suffix!r}", where=path, cure=f"end it in one of {known}"
        )
    if path.is_dir():
        raise BadInputError("this is a folder", where=path, cure="name a file in it")
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir():
        raise BadInputError("this is a file, not a folder", where=folder, cure="choose another with -o")
    if not os.access(folder, os.W_OK):
        raise BadInputError("cannot write into this folder", where=folder, cure="choose another with -o")
    return FORMATS[suffix]


def write_picture(bands: Bands, size: tuple[int, int], path: Path, exif: Exif) -> None:
    """Write an upright sRGB picture, whole or not at all; replaces a file of that name.

    Args:
        bands: the picture from top to bottom, ``rows x W x 3`` in the format's integers; no more than a band and a
            few rows are in memory.
        size: height and width of the picture.

    Raises:
        BadInputError: see `format_of`.
        OSError: see `edgeisp.files.whole`.
    """
    chosen = format_of(path)
    with whole(path) as part:
        chosen.write(bands, size, part, exif)
