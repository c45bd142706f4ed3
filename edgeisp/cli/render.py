"""``edgeisp render``: a RAW file in, a picture out; or a folder of them."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeisp.cli.console import Console, one_of
from edgeisp.cli.engine import EngineOptions
from edgeisp.cli.options import NetworkOptions, RawOptions
from edgeisp.errors import BadInputError, VerificationError

if TYPE_CHECKING:
    from edgeisp.models.task import Task
    from edgeisp.raw import RawImage
    from edgeisp.render.exif import Exif
    from edgeisp.render.frame import Source


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
        str,
        typer.Option(
            "--format",
            callback=one_of("format", ("jpg", "png", "tif")),
            help="Of the pictures of a folder: jpg, png or tif.",
        ),
    ] = "jpg",
) -> None:
    """Render a RAW file to an upright sRGB picture, in tiles, at full resolution; or every RAW file of a folder.

    A file of a folder that cannot be rendered is told and left out; the exit code is then 2. Networks that denoise or
    enhance sRGB pictures take those instead of RAW files. Several processes share a folder: start it with torchrun.

    Examples:

    edgeisp render IMG.dng -o IMG.jpg

    edgeisp render IMG.dng -o IMG.tiff --exposure auto --artifact metaisp.tflite

    edgeisp render card/DCIM -o pictures --format png

    edgeisp render noisy.png -m lwisp-denoise -o clean.png

    edgeisp render dump.raw --raw-size 1920x1080 --bits 12 --cfa BGGR --black 64
    --assume-white-balance gray-world --assume-color-matrix srgb -o dump.png
    """
    from edgeisp.render.exposure import parse_exposure

    work = _Work(console, source, network, engine, parse_exposure(exposure), engine.task(network))
    if source.photo.is_dir():
        _folder(work, output, f".{kind}")
        return
    facts = work.render(source.photo, _destination(source.photo, output))
    size, speed = f"{facts['width']}x{facts['height']}", f"{facts['seconds']:.1f} s"
    brighter = f", {facts['exposure_ev']:+.2f} EV" if facts["exposure_ev"] else ""
    speed += f" ({facts['megapixels_per_second']:.2f} MP/s)"
    console.result(facts, f"{facts['output']}  {size}{brighter}, {speed} on {facts['ran_on']}")


@dataclasses.dataclass(frozen=True)
class _Work:
    """How each file is rendered."""

    console: Console
    source: RawOptions
    network: NetworkOptions
    engine: EngineOptions
    stops: float | None
    task: Task

    def __post_init__(self) -> None:
        if self.task.result != "rgb":
            raise BadInputError(
                f"a {self.task.name} network makes no picture",
                where="--model",
                cure="export it and run it before an ISP; `edgeisp models` lists networks that render",
            )
        if not self.task.linear and self.stops != 0:
            raise BadInputError(
                "this network takes finished pictures", where="--exposure", cure="leave it out"
            )

    def render(self, photo: Path, path: Path, bar: bool = True) -> dict[str, Any]:
        """Render ``photo`` to ``path``; what there is to say of it."""
        from edgeisp.render.output import format_of, write_picture
        from edgeisp.render.quantize import Quantizer

        began = time.perf_counter()
        quantizer = Quantizer(format_of(path).bits)
        frame, exif, about = self._open(photo)
        renderer = self.engine.open(self.network, frame.size)
        console = self.console if bar else dataclasses.replace(self.console, quiet=True)
        with console.progress(path.name, total=len(renderer.tiles(frame))) as advance:
            shown = dataclasses.replace(renderer, on_tile=advance)
            write_picture(shown.bands(frame, quantizer), frame.picture, path, exif)
        seconds = time.perf_counter() - began
        height, width = frame.picture
        return {
            "output": str(path),
            "width": width,
            "height": height,
            "seconds": round(seconds, 3),
            "megapixels_per_second": round(height * width / 1e6 / seconds, 3),
            "ran_on": renderer.programs[0].ran_on,
            "tile": [self.task.scale * side for side in renderer.tile],
            "halo": self.task.scale * renderer.halo,
            **about,
        }

    def _open(self, photo: Path) -> tuple[Source, Exif, dict[str, Any]]:
        """The frame of ``photo``, the EXIF of its picture, and what else to say."""
        from edgeisp.render.exif import Exif
        from edgeisp.render.exposure import auto_exposure
        from edgeisp.render.frame import Frame, PictureFrame

        if not self.task.linear:
            from edgeisp.data.pairset import read_picture
            from edgeisp.raw.read import SUFFIXES

            if photo.suffix.lower() in SUFFIXES:
                raise BadInputError(
                    f"a RAW file; {self.network.model} takes finished pictures: PNG, JPEG or TIFF, 8 bits, sRGB",
                    where=photo,
                    cure="render it with an ISP first (without -m), then give that picture",
                )
            return PictureFrame(read_picture(photo)), Exif(), {"exposure_ev": 0.0}
        raw = self.source.reader().read(photo)
        _tell(self.console, raw)
        frame = Frame.of(raw, auto_exposure(Frame.of(raw)) if self.stops is None else self.stops)
        about = {
            "exposure_ev": round(frame.exposure, 3),
            "assumed": list(raw.assumed),
            "ignored": list(raw.ignored),
        }
        return frame, Exif.of(raw, photo), about


def _folder(work: _Work, output: Path | None, suffix: str) -> None:
    """Render every file of a folder, in all processes together; the first one reports."""
    from edgeisp.processes import Processes

    console, folder, processes = work.console, work.source.photo, Processes.here()
    if output is None or output.is_file():
        raise BadInputError("a folder needs a folder for its pictures", where=folder, cure="name one with -o")
    if output.resolve() == folder.resolve():
        raise BadInputError("this is the folder itself", where=output, cure="name another one with -o")
    photos = _photos(folder, work)
    work.engine.open(work.network, (64, 64))  # what is wrong with it is wrong for every file
    began, done, failed = time.perf_counter(), [], []
    ours = processes.share(list(zip(photos, _names(photos, suffix), strict=True)))
    with console.progress(folder.name, total=len(ours)) as advance:
        for photo, name in ours:
            try:
                done.append({"photo": str(photo), **work.render(photo, output / name, bar=False)})
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


def _photos(folder: Path, work: _Work) -> list[Path]:
    """The files of ``folder`` that the network takes: those that LibRaw may know, dumps, or pictures."""
    from edgeisp.data.pairset import PICTURES
    from edgeisp.raw.read import SUFFIXES

    files = sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
    if not work.task.linear:
        found = [path for path in files if path.suffix.lower() in PICTURES]
    elif work.source.raw_size:
        found = [path for path in files if path.suffix.lower() not in PICTURES]
    else:
        found = [path for path in files if path.suffix.lower() in SUFFIXES]
    if not found:
        wanted = "RAW files" if work.task.linear else "pictures"
        raise BadInputError(
            f"no {wanted} in this folder", where=folder, cure="name another folder, or a file"
        )
    return found


def _names(photos: list[Path], suffix: str) -> list[str]:
    """Names of the pictures: the stems, or the whole names where a stem is not alone."""
    stems = [photo.stem for photo in photos]
    return [(photo.stem if stems.count(photo.stem) == 1 else photo.name) + suffix for photo in photos]


def _destination(photo: Path, output: Path | None) -> Path:
    """Where the picture goes. A file named with -o is replaced; a default name never replaces anything."""
    path = output or photo.with_suffix(".jpg")
    if path.exists() and photo.exists() and path.samefile(photo):
        raise BadInputError("this is the file itself", where=path, cure="name another file with -o")
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
