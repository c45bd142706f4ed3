"""Precision as a value: how weights and activations are stored and computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edgeisp.errors import BadInputError
from edgeisp.registry import did_you_mean

Name = Literal["fp32", "fp16", "w8", "w8a8", "w8a16"]
NAMES: tuple[Name, ...] = ("fp32", "fp16", "w8", "w8a8", "w8a16")


@dataclass(frozen=True)
class Precision:
    """Bits of weights and activations; ``integer`` tells int8 weights from floating point."""

    name: Name
    weight_bits: int
    activation_bits: int
    integer: bool

    def __str__(self) -> str:
        return self.name


_TABLE = {
    "fp32": Precision("fp32", 32, 32, False),
    "fp16": Precision("fp16", 16, 16, False),
    "w8": Precision("w8", 8, 32, True),
    "w8a8": Precision("w8a8", 8, 8, True),
    "w8a16": Precision("w8a16", 8, 16, True),
}


def parse_precision(name: str) -> Precision:
    """The precision called ``name``.

    Raises:
        BadInputError: no such precision.
    """
    if name not in _TABLE:
        raise BadInputError(f"no precision is called {name!r}", cure=did_you_mean(name, list(_TABLE)))
    return _TABLE[name]
