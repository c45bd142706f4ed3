"""``yolo:DIR``: a text file of normalised boxes for each picture, as YOLO's trainers take them.

::

    DIR/data.yaml                        names: [person, car]; optional train: and val:
    DIR/images/train/a.jpg, images/val/  or DIR/train/images, DIR/valid/images
    DIR/labels/train/a.txt               "kind x y width height" by line, of the picture's size, x and y of the centre
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import yaml
from PIL import Image

from edgeisp.data.labelled.base import Labelled, LabelledSet, Thing, known_kinds, labelled_set, namesakes
from edgeisp.data.labelled.light import is_picture, of_file
from edgeisp.data.pairset import Split
from edgeisp.errors import BadInputError
from edgeisp.raw.reader import RawReader

LAYOUT = "DIR/data.yaml with names, DIR/images/{train,val}/NAME.jpg and DIR/labels/{train,val}/NAME.txt"
PLACES: dict[Split, tuple[str, ...]] = {
    "train": ("images/train", "train/images"),
    "test": ("images/val", "valid/images", "val/images", "images/test", "test/images"),
}


def open_yolo(folder: Path, reader: RawReader) -> LabelledSet:
    """YOLO's layout; files may be pictures or RAW files. A picture without a text file shows no objects.

    Raises:
        BadInputError: nothing here is as expected, or a file is not what its name says.
    """
    described = next(iter(sorted(folder.glob("*.yaml"))), None)
    if described is None:
        raise BadInputError("no data.yaml that names the kinds", where=folder, cure=f"expected {LAYOUT}")
    kinds = _kinds(described)
    found = [
        Labelled(path, _things(path, kinds, reader), split)
        for split, places in PLACES.items()
        for place in places
        if (folder / place).is_dir()
        for path in sorted(namesakes(folder / place).values())
    ]
    return labelled_set(f"yolo:{folder}", kinds, found, partial(of_file, reader), LAYOUT)


def _kinds(path: Path) -> tuple[str, ...]:
    try:
        names = yaml.safe_load(path.read_text("utf-8"))["names"]
        listed = dict(enumerate(names)) if isinstance(names, list) else {int(k): v for k, v in names.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise BadInputError(
            f"does not name the kinds ({type(error).__name__})", where=path, cure="write names: [a, b, ...]"
        ) from error
    return known_kinds({key: str(name) for key, name in listed.items()}, path)


def _things(picture: Path, kinds: tuple[str, ...], reader: RawReader) -> tuple[Thing, ...]:
    parts = list(picture.parts)
    place = len(parts) - 1 - parts[::-1].index("images")
    path = Path(*parts[:place], "labels", *parts[place + 1 :]).with_suffix(".txt")
    if not path.is_file():
        return ()
    lines = [line.split() for line in path.read_text("utf-8").splitlines() if line.strip()]
    if not lines:
        return ()
    width, height = _size(picture, reader)
    things = []
    for number, line in enumerate(lines, 1):
        try:
            kind = int(line[0])
            x, y, w, h = map(float, line[1:5])
            if not (0 <= kind < len(kinds) and all(0 <= each <= 1 for each in (x, y, w, h))):
                raise ValueError
        except (ValueError, IndexError):
            raise BadInputError(
                f"line {number}: {' '.join(line)!r} is no box",
                where=path,
                cure=f"kind (0 to {len(kinds) - 1}), then centre and size as shares of the picture, 0 to 1",
            ) from None
        box = ((x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height)
        things.append(Thing(kind, (max(0.0, box[0]), max(0.0, box[1]), box[2], box[3])))
    return tuple(things)


def _size(picture: Path, reader: RawReader) -> tuple[int, int]:
    """Width and height of the upright picture; only of a RAW file all of it is read."""
    if not is_picture(picture):
        return of_file(reader, picture).size
    try:
        with Image.open(picture) as image:
            width, height = image.size
            turned = image.getexif().get(274, 1) >= 5
    except (OSError, SyntaxError, ValueError) as error:
        raise BadInputError(f"not a picture ({error})", where=picture, cure="write it again") from error
    return (height, width) if turned else (width, height)
