"""``voc:DIR`` and ``lod:DIR``: one XML file for each picture, as Pascal VOC has them.

::

    voc:DIR    JPEGImages/NAME.jpg, Annotations/NAME.xml, optional ImageSets/Main/{train,val,test}.txt
    lod:DIR    RAW-dark/2.CR2, 4.CR2, ... and RAW-dark-Annotations/2.xml, ...

LOD (Hong et al., BMVC 2021): RAW files of a Canon EOS 5D Mark IV; the dark ones have even numbers. The archives come in
spellings with ``-`` and ``_``, and with files of one kind below another folder; all are found.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import parse

from edgeisp.data.labelled.base import Labelled, LabelledSet, Thing, known_kinds, labelled_set, namesakes
from edgeisp.data.labelled.light import of_file
from edgeisp.data.pairset import Split
from edgeisp.errors import BadInputError
from edgeisp.raw.reader import RawReader

LAYOUT = "DIR/JPEGImages/NAME.jpg with DIR/Annotations/NAME.xml"
LOD_LAYOUT = "DIR/RAW-dark/2.CR2 with DIR/RAW-dark-Annotations/2.xml"
Found = tuple[Path, str, tuple[float, float, float, float]]


def open_voc(folder: Path, reader: RawReader) -> LabelledSet:
    """Pascal VOC's layout; files may be pictures or RAW files.

    Raises:
        BadInputError: nothing here is as expected, or a file is not what its name says.
    """
    return _opened(
        f"voc:{folder}", folder / "JPEGImages", folder / "Annotations", _listed(folder), reader, LAYOUT
    )


def open_lod(folder: Path, reader: RawReader) -> LabelledSet:
    """The dark RAW files of LOD.

    Raises:
        BadInputError: see `open_voc`.
    """

    def folder_called(*words: str) -> Path:
        for path in sorted(folder.rglob("*")):
            if path.is_dir() and path.name.lower().replace("_", "-") in words:
                return path
        raise BadInputError(f"no folder {words[0]}", where=folder, cure=f"expected {LOD_LAYOUT}")

    pictures = folder_called("raw-dark")
    annotations = folder_called("raw-dark-annotations", "annotations")
    return _opened(f"lod:{folder}", pictures, annotations, {}, reader, LOD_LAYOUT)


def _listed(folder: Path) -> dict[str, Split]:
    """Stems by the split that ``ImageSets/Main`` names for them."""
    lists: dict[str, Split] = {"train": "train", "val": "test", "test": "test"}
    found: dict[str, Split] = {}
    for name, split in lists.items():
        path = folder / "ImageSets" / "Main" / f"{name}.txt"
        if path.is_file():
            found |= {line.split()[0]: split for line in path.read_text("utf-8").splitlines() if line.strip()}
    return found


def _opened(
    name: str, pictures: Path, annotations: Path, splits: dict[str, Split], reader: RawReader, layout: str
) -> LabelledSet:
    for folder in (pictures, annotations):
        if not folder.is_dir():
            raise BadInputError("no such folder", where=folder, cure=f"expected {layout}")
    place = namesakes(pictures)
    read = {path: _objects(path) for path in sorted(annotations.glob("*.xml"))}
    names = sorted({name for objects in read.values() for name, _ in objects})
    if not names:
        raise BadInputError("holds no annotated objects", where=annotations, cure=f"expected {layout}")
    kinds = known_kinds(dict(enumerate(names)), annotations)
    number = {name: i for i, name in enumerate(kinds)}
    found = [
        Labelled(
            place.get(path.stem, pictures / path.stem),
            tuple(Thing(number[kind], box) for kind, box in objects),
            splits.get(path.stem),
        )
        for path, objects in read.items()
        if not splits or path.stem in splits
    ]
    return labelled_set(name, kinds, found, partial(of_file, reader), layout)


def _objects(path: Path) -> list[tuple[str, tuple[float, float, float, float]]]:
    try:
        root = parse(path).getroot()
        if root is None:
            raise ValueError("nothing in it")
        return [
            (
                _text(each, "name"),
                (
                    float(_text(each, "bndbox/xmin")) - 1,
                    float(_text(each, "bndbox/ymin")) - 1,
                    float(_text(each, "bndbox/xmax")),
                    float(_text(each, "bndbox/ymax")),
                ),
            )
            for each in root.iter("object")
        ]
    except (OSError, ValueError, ParseError, DefusedXmlException) as error:
        raise BadInputError(
            f"not an annotation as Pascal VOC writes them ({error})",
            where=path,
            cure="it needs object, name and bndbox",
        ) from error


def _text(element: Element, path: str) -> str:
    text = element.findtext(path)
    if text is None:
        raise ValueError(f"no {path}")
    return text.strip()
