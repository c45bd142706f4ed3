"""What a RAW file says, not yet judged or completed; the message between LibRaw's process and ours."""

from __future__ import annotations

import struct

import msgspec

LENGTH = struct.Struct("<Q")
"""Stands before the message: its bytes."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Metadata of one mosaic; None: the file does not say. `edgeisp.raw.settle` judges if it makes sense."""

    dng: bool
    cfa: str | None = None
    """Colours of the 2x2 block at the mosaic's top left pixel, in reading order; codes if there are no letters."""
    black: list[float] | None = None
    """Black levels of that block in reading order."""
    white: float | None = None
    white_balance: list[float] | None = None
    """Gains of R, G, B in any common scale."""
    color_matrix: list[float] | None = None
    """XYZ to camera RGB, nine numbers, row by row."""
    iso: int | None = None
    noise: list[float] | None = None
    """Shot, then read noise; see `edgeisp.raw.image.NoiseProfile`."""
    orientation: int = 1
    make: str = ""
    model: str = ""
    ignored: list[str] = []


class Decoded(msgspec.Struct, frozen=True, tag=True):
    """There is a mosaic: ``height x width`` little endian uint16, which follow the message."""

    facts: Facts
    height: int
    width: int


class Failed(msgspec.Struct, frozen=True, tag=True):
    """Why there is no mosaic. The facts, if the tags could be read, often name the cause better."""

    what: str
    cure: str | None
    facts: Facts | None = None
