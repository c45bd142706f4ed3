"""The basic EXIF of a RAW file, kept in the picture: camera, lens, exposure, date; no thumbnail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgeisp import __version__
from edgeisp.raw.image import RawImage

EXIF_IFD = 0x8769
MAIN = {271: "Make", 272: "Model", 306: "DateTime", 315: "Artist", 33432: "Copyright"}
PHOTO = {
    33434: "ExposureTime",
    33437: "FNumber",
    34855: "ISO",
    36867: "DateTimeOriginal",
    36881: "OffsetTimeOriginal",
    37380: "ExposureBias",
    37386: "FocalLength",
    41989: "FocalLengthIn35mm",
    42036: "LensModel",
}
"""The tags that are kept, of the first and of the EXIF directory (EXIF 2.32)."""
ORIENTATION, SOFTWARE, COLOR_SPACE, WIDTH, HEIGHT = 274, 305, 40961, 40962, 40963


@dataclass(frozen=True)
class Exif:
    """Tags by number, those of the first directory and those of the EXIF directory."""

    main: Mapping[int, Any] = field(default_factory=dict)
    photo: Mapping[int, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, raw: RawImage, path: Path | None = None) -> Exif:
        """What ``raw`` knows, and the rest from its file where that is a TIFF (DNG, NEF, CR2, ARW are)."""
        main, photo = ({}, {}) if path is None else _read(path)
        known = {271: raw.make, 272: raw.model}
        main |= {tag: text for tag, text in known.items() if text}
        photo |= {} if raw.iso is None else {34855: raw.iso}
        return cls(main, photo)

    def pillow(self, size: tuple[int, int]) -> Any:
        """For Pillow's ``exif=``; the picture is upright, so that the orientation is 1."""
        from PIL import Image

        exif = Image.Exif()
        exif.update(self.main)
        exif.update({ORIENTATION: 1, SOFTWARE: f"edgeisp {__version__}"})
        exif.get_ifd(EXIF_IFD).update({**self.photo, COLOR_SPACE: 1, WIDTH: size[0], HEIGHT: size[1]})
        return exif

    def tiff(self) -> list[tuple[int, str, int, Any, bool]]:
        """For tifffile's ``extratags=``: texts of the first directory; the EXIF directory is not written."""
        return [
            (tag, "s", 0, text.encode(), True) for tag, text in self.main.items() if isinstance(text, str)
        ]


def _read(path: Path) -> tuple[dict[int, Any], dict[int, Any]]:
    """The kept tags of a TIFF-like file; nothing where it is none or is damaged."""
    from PIL import Image

    try:
        with Image.open(path, formats=["TIFF"]) as image:
            exif = image.getexif()
            photo = dict(exif.get_ifd(EXIF_IFD))
            flat = dict(exif)
    except Exception:
        return {}, {}
    return _kept(flat, MAIN), _kept({**flat, **photo}, PHOTO)


def _kept(tags: Mapping[int, Any], wanted: Mapping[int, str]) -> dict[int, Any]:
    return {tag: value for tag, value in tags.items() if tag in wanted and value not in ("", None)}
