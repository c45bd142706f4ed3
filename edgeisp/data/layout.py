"""Sets of published patches: grey PNG mosaics and pictures in two folders for each split."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from edgeisp.data.pairset import PICTURES, Entry, PairSet, Split, by_stem, files_in, recipe
from edgeisp.data.png_raw import png_size, read_png_mosaic
from edgeisp.errors import BadInputError
from edgeisp.raw import RawImage
from edgeisp.raw.assume import SRGB_COLOR_MATRIX
from edgeisp.raw.facts import Facts
from edgeisp.raw.reader import RawReader
from edgeisp.raw.settle import settle


def splits(
    folder: Path, names: Mapping[str, Split | None], raw: str, picture: str, layout: str
) -> tuple[list[Entry], list[Path]]:
    """Pairs and lonely files below ``folder/NAME/raw`` and ``folder/NAME/picture`` for each of ``names``.

    A split without a folder of pictures is left out: that is how test sets are published whose truth is secret.

    Raises:
        BadInputError: no such folder, or no pairs in it; shows ``layout``.
    """
    if not folder.is_dir():
        raise BadInputError("no such folder", where=folder, cure=f"expected {layout}")
    entries: list[Entry] = []
    alone: list[Path] = []
    for name, split in names.items():
        raws, pictures = folder / name / raw, folder / name / picture
        if raws.is_dir() and pictures.is_dir():
            found, rest = by_stem(files_in(raws, (".png",)), files_in(pictures, PICTURES), split)
            entries += found
            alone += rest
    if not entries:
        raise BadInputError("holds no pairs", where=folder, cure=f"expected {layout}")
    return entries, alone


def neutral_facts(black: float, white: float) -> Facts:
    """What is known of an RGGB mosaic without colour metadata: gains of 1, and primaries taken for those of sRGB.

    A network that is trained on such a set learns the sensor's colour itself.
    """
    return Facts(
        dng=False,
        cfa="RGGB",
        black=[black] * 4,
        white=white,
        white_balance=[1.0, 1.0, 1.0],
        color_matrix=SRGB_COLOR_MATRIX.ravel().tolist(),
    )


def patch_set(
    name: str,
    folder: Path,
    reader: RawReader,
    found: tuple[list[Entry], list[Path]],
    bits: int,
    facts: Facts,
    notes: tuple[str, ...] = (),
) -> PairSet:
    """A set of patches, all of the size of the first that can be read.

    Raises:
        BadInputError: ``reader`` describes headerless dumps, which such a set does not hold.
    """
    if reader.dump is not None:
        raise BadInputError(
            f"{name} holds PNG files, no headerless dumps", where="--raw-size", cure="leave it out"
        )
    entries, alone = found
    size = _common_size(entries)
    return PairSet(
        f"{name}:{folder}",
        entries,
        partial(_read, reader, bits, size, facts),
        recipe(name, reader, bits, facts),
        alone,
        notes,
        neutral=reader.assume.white_balance is None,
        folder=folder,
    )


def _common_size(entries: list[Entry]) -> tuple[int, int]:
    """The size of the first file that is a picture at all.

    Raises:
        BadInputError: none of them is.
    """
    bad = []
    for entry in entries:
        try:
            return png_size(entry.raw)
        except BadInputError as error:
            bad.append(error)
    raise bad[0]


def _read(reader: RawReader, bits: int, size: tuple[int, int], facts: Facts, path: Path) -> RawImage:
    return settle(read_png_mosaic(path, bits, size), facts, reader.assume, path)
