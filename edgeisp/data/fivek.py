"""``fivek:DIR``: MIT-Adobe FiveK, photographs as DNG with the renderings of a retoucher (Bychkovsky et al., CVPR 2011).

::

    DIR/raw_photos/HQa1to700/photos/a0001-NAME.dng, ...    (any folders below DIR)
    DIR/tiff16_c/a0001-NAME.tif, ...                       expert C, whom most papers take

Photographs from a4501 on are for testing, as in most papers. Renderings carry a colour profile and are brought to sRGB.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from pathlib import Path

from edgeisp.data.pairs import read_any
from edgeisp.data.pairset import PICTURES, Entry, PairSet, by_stem, recipe
from edgeisp.errors import BadInputError
from edgeisp.raw.reader import RawReader

EXPERTS = ("tiff16_c", "expertc", "expert_c", "c")
FIRST_TEST = 4501
LAYOUT = "expected DIR/raw_photos/**/a0001-NAME.dng with DIR/tiff16_c/a0001-NAME.tif"


def open_fivek(folder: Path, reader: RawReader) -> PairSet:
    """The photographs below ``folder`` with expert C's renderings.

    Raises:
        BadInputError: no such folder, or nothing in it matches; shows the layout expected.
    """
    if not folder.is_dir():
        raise BadInputError("no such folder", where=folder, cure=LAYOUT)
    experts = [path for path in sorted(folder.rglob("*")) if path.is_dir() and path.name.lower() in EXPERTS]
    pictures = [
        path for place in experts for path in sorted(place.iterdir()) if path.suffix.lower() in PICTURES
    ]
    raws = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() == ".dng"]
    entries, alone = by_stem(raws, pictures, None)
    if not entries:
        raise BadInputError("no DNG has a rendering of the same name", where=folder, cure=LAYOUT)
    return PairSet(
        f"fivek:{folder}",
        [_split(entry) for entry in entries],
        partial(read_any, reader),
        recipe("fivek", reader),
        alone,
        folder=folder,
        fitted=True,
    )


def _split(entry: Entry) -> Entry:
    number = re.match(r"a(\d{4})", entry.raw.stem)
    return (
        entry if number is None else replace(entry, split="test" if int(number[1]) >= FIRST_TEST else "train")
    )
