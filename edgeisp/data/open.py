"""Data sets by the names people type: ``synthetic``, ``pairs:DIR``."""

from __future__ import annotations

from typing import Protocol

from edgeisp.data.synthetic import SyntheticPairs
from edgeisp.errors import BadInputError
from edgeisp.raw.image import Floats


class Pairs(Protocol):
    """Map-style training data, a pure function of the index.

    Items are canonical packed Bayer ``4 x p x p``, colour matrix ``9 x 1 x 1`` and sRGB target ``3 x 2p x 2p``.
    """

    def __getitem__(self, index: int) -> tuple[Floats, Floats, Floats]: ...


def open_pairs(name: str, *, patch: int, seed: int) -> Pairs:
    """The training data called ``name``.

    Raises:
        BadInputError: no such data set, or its folder is not as expected.
    """
    if name == "synthetic":
        return SyntheticPairs(patch=patch, seed=seed)
    raise BadInputError(f"no data set is called {name!r}", cure="known: synthetic, pairs:DIR")
