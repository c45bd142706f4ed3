"""Options that several verbs share."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeisp.errors import BadInputError
from edgeisp.models import DEFAULT

if TYPE_CHECKING:
    from edgeisp.raw import DumpFormat, RawImage
    from edgeisp.raw.reader import RawReader

DUMP = "For headerless sensor dumps"
ASSUME = "Where the file's metadata is missing or wrong"


def _dump(*names: str, help: str) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=DUMP)


def _assume(*names: str, help: str) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=ASSUME)


@dataclass(frozen=True, kw_only=True)
class RawFormatOptions:
    """What the user says of RAW files that do not say it themselves."""

    raw_size: Annotated[str | None, _dump("--raw-size", help="WIDTHxHEIGHT, such as 1920x1080.")] = None
    bits: Annotated[
        int | None, _dump("--bits", help="Bits of a sample; one byte up to 8, else two, little endian.")
    ] = None
    cfa: Annotated[str | None, _dump("--cfa", help="RGGB, GRBG, GBRG or BGGR.")] = None
    black: Annotated[float | None, _dump("--black", help="Sensor value of no light; default 0.")] = None
    white: Annotated[
        float | None, _dump("--white", help="Sensor value of saturation; default 2^bits - 1.")
    ] = None
    assume_cfa: Annotated[str | None, _assume("--assume-cfa", help="RGGB, GRBG, GBRG or BGGR.")] = None
    assume_black_level: Annotated[
        str | None, _assume("--assume-black-level", help="One number, or R,Gr,Gb,B.")
    ] = None
    assume_white_level: Annotated[float | None, _assume("--assume-white-level", help="A number.")] = None
    assume_white_balance: Annotated[
        str | None, _assume("--assume-white-balance", help="Gains R,G,B; or gray-world.")
    ] = None
    assume_color_matrix: Annotated[
        str | None, _assume("--assume-color-matrix", help="XYZ to camera, nine numbers by rows; or srgb.")
    ] = None

    def reader(self) -> RawReader:
        """What reads such files.

        Raises:
            BadInputError: an option's value cannot be.
        """
        from edgeisp.raw import Assumptions
        from edgeisp.raw.reader import RawReader

        return RawReader(
            self._dump_format(),
            Assumptions.parse(
                self.assume_cfa,
                self.assume_black_level,
                self.assume_white_level,
                self.assume_white_balance,
                self.assume_color_matrix,
            ),
        )

    def given(self) -> list[str]:
        """Names of those options that were given."""
        names = [one.name for one in fields(RawFormatOptions)]
        return [f"--{name.replace('_', '-')}" for name in names if getattr(self, name) is not None]

    def _dump_format(self) -> DumpFormat | None:
        from edgeisp.raw import DumpFormat

        if self.raw_size is None:
            for option in self.given():
                if option in ("--bits", "--cfa", "--black", "--white"):
                    raise without_effect(option, "--raw-size")
            return None
        if self.bits is None or self.cfa is None:
            raise BadInputError(
                "a dump does not say what it holds",
                where="--raw-size",
                cure="add --bits N and --cfa RGGB (or another)",
            )
        return DumpFormat.parse(self.raw_size, self.bits, self.cfa, self.black or 0.0, self.white)


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """How a data set on disk is taken."""

    skip_bad: Annotated[
        bool,
        typer.Option("--skip-bad", help="Leave out pairs that cannot be read, and files without a partner."),
    ] = False


@dataclass(frozen=True, kw_only=True)
class RawOptions(RawFormatOptions):
    """A RAW file and what the user says of it."""

    photo: Annotated[
        Path, typer.Argument(help="RAW file (DNG, NEF, CR2, ARW, ...), or a dump with --raw-size.")
    ]

    def read(self) -> RawImage:
        """The RAW image.

        Raises:
            BadInputError: see `edgeisp.raw.read_raw` and `edgeisp.raw.read_dump`.
        """
        return self.reader().read(self.photo)


@dataclass(frozen=True)
class NetworkOptions:
    """A network and its weights."""

    model: Annotated[str, typer.Option("--model", "-m", help="Network; `edgeisp models` lists them.")] = (
        DEFAULT
    )
    checkpoint: Annotated[
        Path | None,
        typer.Option("--checkpoint", help="Weights: a file, or a bundled name; default MODEL's own."),
    ] = None


@dataclass(frozen=True, kw_only=True)
class ThreadOptions:
    """How many threads PyTorch trains with."""

    threads: Annotated[
        int, typer.Option("--threads", min=0, help="0 leaves it to PyTorch; 1 where others use the cores.")
    ] = 0

    def apply(self) -> None:
        """Have PyTorch compute with as many from now on, in this process."""
        import torch

        if self.threads:
            torch.set_num_threads(self.threads)


def without_effect(option: str, other: str) -> BadInputError:
    """The error that ``option`` does nothing where ``other`` is not given."""
    return BadInputError(
        f"no effect without {other}", where=option, cure=f"add {other}, or leave {option} out"
    )


def parse_size(text: str, option: str) -> tuple[int, int]:
    """``512`` or ``WIDTHxHEIGHT`` as height and width.

    Raises:
        BadInputError: neither.
    """
    parts = text.lower().split("x")
    if len(parts) > 2 or not all(part.strip().isdecimal() and part.strip().isascii() for part in parts):
        raise BadInputError(
            f"cannot read {text!r}", where=option, cure="give a number of pixels, or WIDTHxHEIGHT"
        )
    return int(parts[-1]), int(parts[0])


def parse_names(text: str, option: str) -> tuple[str, ...]:
    """``exposure, gamma`` as its names.

    Raises:
        BadInputError: one of them is empty.
    """
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise BadInputError(f"an empty name in {text!r}", where=option, cure="give names with commas between")
    return names


def parse_bytes(text: str, option: str) -> int:
    """``600MB``, ``2 GB`` or ``1.5gb`` as bytes, in powers of 1000.

    Raises:
        BadInputError: anything else.
    """
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([MG])B?", text.strip(), re.IGNORECASE)
    if not found:
        raise BadInputError(
            f"cannot read {text!r}", where=option, cure="give megabytes or gigabytes, as 600MB"
        )
    return round(float(found[1]) * {"M": 1e6, "G": 1e9}[found[2].upper()])
