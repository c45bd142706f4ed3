"""What networks are measured on: generated RAW files whose picture is known, and pairs of a data set on disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from edgeisp.data.frame import frame_of, on_grid
from edgeisp.data.open import open_set
from edgeisp.data.pairset import Entry, PairSet
from edgeisp.data.synthetic_test import shots
from edgeisp.raw import RawImage
from edgeisp.raw.color import planar
from edgeisp.raw.image import Floats
from edgeisp.raw.reader import RawReader
from edgeisp.training.metrics import EXACT, LITERATURE, Measure


@dataclass(frozen=True, eq=False)
class Truth:
    """What a picture is compared with."""

    picture: Floats
    """``3 x H x W`` sRGB, upright."""
    mask: Floats | None = None
    """``H x W``, 1 where it can be trusted; None: everywhere."""


@dataclass(frozen=True, eq=False)
class EvalPicture:
    """A RAW image and the pictures that are wanted of it."""

    name: str
    iso: int
    natural: bool
    """A photograph, not a procedural scene."""
    raw: RawImage
    truths: dict[str, Truth]
    """By protocol: ``exact`` for generated RAW; ``original`` and ``aligned`` ground truth for pairs."""
    measure: Measure = EXACT
    libraw: bool = True
    """Whether LibRaw is asked too: not where white balance and colour matrix are unknown, as it cannot learn them."""

    @property
    def truth(self) -> Floats:
        """The picture of the first protocol, ``3 x H x W`` sRGB."""
        return next(iter(self.truths.values())).picture


def synthetic_test() -> Iterator[EvalPicture]:
    """The pictures of `edgeisp.data.synthetic_test` with their truth."""
    for shot in shots():
        yield EvalPicture(shot.name, shot.iso, shot.natural, shot.raw, {"exact": Truth(shot.picture)})


@dataclass(frozen=True)
class EvalSet:
    """Pictures of the synthetic test, or entries of a data set that are read when they are asked for."""

    made: Sequence[EvalPicture] = ()
    pairs: PairSet | None = None
    entries: Sequence[Entry] = field(default=())

    @property
    def notes(self) -> Sequence[str]:
        """What the loader found out by itself."""
        return () if self.pairs is None else self.pairs.notes

    def __len__(self) -> int:
        return len(self.made) or len(self.entries)

    def __getitem__(self, index: int) -> EvalPicture:
        if self.pairs is None:
            return self.made[index]
        return eval_picture(self.pairs, self.entries[index])


def eval_picture(pairs: PairSet, entry: Entry) -> EvalPicture:
    """A pair with both ground truths: as it is, and warped onto its RAW.

    Raises:
        BadInputError: a file cannot be read.
        UnavailableError: OpenCV is not installed.
    """
    from edgeisp.data.align import align_frame

    pair = pairs.read(entry)
    packed, picture, inside = on_grid(pair)
    found = align_frame(frame_of(pair)).whole
    picture[inside] = found.picture
    mask = np.zeros((*packed.mosaic.shape, 1), np.uint8)
    mask[inside] = found.mask[..., None]
    truths = {
        "original": Truth(planar(pair.picture)),
        "aligned": Truth(planar(packed.restore(picture)), packed.restore(mask)[..., 0].astype(np.float32)),
    }
    return EvalPicture(entry.name, pair.raw.iso or 0, True, pair.raw, truths, LITERATURE, not pairs.neutral)


def evaluation_set(name: str, reader: RawReader, skip_bad: bool = False) -> EvalSet:
    """The evaluation set called ``name``: ``synthetic-test``, or the test split of a data set on disk.

    Raises:
        BadInputError: no such set, its folder is not as expected, or files have no partner.
    """
    if name == "synthetic-test":
        return EvalSet(list(synthetic_test()))
    pairs = open_set(name, reader, "synthetic-test").whole(skip_bad)
    return EvalSet(pairs=pairs, entries=pairs.of("test"))
