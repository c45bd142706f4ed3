"""``edgeisp sample``: a RAW file to try things on, without a camera or a download."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeisp.cli.console import Console
from edgeisp.cli.options import parse_size
from edgeisp.errors import BadInputError


def sample(
    console: Console,
    output: Annotated[Path, typer.Option("--output", "-o", help="DNG file; replaced if it exists.")] = Path(
        "sample.dng"
    ),
    size: Annotated[str, typer.Option("--size", help="WIDTHxHEIGHT, even numbers.")] = "2400x1600",
) -> None:
    """Write a sample RAW file: a lake at evening and a still life, drawn by code, with the noise of a phone at ISO 800.

    Example:

    edgeisp sample -o sample.dng
    """
    height, width = parse_size(size, "--size")
    if height % 2 or width % 2 or not 64 <= min(height, width) <= max(height, width) <= 10000:
        raise BadInputError(f"a size of {size}", where="--size", cure="give even numbers from 64 to 10000")
    if output.suffix.lower() != ".dng":
        raise BadInputError("the sample is a DNG", where=output, cure="end the name in .dng")
    from edgeisp.data.sample_scene import sample_raw
    from edgeisp.raw import write_dng

    raw = sample_raw(width, height)
    write_dng(raw, output)
    facts = {"output": str(output), "width": width, "height": height, "iso": raw.iso, "cfa": raw.cfa}
    console.result(facts, f"{output}  {width}x{height}, {raw.cfa}, ISO {raw.iso}")
