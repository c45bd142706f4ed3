"""``folders:DIR``: pictures or RAW files in folders called like what they show, for ``classify``.

::

    DIR/train/cat/1.jpg, DIR/test/cat/2.jpg    or without train/ and test/
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from edgeisp.data.labelled.base import (
    EVERYWHERE,
    Labelled,
    LabelledSet,
    Thing,
    known_kinds,
    labelled_set,
    namesakes,
)
from edgeisp.data.labelled.light import of_file
from edgeisp.data.pairset import Split
from edgeisp.raw.reader import RawReader

LAYOUT = "DIR/train/KIND/NAME.jpg and DIR/test/KIND/NAME.jpg, or DIR/KIND/NAME.jpg"


def open_folders(folder: Path, reader: RawReader) -> LabelledSet:
    """Folders of pictures; what a picture shows fills it.

    Raises:
        BadInputError: nothing here is as expected.
    """
    splits: dict[str, Split] = {"train": "train", "val": "test", "test": "test"}
    parts = {name: split for name, split in splits.items() if (folder / name).is_dir()}
    roots: dict[Path, Split | None] = {folder / name: split for name, split in parts.items()} or {
        folder: None
    }
    names = sorted({path.name for root in roots for path in root.iterdir() if path.is_dir()})
    kinds = known_kinds(dict(enumerate(names)), folder)
    found = [
        Labelled(path, (Thing(kind, EVERYWHERE),), split)
        for root, split in roots.items()
        for kind, name in enumerate(kinds)
        if (root / name).is_dir()
        for path in sorted(namesakes(root / name).values())
    ]
    return labelled_set(f"folders:{folder}", kinds, found, partial(of_file, reader), LAYOUT)
