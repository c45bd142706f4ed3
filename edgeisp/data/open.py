"""Data sets by the names people type: ``synthetic``, ``pairs:DIR``, ``zrr:DIR``, ..."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from edgeisp.data.cache import Report, StoredFrame, stored_frames
from edgeisp.data.frame import sample
from edgeisp.data.pairset import PairSet
from edgeisp.data.patch import Patch
from edgeisp.data.picture_pairs import KINDS
from edgeisp.data.scenes import SMOOTH_SHARES
from edgeisp.data.synthetic import SyntheticPairs
from edgeisp.errors import BadInputError
from edgeisp.raw.reader import RawReader
from edgeisp.registry import Registry

Opener = Callable[[Path, RawReader], PairSet]

DATASETS: Registry[Opener] = Registry(
    "data set",
    {
        "pairs": "edgeisp.data.pairs:open_pairs_folder",
        "dng": "edgeisp.data.pairs:open_dng_folder",
        "zrr": "edgeisp.data.zrr:open_zrr",
        "mai21": "edgeisp.data.mai21:open_mai21",
        "fivek": "edgeisp.data.fivek:open_fivek",
    },
    group="edgeisp.datasets",
)
"""Kinds of folders, each with the function that opens one."""

GENERATED = ("synthetic", "synthetic-smooth")
"""Training data without a folder; half the drawn scenes of the second are smooth gradients."""


class Pairs(Protocol):
    """Map-style training data, a pure function of the index."""

    def __getitem__(self, index: int) -> Patch: ...


@dataclass(frozen=True)
class Patches:
    """Endless training patches from frames; each index draws a frame, a place, flips and a transposition."""

    frames: Sequence[StoredFrame]
    patch: int
    """Packed patch size p."""
    seed: int = 0

    def __getitem__(self, index: int) -> Patch:
        rng = np.random.default_rng((self.seed, index))
        return sample(self.frames[int(rng.integers(len(self.frames)))], self.patch, rng)


def check_name(name: str, *generated: str) -> None:
    """Stop where no data set can be called ``name``; nothing is opened, and nothing slow is imported.

    Args:
        generated: names that need no folder.

    Raises:
        BadInputError: no such kind, or a kind without its folder.
    """
    kind, _, folder = name.partition(":")
    if name in generated:
        return
    if not folder:
        known = [*generated, *(f"{one}:DIR" for one in dict.fromkeys((*DATASETS.names(), *KINDS)))]
        raise BadInputError(
            f"no data set is called {name!r}", where="--data", cure=f"known: {', '.join(known)}"
        )
    if kind not in KINDS:
        DATASETS.check(kind, "--data")


def open_set(name: str, reader: RawReader, *generated: str) -> PairSet:
    """The data set on disk called ``KIND:DIR``.

    Args:
        reader: says what the RAW files of the folder do not.
        generated: names that the caller knows besides, for the message.

    Raises:
        BadInputError: no such kind, or the folder is not as expected.
    """
    check_name(name, *generated)
    kind, _, folder = name.partition(":")
    return DATASETS.get(kind)(Path(folder), reader)


def open_pairs(
    name: str,
    *,
    patch: int,
    seed: int,
    reader: RawReader,
    aligned: bool = False,
    skip_bad: bool = False,
    report: Report = lambda _: None,
) -> Pairs:
    """The training data called ``name``: one of `GENERATED` or a data set on disk.

    Args:
        patch: packed patch size.
        reader: says what the RAW files of a folder do not.
        aligned: train on pictures warped onto the RAW's grid, and only where the warp can be trusted.
        skip_bad: leave out files without a partner and pairs that cannot be read.
        report: told of each pair that was decoded or found in the cache.

    Raises:
        BadInputError: no such data set, its folder is not as expected, or pairs in it cannot be read.
    """
    if name == "synthetic":
        return SyntheticPairs(patch=patch, seed=seed)
    if name == "synthetic-smooth":
        return SyntheticPairs(patch=patch, seed=seed, photo_share=0.45, painters=SMOOTH_SHARES)
    pairs = open_set(name, reader, *GENERATED).whole(skip_bad)
    entries = pairs.of("train")
    frames = stored_frames(pairs, entries, aligned=aligned, skip_bad=skip_bad, report=report)
    for frame in frames:
        if min(frame.shape) < 2 * patch:
            height, width = frame.shape
            raise BadInputError(
                f"a frame of {width}x{height} is too small for patches of {2 * patch} pixels",
                where=name,
                cure="train with a smaller --patch",
            )
    return Patches(frames, patch, seed)
