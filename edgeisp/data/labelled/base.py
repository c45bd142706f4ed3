"""What every layout of annotations comes to: files, boxes and outlines in their pixels, kinds by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple

from edgeisp.data.labelled.light import Light
from edgeisp.data.pairset import PICTURES, Split
from edgeisp.errors import BadInputError

EVERYWHERE = (0.0, 0.0, 1e9, 1e9)
"""The box of what fills a picture."""
EVERY = 5
"""Of a set without official splits, each picture of this number is for testing."""


class Thing(NamedTuple):
    """One annotated object, in pixels of the upright picture."""

    kind: int
    box: tuple[float, float, float, float]
    """Left, top, right, bottom."""
    outline: Any = None
    """COCO's ``segmentation``: polygons or run lengths; None where there is none."""


@dataclass(frozen=True)
class Labelled:
    """One annotated picture."""

    path: Path
    things: tuple[Thing, ...]
    split: Split | None = None
    """None: the layout knows no splits."""


@dataclass(frozen=True)
class LabelledSet:
    """What a layout holds. Nothing is decoded before `read`."""

    name: str
    """As typed: ``coco:DIR``."""
    kinds: tuple[str, ...]
    pictures: Sequence[Labelled]
    read: Callable[[Path], Light]
    """Decodes a picture."""

    @cached_property
    def tells(self) -> Literal["kinds", "boxes", "outlines"]:
        """The most that is known of an object in it."""
        things = [thing for one in self.pictures for thing in one.things]
        if any(thing.outline for thing in things):
            return "outlines"
        return "boxes" if any(thing.box != EVERYWHERE for thing in things) else "kinds"

    @cached_property
    def most(self) -> int:
        """Objects in a picture, at most; at least 1."""
        return max([1, *(len(one.things) for one in self.pictures)])

    @cached_property
    def _by_split(self) -> dict[Split | None, list[Labelled]]:
        found: dict[Split | None, list[Labelled]] = {}
        for one in self.pictures:
            found.setdefault(one.split, []).append(one)
        return found

    def of(self, split: Split) -> list[Labelled]:
        """The pictures of one split.

        Raises:
            BadInputError: there are none.
        """
        found = self._by_split.get(split)
        if not found:
            raise BadInputError(
                f"no annotated pictures for {split}ing",
                where=self.name,
                cure="see the layouts in docs/tasks.md",
            )
        return found


def labelled_set(
    name: str,
    kinds: Sequence[str],
    pictures: Sequence[Labelled],
    read: Callable[[Path], Light],
    layout: str,
) -> LabelledSet:
    """The set of what a layout's reader found; splits are made up where there are none.

    Raises:
        BadInputError: nothing was found, a file is absent, or a box does not lie in a picture.
    """
    folder = name.partition(":")[2]
    if not pictures:
        raise BadInputError("holds no annotated pictures", where=folder, cure=f"expected {layout}")
    absent = [one.path for one in pictures if not one.path.is_file()]
    if absent:
        raise BadInputError(
            f"{len(absent)} of {len(pictures)} annotated pictures are absent, first {absent[0]}",
            where=folder,
            cure=f"expected {layout}",
        )
    for one in pictures:
        for thing in one.things:
            left, top, right, bottom = thing.box
            if not (right > left >= -1 and bottom > top >= -1):
                raise BadInputError(
                    f"no box: {', '.join(f'{edge:g}' for edge in thing.box)} (left, top, right, bottom)",
                    where=one.path,
                    cure="mend its annotation",
                )
    if all(one.split is None for one in pictures):
        ordered = sorted(pictures, key=lambda one: one.path)
        pictures = [
            replace(one, split="test" if i % EVERY == EVERY - 1 else "train") for i, one in enumerate(ordered)
        ]
    return LabelledSet(name, tuple(kinds), tuple(pictures), read)


def known_kinds(names: Mapping[Any, str], where: Path) -> tuple[str, ...]:
    """The names of kinds, in the order of their keys.

    Raises:
        BadInputError: there are none, or two are equal.
    """
    twice = [name for name, count in Counter(names.values()).items() if count > 1]
    if not names or twice:
        what = f"two kinds are called {twice[0]!r}" if twice else "names no kinds of objects"
        raise BadInputError(what, where=where, cure="mend the list of categories")
    return tuple(names[key] for key in sorted(names))


def namesakes(folder: Path) -> dict[str, Path]:
    """The pictures and RAW files of a folder by their stems; a RAW file goes before a picture."""
    files = sorted(folder.iterdir(), key=lambda path: path.suffix.lower() not in PICTURES)
    return {path.stem: path for path in files if path.is_file() and not path.name.startswith(".")}
