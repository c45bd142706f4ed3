"""``pairs:DIR`` and ``dng:DIR``: RAW files and the pictures that are wanted of them, matched by their stems.

The folder holds both side by side, or RAW files in ``raw/`` and pictures in ``rgb/``; or all that twice, in ``train/``
and ``test/``. A picture of ``pairs`` has the size of its RAW's active area and is aligned with it to the pixel; one of
``dng``, a camera's or a raw converter's own rendering, may differ by a few percent and is scaled.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from edgeisp.data.pairset import PICTURES, Entry, PairSet, by_stem, files_in, recipe
from edgeisp.data.png_raw import read_png_mosaic
from edgeisp.errors import BadInputError
from edgeisp.raw import RawImage
from edgeisp.raw.facts import Facts
from edgeisp.raw.reader import RawReader
from edgeisp.raw.settle import settle

LAYOUT = (
    "expected DIR/raw/NAME.dng with DIR/rgb/NAME.png (or both kinds side by side in DIR, or all that in DIR/train "
    "and DIR/test)"
)
NEITHER = ("", ".txt", ".md", ".csv", ".json", ".xmp", ".pp3", ".dop", ".log", ".zip")
"""Suffixes of what may lie beside pairs without being one."""


def open_pairs_folder(folder: Path, reader: RawReader) -> PairSet:
    """RAW files of any kind, dumps or PNG mosaics, with pictures that fit to the pixel.

    Raises:
        BadInputError: no such folder, or nothing in it matches; shows the layout expected.
    """
    entries, alone = find_pairs(folder)
    return PairSet(
        f"pairs:{folder}",
        entries,
        partial(read_any, reader),
        recipe("pairs", reader),
        alone,
        folder=folder,
    )


def open_dng_folder(folder: Path, reader: RawReader) -> PairSet:
    """RAW files of a camera with its own JPEGs, or with pictures made from them elsewhere.

    Raises:
        BadInputError: see `open_pairs_folder`.
    """
    found = open_pairs_folder(folder, reader)
    return replace(found, name=f"dng:{folder}", recipe=recipe("dng", reader), fitted=True)


def read_any(reader: RawReader, path: Path) -> RawImage:
    """The RAW image in a RAW file, a dump or a grey PNG; what a PNG does not say must be assumed.

    Raises:
        BadInputError: see `RawReader.read` and `read_png_mosaic`.
    """
    if path.suffix.lower() != ".png":
        return reader.read(path)
    white = reader.assume.white_level
    if white is None:
        raise BadInputError(
            "a PNG does not say its white level", where=path, cure="pass --assume-white-level LEVEL"
        )
    mosaic = read_png_mosaic(path, int(white).bit_length())
    return settle(mosaic, Facts(dng=False), reader.assume, path)


def find_pairs(folder: Path) -> tuple[list[Entry], list[Path]]:
    """The pairs of a folder, by name, and the files without a partner.

    Raises:
        BadInputError: no such folder, or nothing in it matches.
    """
    if not folder.is_dir():
        raise BadInputError("no such folder", where=folder, cure=LAYOUT)
    entries: list[Entry] = []
    alone: list[Path] = []
    for split in ("train", "test"):
        if (folder / split).is_dir():
            found, rest = _side_by_side_or_apart(folder / split)
            entries += [replace(entry, split=split) for entry in found]
            alone += rest
    if not entries:
        entries, alone = _side_by_side_or_apart(folder)
    if not entries:
        raise BadInputError("no RAW file has a picture of the same stem", where=folder, cure=LAYOUT)
    return entries, alone


def _side_by_side_or_apart(folder: Path) -> tuple[list[Entry], list[Path]]:
    if not (folder / "raw").is_dir():
        files = files_in(folder)
        raws = [path for path in files if path.suffix.lower() not in (*PICTURES, *NEITHER)]
        return by_stem(raws, [path for path in files if path.suffix.lower() in PICTURES], None)
    if not (folder / "rgb").is_dir():
        raise BadInputError("no folder of pictures", where=folder / "rgb", cure=LAYOUT)
    raws = [path for path in files_in(folder / "raw") if path.suffix.lower() not in NEITHER]
    return by_stem(raws, files_in(folder / "rgb", PICTURES), None)
