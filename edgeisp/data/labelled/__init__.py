"""Annotated pictures for tasks, by the names people type: ``coco:DIR``, ``yolo:DIR``, ``lod:DIR``, ...

``LABELLED`` is the one list of layouts; other packages add to it by the entry point ``edgeisp.labelled``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from edgeisp.errors import BadInputError
from edgeisp.raw.reader import RawReader
from edgeisp.registry import Registry

if TYPE_CHECKING:
    from edgeisp.data.labelled.base import LabelledSet

LABELLED: Registry[Callable[[Path, RawReader], LabelledSet]] = Registry(
    "annotated data set",
    {
        "coco": "edgeisp.data.labelled.coco:open_coco",
        "yolo": "edgeisp.data.labelled.yolo:open_yolo",
        "voc": "edgeisp.data.labelled.voc:open_voc",
        "lod": "edgeisp.data.labelled.voc:open_lod",
        "lis": "edgeisp.data.labelled.coco:open_lis",
        "rod": "edgeisp.data.labelled.rod:open_rod",
        "folders": "edgeisp.data.labelled.folders:open_folders",
    },
    group="edgeisp.labelled",
)
"""Layouts, each with the function that opens a folder."""


def open_labelled(name: str, reader: RawReader) -> LabelledSet:
    """The annotated set called ``KIND:DIR``.

    Raises:
        BadInputError: no such kind, or the folder is not as expected.
    """
    kind, _, folder = name.partition(":")
    if not folder:
        known = ", ".join(["synthetic", *(f"{one}:DIR" for one in LABELLED.names())])
        raise BadInputError(f"no data set is called {name!r}", where="--data", cure=f"known: {known}")
    LABELLED.check(kind, "--data")
    opener = LABELLED.get(kind)
    if not Path(folder).is_dir():
        raise BadInputError("no such folder", where=folder, cure=f"give the folder of a {kind} data set")
    return opener(Path(folder), reader)
