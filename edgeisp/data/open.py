"""Data sets by the names people type: ``synthetic``, ``pairs:DIR``."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from edgeisp.data.pairs import RawPairs
from edgeisp.data.patch import Patch
from edgeisp.data.synthetic import SyntheticPairs
from edgeisp.errors import BadInputError
from edgeisp.raw.reader import RawReader


class Pairs(Protocol):
    """Map-style training data, a pure function of the index."""

    def __getitem__(self, index: int) -> Patch: ...


def open_pairs(name: str, *, patch: int, seed: int, reader: RawReader) -> Pairs:
    """The training data called ``name``; ``reader`` reads the RAW files of a folder.

    Raises:
        BadInputError: no such data set, or its folder is not as expected.
    """
    kind, _, folder = name.partition(":")
    if name == "synthetic":
        return SyntheticPairs(patch=patch, seed=seed)
    if kind == "pairs" and folder:
        pairs = RawPairs(Path(folder), patch, seed, reader)
        _ = pairs.frames
        return pairs
    raise BadInputError(f"no data set is called {name!r}", cure="known: synthetic, pairs:DIR")
