"""``zrr:DIR``: the Zurich RAW-to-RGB data set (Ignatov, Van Gool and Timofte, 2020), Huawei P20 against Canon 5D.

The RAW files are mosaics of 448 x 448 in grey PNGs, 10 bits: black 63, white 1020 (= 4 * 255). Red is at the top left.
Published loaders stack the planes as B, Gb, R, Gr and call the green in red's row Gb; here that green is Gr.
"""

from __future__ import annotations

from pathlib import Path

from edgeisp.data.layout import neutral_facts, patch_set, splits
from edgeisp.data.pairset import PairSet
from edgeisp.raw.reader import RawReader

BITS, BLACK, WHITE = 10, 63.0, 1020.0
LAYOUT = "DIR/train/huawei_raw/N.png with DIR/train/canon/N.jpg, and the same in DIR/test"


def open_zrr(folder: Path, reader: RawReader) -> PairSet:
    """The official split: ``train/`` (46,839 pairs as published) and ``test/`` (1,204).

    Raises:
        BadInputError: the folder is not laid out as expected; shows how it should be.
    """
    found = splits(folder, {"train": "train", "test": "test"}, "huawei_raw", "canon", LAYOUT)
    return patch_set("zrr", folder, reader, found, BITS, neutral_facts(BLACK, WHITE))
