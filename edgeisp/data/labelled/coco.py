"""``coco:DIR`` and ``lis:DIR``: annotations in COCO's JSON.

::

    coco:DIR    annotations/instances_train2017.json, instances_val2017.json; pictures in train2017/, val2017/
                (or any *.json with "train", "val" or "test" in its name, or a single one)
    lis:DIR     annotations/lis_coco_png_train+1.json, lis_coco_png_test+1.json; RAW-dark/JPEGImages/2.png, ...

LIS (Chen et al., IJCV 2023): the names with ``+1`` are those of the dark pictures; its RAW pictures are linear.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from edgeisp.data.labelled.base import Labelled, LabelledSet, Thing, known_kinds, labelled_set
from edgeisp.data.labelled.light import of_file, of_linear
from edgeisp.data.pairset import Split
from edgeisp.errors import BadInputError
from edgeisp.raw.reader import RawReader

LAYOUT = "DIR/annotations/instances_train*.json and instances_val*.json with pictures in DIR/train*, DIR/val*"
LIS_LAYOUT = "DIR/annotations/lis_coco_png_train+1.json and _test+1.json with DIR/RAW-dark/JPEGImages"


def open_coco(folder: Path, reader: RawReader) -> LabelledSet:
    """COCO's layout; files may be pictures or RAW files.

    Raises:
        BadInputError: nothing here is as expected, or a file is not what its name says.
    """
    files = sorted(path for place in (folder / "annotations", folder) for path in place.glob("*.json"))
    instances = [path for path in files if path.name.startswith("instances")] or files
    return _opened(f"coco:{folder}", folder, instances, partial(of_file, reader), LAYOUT)


def open_lis(folder: Path, reader: RawReader) -> LabelledSet:
    """The dark RAW pictures of LIS.

    Raises:
        BadInputError: see `open_coco`.
    """
    files = [folder / "annotations" / f"lis_coco_png_{split}+1.json" for split in ("train", "test")]
    pictures = folder / "RAW-dark"
    return _opened(
        f"lis:{folder}", pictures, [path for path in files if path.is_file()], of_linear, LIS_LAYOUT
    )


def _opened(name: str, pictures: Path, files: Iterable[Path], read: Any, layout: str) -> LabelledSet:
    found: list[Labelled] = []
    kinds: tuple[str, ...] = ()
    for path in files:
        names, entries = _read(path, pictures, _split(path))
        if kinds and names != kinds:
            raise BadInputError("other categories than the file before it", where=path, cure="use one list")
        kinds, found = names, found + entries
    return labelled_set(name, kinds, found, read, layout)


def _split(path: Path) -> Split | None:
    name = path.stem.lower()
    return "train" if "train" in name else "test" if "val" in name or "test" in name else None


def _read(path: Path, pictures: Path, split: Split | None) -> tuple[tuple[str, ...], list[Labelled]]:
    try:
        whole = json.loads(path.read_bytes())
        names = {int(each["id"]): str(each["name"]) for each in whole["categories"]}
        number = {key: i for i, key in enumerate(sorted(names))}
        things: dict[int, list[Thing]] = {int(each["id"]): [] for each in whole["images"]}
        for each in whole["annotations"]:
            if each.get("iscrowd"):
                continue
            left, top, width, height = map(float, each["bbox"])
            if min(width, height) > 0:
                box = (left, top, left + width, top + height)
                kind = number[int(each["category_id"])]
                things[int(each["image_id"])].append(Thing(kind, box, each.get("segmentation") or None))
        places = {int(each["id"]): _place(pictures, path, str(each["file_name"])) for each in whole["images"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInputError(
            f"not annotations in COCO's format ({type(error).__name__}: {error})",
            where=path,
            cure="it needs images, annotations and categories that refer to each other",
        ) from error
    found = [Labelled(place, tuple(things[key]), split) for key, place in places.items()]
    return known_kinds(names, path), found


def _place(pictures: Path, annotations: Path, name: str) -> Path:
    """Where a picture lies: as written, in a folder called like its annotations, or in one of the usual ones."""
    own = annotations.stem.partition("_")[2]
    for folder in ("", own, "images", f"images/{own}", "JPEGImages"):
        if (pictures / folder / name).is_file():
            return pictures / folder / name
    return pictures / own / name
