"""``mai21:DIR``: Mobile AI 2021 / Fujifilm UltraISP, patches of 256 x 256: Sony IMX586 RAW against a Fujifilm GFX100.

Copies differ: samples of 10 or 12 bits, with the sensor's black level or without. Both are found out from the files and
told; where the files leave a doubt, the user has to say. Red is at the top left, as in every published loader.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeisp.data.layout import neutral_facts, patch_set, splits
from edgeisp.data.pairset import Entry, PairSet, Split
from edgeisp.data.png_raw import read_png_mosaic
from edgeisp.errors import BadInputError
from edgeisp.raw.reader import RawReader

LAYOUT = (
    "DIR/train/mediatek_raw/N.png with DIR/train/fujifilm/N.png (also val, test, MAI2021_LearnedISP_train), "
    "or both folders in DIR"
)
SPLITS: dict[str, Split | None] = {
    "train": "train",
    "MAI2021_LearnedISP_train": "train",
    "val": "test",
    "test": "test",
}
PROBES = 64
"""Files that are looked at, spread evenly."""
PEDESTALS = {10: 60.0, 12: 255.0}
"""Black level of copies that keep it: third parties use 58 to 62 of 1023, and 255 of 4095."""


@dataclass(frozen=True)
class Seen:
    """The samples of the probed files."""

    files: int
    lowest: int
    """The smallest sample but for one in a thousand of each file, over all files."""
    highest: int
    saturated: float
    """Largest share of the samples of a file that lie within 3 of ``highest``."""


def open_mai21(folder: Path, reader: RawReader) -> PairSet:
    """``train/`` is for training; ``val/`` and ``test/`` for testing where their pictures are there.

    A folder without these, but with ``mediatek_raw/`` and ``fujifilm/``, belongs to both splits: papers split the
    training set, each in its own way.

    Raises:
        BadInputError: the folder is not laid out as expected, or bit depth or black level remain in doubt.
    """
    names: dict[str, Split | None] = {".": None} if (folder / "mediatek_raw").is_dir() else SPLITS
    found = splits(folder, names, "mediatek_raw", "fujifilm", LAYOUT)
    assume = reader.assume
    if assume.white_level is not None and assume.black_level is not None:
        bits = int(assume.white_level).bit_length()
        return patch_set("mai21", folder, reader, found, bits, neutral_facts(0, assume.white_level))
    seen = look(found[0])
    bits = int(assume.white_level).bit_length() if assume.white_level else bit_depth(seen, folder)
    white = assume.white_level or 2.0**bits - 1
    black = 0.0 if assume.black_level else black_level(seen, bits, folder)
    told = "given" if assume.black_level else f"{black:g}"
    note = f"{bits} bits a sample, black level {told}: {seen.files} files have samples {seen.lowest} to {seen.highest}"
    return patch_set("mai21", folder, reader, found, bits, neutral_facts(black, white), (note,))


def look(entries: list[Entry]) -> Seen:
    """The range of samples in some of the files; what cannot be read is left to whoever reads all of them.

    Raises:
        BadInputError: none of them can be read.
    """
    mosaics, bad = [], []
    for entry in entries[:: -(-len(entries) // PROBES)]:
        try:
            mosaics.append(read_png_mosaic(entry.raw, 16))
        except BadInputError as error:
            bad.append(error)
    if not mosaics:
        raise bad[0]
    highest = max(int(mosaic.max()) for mosaic in mosaics)
    return Seen(
        len(mosaics),
        min(int(np.quantile(mosaic, 0.001)) for mosaic in mosaics),
        highest,
        max(float(np.mean(mosaic + 3 >= highest)) for mosaic in mosaics),
    )


def bit_depth(seen: Seen, folder: Path) -> int:
    """10 or 12.

    Raises:
        BadInputError: more than 12 bits, or too dark to tell.
    """
    if 1023 < seen.highest <= 4095:
        return 12
    if 1020 <= seen.highest <= 1023 and seen.saturated >= 1e-4:
        return 10
    what = (
        f"holds the value {seen.highest}: more than 12 bits"
        if seen.highest > 4095
        else f"10 or 12 bits? The {seen.files} files looked at reach {seen.highest}, and nothing is saturated there"
    )
    raise BadInputError(
        what, where=folder, cure="pass --assume-white-level 1023 (10 bits), 4095 (12 bits) or another"
    )


def black_level(seen: Seen, bits: int, folder: Path) -> float:
    """0 where the samples reach down to it, the sensor's pedestal where they stop there.

    Raises:
        BadInputError: they stop elsewhere.
    """
    pedestal = PEDESTALS.get(bits)
    if pedestal is not None and seen.lowest <= pedestal / 6:
        return 0.0
    if pedestal is not None and 0.7 * pedestal <= seen.lowest <= 1.15 * pedestal:
        return pedestal
    known = "" if pedestal is None else f", neither 0 nor the {pedestal:g} of other copies"
    raise BadInputError(
        f"black level? The darkest samples are near {seen.lowest}{known}",
        where=folder,
        cure="pass --assume-black-level LEVEL",
    )
