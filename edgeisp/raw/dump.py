"""Headerless sensor dumps: rows of samples and nothing else, so the user says what they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeisp.errors import BadInputError
from edgeisp.raw.assume import Assumptions, parse_cfa
from edgeisp.raw.bayer import by_position
from edgeisp.raw.facts import Facts
from edgeisp.raw.image import CFA, RawImage
from edgeisp.raw.settle import settle

ASPECTS = ((16, 9), (3, 2), (4, 3), (1, 1))


@dataclass(frozen=True)
class DumpFormat:
    """The layout of a dump: rows without padding, samples low-aligned.

    A sample is one byte up to 8 bits, else two, little endian.
    """

    width: int
    height: int
    bits: int
    """Bits that carry signal, 1 to 16."""
    cfa: CFA
    """Layout at the top left pixel."""
    black: float = 0.0
    """Black level of all channels; 0 is what a sensor that subtracts its own black gives."""
    white: float | None = None
    """Saturation; None: ``2**bits - 1``."""

    def __post_init__(self) -> None:
        if min(self.width, self.height) < 2:
            raise BadInputError(
                f"{self.width}x{self.height} is no picture", where="--raw-size", cure="give WIDTHxHEIGHT"
            )
        if not 1 <= self.bits <= 16:
            raise BadInputError(f"{self.bits} bits a sample", where="--bits", cure="give 1 to 16")
        if not 0 <= self.black < self.saturation <= 65535:
            raise BadInputError(
                f"black level {self.black:g} and white level {self.saturation:g}",
                where="--black, --white",
                cure="0 <= black < white <= 65535 must hold",
            )

    @classmethod
    def parse(
        cls, size: str, bits: int, cfa: str, black: float = 0.0, white: float | None = None
    ) -> DumpFormat:
        """A format from the text of ``--raw-size``, ``--bits``, ``--cfa``, ``--black`` and ``--white``.

        Raises:
            BadInputError: names the option and what it takes.
        """
        sides = re.fullmatch(r"(\d+)[xX×](\d+)", size.strip())
        if sides is None:
            raise BadInputError(
                f"cannot read {size!r}", where="--raw-size", cure="give WIDTHxHEIGHT, say 1920x1080"
            )
        return cls(int(sides[1]), int(sides[2]), bits, parse_cfa(cfa, "--cfa"), black, white)

    @property
    def saturation(self) -> float:
        """The white level."""
        return 2**self.bits - 1 if self.white is None else self.white

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample."""
        return 1 if self.bits <= 8 else 2

    @property
    def file_bytes(self) -> int:
        """Bytes of the whole dump."""
        return self.width * self.height * self.sample_bytes


def read_dump(path: Path, layout: DumpFormat, assume: Assumptions | None = None) -> RawImage:
    """Read a headerless dump.

    Args:
        layout: what the file holds; stated by the user, so none of it counts as assumed.
        assume: a dump has no white balance and no colour matrix, so both must be assumed.

    Raises:
        BadInputError: missing file, wrong size, samples above ``2**bits - 1``, or no colour assumed.
    """
    if not path.is_file():
        raise BadInputError("no such file", where=path, cure="check the path")
    found = path.stat().st_size
    if found != layout.file_bytes:
        raise BadInputError(
            f"{found} bytes; {layout.width}x{layout.height} at {layout.bits} bits are {layout.file_bytes}",
            where=path,
            cure=_likely(found, layout),
        )
    samples = np.fromfile(path, "u1" if layout.sample_bytes == 1 else "<u2").reshape(
        layout.height, layout.width
    )
    highest = int(samples.max())
    if highest >= 2**layout.bits:
        raise BadInputError(
            f"holds the value {highest}, above the {2**layout.bits - 1} of {layout.bits} bits",
            where=path,
            cure=f"pass --bits {highest.bit_length()}, or the samples are big endian, packed or not RAW",
        )
    black = list(by_position([float(layout.black)] * 4, layout.cfa))
    facts = Facts(dng=False, cfa=layout.cfa, black=black, white=layout.saturation)
    return settle(samples.astype(np.uint16), facts, assume or Assumptions(), path)


def _likely(found: int, layout: DumpFormat) -> str:
    """What a file of ``found`` bytes could be: the same size with other samples, or another size."""
    bits = found * 8 / (layout.width * layout.height)
    if bits in (8, 16):
        return f"this is the size of {bits:g}-bit samples: pass --bits"
    if bits in (10, 12, 14):
        return f"this is the size of packed {bits:g}-bit samples: unpack them to 16 bits first"
    pixels, rest = divmod(found, layout.sample_bytes)
    widths = [layout.width, *(round((pixels * across / down) ** 0.5) for across, down in ASPECTS)]
    sizes = [f"{width}x{pixels // width}" for width in dict.fromkeys(widths) if width and pixels % width == 0]
    if rest or not sizes:
        return "check --raw-size, and whether rows are padded or there is a header"
    return f"likely sizes: {', '.join(sizes)}"
