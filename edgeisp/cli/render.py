"""``edgeisp render``: a RAW file in, a picture out."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeisp.cli.console import Console
from edgeisp.cli.engine import EngineOptions
from edgeisp.cli.options import NetworkOptions, RawOptions
from edgeisp.errors import BadInputError

if TYPE_CHECKING:
    from edgeisp.raw import RawImage


def render(
    console: Console,
    source: RawOptions,
    network: NetworkOptions,
    engine: EngineOptions,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="JPEG, PNG or 16-bit TIFF by its suffix; default PHOTO.jpg beside it."
        ),
    ] = None,
    exposure: Annotated[str, typer.Option("--exposure", help="Stops brighter, or auto.")] = "0",
) -> None:
    """Render a RAW file to an upright sRGB picture, in tiles, at full resolution.

    Examples:

    edgeisp render IMG.dng -o IMG.jpg

    edgeisp render IMG.dng -o IMG.tiff --exposure auto --artifact metaisp.tflite

    edgeisp render dump.raw --raw-size 1920x1080 --bits 12 --cfa BGGR --black 64
    --assume-white-balance gray-world --assume-color-matrix srgb -o dump.png
    """
    from edgeisp.render.exif import Exif
    from edgeisp.render.exposure import auto_exposure, parse_exposure
    from edgeisp.render.frame import Frame
    from edgeisp.render.output import format_of, write_picture
    from edgeisp.render.quantize import Quantizer

    began = time.perf_counter()
    path = _destination(source.photo, output)
    quantizer, stops = Quantizer(format_of(path).bits), parse_exposure(exposure)
    raw = source.read()
    _tell(console, raw)
    frame = Frame.of(raw, auto_exposure(Frame.of(raw)) if stops is None else stops)
    renderer = engine.open(network, frame.size)
    with console.progress(path.name, total=len(renderer.tiles(frame))) as advance:
        picture = dataclasses.replace(renderer, on_tile=advance).render(frame, quantizer)
    write_picture(picture, path, Exif.of(raw, source.photo))
    seconds = time.perf_counter() - began
    height, width = picture.shape[:2]
    facts: dict[str, Any] = {
        "output": str(path),
        "width": width,
        "height": height,
        "seconds": round(seconds, 3),
        "megapixels_per_second": round(height * width / 1e6 / seconds, 3),
        "ran_on": renderer.program.ran_on,
        "tile": [2 * side for side in renderer.tile],
        "halo": 2 * renderer.halo,
        "exposure_ev": round(frame.exposure, 3),
        "assumed": list(raw.assumed),
        "ignored": list(raw.ignored),
    }
    speed = f"{seconds:.1f} s ({facts['megapixels_per_second']:.2f} MP/s)"
    brighter = f", {frame.exposure:+.2f} EV" if frame.exposure else ""
    console.result(facts, f"{path}  {width}x{height}{brighter}, {speed} on {renderer.program.ran_on}")


def _destination(photo: Path, output: Path | None) -> Path:
    """Where the picture goes. A file named with -o is replaced; a default name never replaces anything."""
    path = output or photo.with_suffix(".jpg")
    if path.exists() and photo.exists() and path.samefile(photo):
        raise BadInputError("this is the RAW file itself", where=path, cure="name another file with -o")
    if output is None and path.exists():
        raise BadInputError(
            "there is a picture of this name already", where=path, cure="name it with -o to replace it"
        )
    return path


def _tell(console: Console, raw: RawImage) -> None:
    from edgeisp.raw.doubt import layout_doubt

    if raw.assumed:
        console.note(f"assumed, not read from the file: {', '.join(raw.assumed)}")
    for request in raw.ignored:
        console.note(f"ignored: {request}")
    if doubt := layout_doubt(raw):
        console.warn(doubt)
