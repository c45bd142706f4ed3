"""Folders of pictures before and after: ``sidd:DIR`` and, of the subtasks, ``pairs:DIR``.

::

    DIR/noisy/NAME.png, DIR/gt/NAME.png        or DIR/input/..., DIR/target/...
    DIR/**/0001_NOISY_SRGB_010.PNG, DIR/**/0001_GT_SRGB_010.PNG        SIDD as it is published
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from edgeisp.data.pairset import PICTURES, Entry, by_stem, read_picture, refuse_unpaired
from edgeisp.errors import BadInputError

LAYOUT = "expected DIR/noisy/NAME.png with DIR/gt/NAME.png, DIR/input with DIR/target, or SIDD's *_NOISY_* and *_GT_*"
FOLDERS = (("noisy", "gt"), ("input", "target"))
KINDS = ("sidd", "pairs")
Marks = tuple[str, str]
MARKS: Marks = ("_NOISY_", "_GT_")
"""What tells the file before from the file after."""


@dataclass(frozen=True)
class PictureSet:
    """What was found in a folder; an entry's ``raw`` is the picture before. Nothing is decoded before `read`."""

    name: str
    """As typed: ``sidd:DIR``."""
    entries: Sequence[Entry]
    unpaired: Sequence[Path] = ()
    notes: Sequence[str] = ()

    def whole(self, skip_bad: bool) -> PictureSet:
        """The set itself, if every picture has its counterpart or ``skip_bad`` leaves the others out.

        Raises:
            BadInputError: counts the files without a counterpart and names the first.
        """
        refuse_unpaired(self.unpaired, len(self.entries), self.name.partition(":")[2], skip_bad)
        return replace(self, unpaired=())

    def decode(self, path: Path) -> NDArray[Any]:
        """``H x W x 3`` 8-bit sRGB of a file.

        Raises:
            BadInputError: it cannot be read.
        """
        return read_picture(path)

    def sources(self, path: Path) -> list[Path]:
        """The files that `decode` reads for ``path``."""
        return [path]

    def read(self, entry: Entry) -> tuple[NDArray[Any], NDArray[Any]]:
        """Before and after, as `decode` gives them.

        Raises:
            BadInputError: one cannot be read, or their sizes differ.
        """
        before, after = self.decode(entry.raw), self.decode(entry.picture)
        same_size(before, after, entry)
        return before, after


def same_size(before: NDArray[Any], after: NDArray[Any], entry: Entry) -> None:
    """Refuse a pair of pictures of different sizes.

    Raises:
        BadInputError: they differ; names the first.
    """
    (height, width), (its_height, its_width) = before.shape[:2], after.shape[:2]
    if (height, width) != (its_height, its_width):
        raise BadInputError(
            f"{width}x{height}, its counterpart {its_width}x{its_height}",
            where=entry.raw,
            cure="crop both to the same part",
        )


def holds_pictures(name: str) -> bool:
    """Whether the set called ``name`` is one of pictures before and after, not of RAW files and pictures."""
    kind, _, folder = name.partition(":")
    return kind == "sidd" or (kind == "pairs" and _apart(Path(folder)) is not None)


def open_pictures(name: str) -> PictureSet:
    """The set called ``KIND:DIR``.

    Raises:
        BadInputError: no such folder, or nothing in it matches; shows the layout expected.
    """
    folder = Path(name.partition(":")[2])
    if not folder.is_dir():
        raise BadInputError("no such folder", where=folder, cure=LAYOUT)
    if two := _apart(folder):
        before, after = two
        entries, alone = by_stem(pictures_in(before), pictures_in(after), None)
    else:
        entries, alone = marked(pictures_in(folder, deep=True), MARKS)
    if not entries:
        raise BadInputError("no picture has its counterpart", where=folder, cure=LAYOUT)
    return PictureSet(name, entries, alone)


def marked(paths: Sequence[Path], marks: Marks) -> tuple[list[Entry], list[Path]]:
    """Pairs of the files whose names differ by one of ``marks`` alone; and the files with a mark and no partner."""
    noisy, clean = (
        {str(path).replace(mark, "*"): path for path in paths if mark in path.name} for mark in marks
    )
    alone = [path for a, b in ((noisy, clean), (clean, noisy)) for key, path in a.items() if key not in b]
    return [Entry(path, clean[key]) for key, path in noisy.items() if key in clean], alone


def pictures_in(folder: Path, deep: bool = False) -> list[Path]:
    """The visible picture files of a folder (and of those inside it, where ``deep``), by name."""
    paths = folder.rglob("*") if deep else folder.glob("*")
    return sorted(
        p for p in paths if p.suffix.lower() in PICTURES and p.is_file() and not p.name.startswith(".")
    )


def _apart(folder: Path) -> tuple[Path, Path] | None:
    """The two folders of pictures in ``folder``, if it has such."""
    for before, after in FOLDERS:
        if (folder / before).is_dir() and (folder / after).is_dir():
            return folder / before, folder / after
    return None
