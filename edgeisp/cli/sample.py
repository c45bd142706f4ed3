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
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="DNG file, default sample.dng; with --frames a folder, default sample."
        ),
    ] = None,
    size: Annotated[str, typer.Option("--size", help="WIDTHxHEIGHT, even numbers.")] = "2400x1600",
    frames: Annotated[
        int | None, typer.Option("--frames", min=1, max=9999, help="A sequence of so many DNG files instead.")
    ] = None,
) -> None:
    """Write a sample RAW file: a lake at evening and a still life, drawn by code, with the noise of a phone at ISO 800.

    Examples:

    edgeisp sample -o sample.dng

    edgeisp sample --frames 12 --size 1280x720 -o burst && edgeisp render burst -o pictures --video
    """
    height, width = parse_size(size, "--size")
    if height % 2 or width % 2 or not 64 <= min(height, width) <= max(height, width) <= 10000:
        raise BadInputError(f"a size of {size}", where="--size", cure="give even numbers from 64 to 10000")
    path = output or Path("sample.dng" if frames is None else "sample")
    if frames is None and path.suffix.lower() != ".dng":
        raise BadInputError("the sample is a DNG", where=path, cure="end the name in .dng")
    if frames is not None and path.is_file():
        raise BadInputError("a sequence needs a folder", where=path, cure="name another one with -o")
    from edgeisp.data.sample_scene import sample_sequence
    from edgeisp.files import make_folder
    from edgeisp.raw import write_dng

    with console.progress(path.name, total=frames or 1) as advance:
        for index, raw in enumerate(sample_sequence(frames or 1, width, height), 1):
            file = path if frames is None else path / f"frame-{index:04}.dng"
            make_folder(file.parent)
            write_dng(raw, file)
            advance(1, file.name)
    facts = {"output": str(path), "width": width, "height": height, "iso": raw.iso, "cfa": raw.cfa}
    many = "" if frames is None else f"{frames} frames of "
    console.result(
        facts | ({} if frames is None else {"frames": frames}),
        f"{path}  {many}{width}x{height}, {raw.cfa}, ISO {raw.iso}",
    )
