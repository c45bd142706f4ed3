"""``edgeisp render``: a RAW file in, a picture out; or a folder of them."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from edgeisp.cli.console import Console, one_of
from edgeisp.cli.engine import EngineOptions
from edgeisp.cli.options import NetworkOptions, RawOptions, without_effect
from edgeisp.cli.photo import Opened, Work, names
from edgeisp.cli.video import sequence
from edgeisp.errors import BadInputError, VerificationError

VIDEO = "Sequences"
FORMATS = ("jpg", "png", "tif", "jpeg", "tiff")
"""Endings of `edgeisp.render.output.FORMATS`; the first one is the default."""
FPS = 30.0
LOOKS_BACK = 8.0


def render(
    console: Console,
    source: RawOptions,
    network: NetworkOptions,
    engine: EngineOptions,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="JPEG, PNG or 16-bit TIFF by its suffix, default PHOTO.jpg beside it; of a folder: a folder.",
        ),
    ] = None,
    exposure: Annotated[str, typer.Option("--exposure", help="Stops brighter, or auto.")] = "0",
    kind: Annotated[
        str | None,
        typer.Option(
            "--format",
            callback=one_of("format", FORMATS),
            help="Of pictures that -o does not name, as those of a folder: jpg (default), png or tif.",
        ),
    ] = None,
    video: Annotated[
        bool,
        typer.Option(
            "--video",
            rich_help_panel=VIDEO,
            help="The folder is a sequence: numbered frames, whose contexts are smoothed over time.",
        ),
    ] = False,
    fps: Annotated[
        float | None,
        typer.Option(
            "--fps",
            min=0.01,
            max=10_000,
            rich_help_panel=VIDEO,
            help="Of the camera, default 30: tells how many frames it would lose.",
        ),
    ] = None,
    smooth: Annotated[
        float | None,
        typer.Option(
            "--smooth",
            min=1,
            max=10_000,
            rich_help_panel=VIDEO,
            help="Frames that a context looks back, default 8; 1: only its own.",
        ),
    ] = None,
) -> None:
    """Render a RAW file to an upright sRGB picture, in tiles, at full resolution; or every RAW file of a folder.

    A file of a folder that cannot be rendered is told and left out; the exit code is then 2. Networks that denoise or
    enhance sRGB pictures take those instead of RAW files. Several processes share a folder: start it with torchrun.

    Examples:

    edgeisp render IMG.dng -o IMG.jpg

    edgeisp render IMG.dng -o IMG.tiff --exposure auto --artifact metaisp.tflite

    edgeisp render card/DCIM -o pictures --format png

    edgeisp render burst -o pictures --video --fps 30 --artifact metaisp.tflite

    edgeisp render noisy.png -m lwisp-denoise -o clean.png

    edgeisp render dump.raw --raw-size 1920x1080 --bits 12 --cfa BGGR --black 64
    --assume-white-balance gray-world --assume-color-matrix srgb -o dump.png
    """
    from edgeisp.render.exposure import parse_exposure

    work = Work(console, source, network, engine, parse_exposure(exposure), engine.task(network))
    suffix = f".{kind or FORMATS[0]}"
    if video:
        sequence(work, output, suffix, fps=fps or FPS, looks_back=smooth or LOOKS_BACK)
        return
    for option, given in (("--fps", fps), ("--smooth", smooth)):
        if given is not None:
            raise without_effect(option, "--video")
    if source.photo.is_dir():
        _folder(work, output, suffix)
        return
    if kind and output:
        raise BadInputError(
            f"no effect beside -o {output}",
            where="--format",
            cure="leave it out; the name's ending is the format",
        )
    facts = work.render(source.photo, _destination(source.photo, output, suffix))
    size, speed = f"{facts['width']}x{facts['height']}", f"{facts['seconds']:.1f} s"
    brighter = f", {facts['exposure_ev']:+.2f} EV" if facts["exposure_ev"] else ""
    speed += f" ({facts['megapixels_per_second']:.2f} MP/s)"
    console.result(facts, f"{facts['output']}  {size}{brighter}, {speed} on {facts['ran_on']}")


def _folder(work: Work, output: Path | None, suffix: str) -> None:
    """Render every file of a folder, in all processes together; the first one reports."""
    from edgeisp.processes import Processes
    from edgeisp.render.ahead import ahead

    console, folder, processes = work.console, work.source.photo, Processes.here()
    output, photos = work.output_folder(output), work.photos()
    began, done, failed = time.perf_counter(), [], []
    ours = processes.share(list(zip(photos, names(photos, suffix), strict=True)))
    _ = work.fit  # what is wrong with the engine is wrong for every file

    def read(photo: Path) -> Opened | BadInputError:
        try:
            return work.open(photo)
        except BadInputError as error:
            return error

    with (
        console.progress(folder.name, total=len(ours)) as advance,
        closing(ahead(read, [photo for photo, _ in ours])) as read_ahead,
    ):
        for photo, name in ours:
            since = time.perf_counter()
            try:
                if isinstance(opened := next(read_ahead), BadInputError):
                    raise opened
                done.append({"photo": str(photo), **work.develop(opened, output / name, since, bar=False)})
            except (BadInputError, VerificationError) as error:
                failed.append({"photo": str(photo), "error": str(error)})
                console.warn(str(error))
            advance(1, photo.name)
    parts = processes.gather((done, failed))
    done, failed = ([one for part in parts for one in part[index]] for index in (0, 1))
    seconds = time.perf_counter() - began
    facts = {
        "output": str(output),
        "rendered": sorted(done, key=lambda one: str(one["photo"])),
        "failed": sorted(failed, key=lambda one: one["photo"]),
        "processes": processes.size,
        "seconds": round(seconds, 3),
        "megapixels_per_second": round(sum(one["width"] * one["height"] for one in done) / 1e6 / seconds, 3),
    }
    left_out = f", {len(failed)} could not be rendered" if failed else ""
    console.result(
        facts,
        f"{output}  {len(done)} of {len(photos)} pictures{left_out}; {seconds:.1f} s "
        f"({facts['megapixels_per_second']:.2f} MP/s)",
    )
    # torchrun ends all processes when one ends in failure: only the one that has reported may.
    if failed and processes.first:
        raise typer.Exit(BadInputError.exit_code)


def _destination(photo: Path, output: Path | None, suffix: str) -> Path:
    """Where the picture goes. A file named with -o is replaced; a default name never replaces anything."""
    from edgeisp.render.output import format_of

    path = output or photo.with_suffix(suffix)
    format_of(path)  # what is wrong with it is told before the engine is opened
    if path.exists() and photo.exists() and path.samefile(photo):
        raise BadInputError("this is the file itself", where=path, cure="name another file with -o")
    if output is None and path.exists():
        raise BadInputError(
            "there is a picture of this name already", where=path, cure="name it with -o to replace it"
        )
    return path
