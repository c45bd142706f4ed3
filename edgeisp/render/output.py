"""Pictures to files: JPEG, PNG and 16-bit TIFF with an sRGB profile and the camera's basic EXIF."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from edgeisp.errors import BadInputError
from edgeisp.files import whole
from edgeisp.render.exif import Exif

Writer = Callable[[NDArray[Any], Path, Exif], None]


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


def _write_jpeg(picture: NDArray[Any], path: Path, exif: Exif) -> None:
    from PIL import Image

    image = Image.fromarray(picture)
    tags = exif.pillow(image.size)
    image.save(path, "JPEG", quality=95, subsampling="4:4:4", icc_profile=srgb_profile(), exif=tags)


def _write_png(picture: NDArray[Any], path: Path, exif: Exif) -> None:
    from PIL import Image

    image = Image.fromarray(picture)
    image.save(path, "PNG", icc_profile=srgb_profile(), exif=exif.pillow(image.size), compress_level=4)


def _write_tiff(picture: NDArray[Any], path: Path, exif: Exif) -> None:
    import tifffile

    tifffile.imwrite(
        path,
        picture,
        photometric=tifffile.PHOTOMETRIC.RGB,
        compression=tifffile.COMPRESSION.ADOBE_DEFLATE,
        compressionargs={"level": 4},
        rowsperstrip=64,
        iccprofile=srgb_profile(),
        software="edgeisp",
        metadata=None,
        extratags=exif.tiff(),
    )


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
        BadInputError: unknown suffix, a folder, or a folder that cannot be written to.
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
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise BadInputError("cannot write into this folder", where=folder, cure="choose another with -o")
    return FORMATS[suffix]


def write_picture(picture: NDArray[Any], path: Path, exif: Exif) -> None:
    """Write an upright sRGB picture ``H x W x 3``, whole or not at all; replaces a file of that name.

    Raises:
        BadInputError: see `format_of`; or the disk is full.
    """
    chosen = format_of(path)
    try:
        with whole(path) as part:
            chosen.write(picture, part, exif)
    except OSError as error:
        raise BadInputError(
            f"cannot be written ({error.strerror or error})", where=path, cure="see -o"
        ) from error
