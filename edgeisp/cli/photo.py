"""One photo rendered to a file, as `edgeisp render` does it for files, folders and sequences."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeisp.cli.console import Console
from edgeisp.cli.engine import EngineOptions
from edgeisp.cli.fit import Fit, start
from edgeisp.cli.options import NetworkOptions, RawOptions
from edgeisp.errors import BadInputError
from edgeisp.files import check_folder

if TYPE_CHECKING:
    from edgeisp.models.task import Task
    from edgeisp.raw import RawImage
    from edgeisp.render.exif import Exif
    from edgeisp.render.frame import Source
    from edgeisp.render.renderer import Picture, Renderer

Watch = Callable[["Iterable[Picture]"], "Iterable[Picture]"]


@dataclasses.dataclass(frozen=True)
class Opened:
    """A photo that was read."""

    frame: Source
    exif: Exif
    exposure: float
    """In EV."""
    about: dict[str, Any]
    """What there is to say of it beside its size."""


@dataclasses.dataclass(frozen=True)
class Work:
    """How each photo is rendered."""

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
        of_raw = [*(["--exposure"] if self.stops != 0 else []), *self.source.given()]
        if not self.task.linear and of_raw:
            raise BadInputError("this network takes finished pictures", where=of_raw[0], cure="leave it out")

    def render(self, photo: Path, path: Path) -> dict[str, Any]:
        """Render ``photo`` to ``path``; what there is to say of it."""
        began = time.perf_counter()
        return self.develop(self.open(photo), path, began)

    def develop(self, opened: Opened, path: Path, began: float, bar: bool = True) -> dict[str, Any]:
        """Render a photo that was read, since ``began``, to ``path``; what there is to say of it."""
        renderer = self.fit(opened.frame.size)
        if renderer.why and bar:
            self.console.note(renderer.why)
        console = self.console if bar else dataclasses.replace(self.console, quiet=True)
        with console.progress(path.name, total=len(renderer.tiles(opened.frame))) as advance:
            self.write(opened, dataclasses.replace(renderer, on_tile=advance), path)
        seconds = time.perf_counter() - began
        height, width = opened.frame.picture
        return {
            "output": str(path),
            "width": width,
            "height": height,
            "seconds": round(seconds, 3),
            "megapixels_per_second": round(height * width / 1e6 / seconds, 3),
            **self.settings(renderer),
            "exposure_ev": round(opened.exposure, 3),
            **opened.about,
        }

    def settings(self, renderer: Renderer) -> dict[str, Any]:
        """What was rendered with."""
        return {
            "ran_on": renderer.programs[0].ran_on,
            "tile": [self.task.scale * side for side in renderer.tile],
            "halo": self.task.scale * renderer.halo,
            **({"tile_choice": renderer.why} if renderer.why else {}),
        }

    @cached_property
    def fit(self) -> Fit:
        """The engine, open from the first photo to the last; says once for each size what is unusual about its halo."""
        opened = start(self.engine, self.network, self.console.progress)

        def fit(size: tuple[int, int]) -> Renderer:
            renderer = opened(size)
            for line in filter(None, (costly(renderer, size), narrow(renderer, size))):
                self.console.warn(line)
            return renderer

        return cache(fit)

    def write(
        self, opened: Opened, renderer: Renderer, path: Path, watch: Watch = lambda bands: bands
    ) -> None:
        """Render to ``path``; ``watch`` sees the picture's bands go by."""
        from edgeisp.render.output import format_of, write_picture
        from edgeisp.render.quantize import Quantizer

        bands = renderer.bands(opened.frame, Quantizer(format_of(path).bits))
        write_picture(watch(bands), opened.frame.picture, path, opened.exif)

    def open(self, photo: Path) -> Opened:
        """Read ``photo``.

        Raises:
            BadInputError: not a file that the network takes.
        """
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
            return Opened(PictureFrame(read_picture(photo)), Exif(), 0.0, {})
        raw = self.source.reader().read(photo)
        _tell(self.console, raw)
        frame = Frame.of(raw, auto_exposure(Frame.of(raw)) if self.stops is None else self.stops)
        about = {"assumed": list(raw.assumed), "ignored": list(raw.ignored)}
        return Opened(frame, Exif.of(raw, photo), frame.exposure, about)

    def photos(self) -> list[Path]:
        """The files of the folder that the network takes: those that LibRaw may know, dumps, or pictures.

        Raises:
            BadInputError: there is none.
        """
        from edgeisp.data.pairset import PICTURES
        from edgeisp.raw.read import SUFFIXES

        folder = self.source.photo
        files = sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
        if not self.task.linear:
            found = [path for path in files if path.suffix.lower() in PICTURES]
        elif self.source.raw_size:
            found = [path for path in files if path.suffix.lower() not in PICTURES]
        else:
            found = [path for path in files if path.suffix.lower() in SUFFIXES]
        if not found:
            wanted = "RAW files" if self.task.linear else "pictures"
            raise BadInputError(
                f"no {wanted} in this folder", where=folder, cure="name another folder, or a file"
            )
        return found

    def output_folder(self, output: Path | None) -> Path:
        """Where pictures of a folder go.

        Raises:
            BadInputError: nowhere, or into the folder itself.
            UnwritableError: a file is in the way, or nothing can be written there.
        """
        folder = self.source.photo
        if output is None:
            raise BadInputError(
                "a folder needs a folder for its pictures", where=folder, cure="name one with -o"
            )
        check_folder(output)
        if output.resolve() == folder.resolve():
            raise BadInputError("this is the folder itself", where=output, cure="name another one with -o")
        return output


def costly(renderer: Renderer, frame: tuple[int, int]) -> str:
    """That tiles of a frame of that height and width are mostly halo, and what to do; empty where all is well."""
    from edgeisp.models.halo import LARGE

    cores = [tile - 2 * renderer.halo for tile in renderer.tile]
    alone = all(side <= core for side, core in zip(frame, cores, strict=True))
    if alone or not renderer.larger or renderer.overhead <= LARGE:
        return ""
    height, width = (renderer.task.scale * side for side in renderer.tile)
    return (
        f"tiles of {width}x{height} pixels with a halo of {renderer.task.scale * renderer.halo} compute "
        f"{renderer.overhead:.1f} pixels for each one they write -> give {renderer.larger}"
    )


def narrow(renderer: Renderer, frame: tuple[int, int]) -> str:
    """That a frame of that height and width is smaller than the halo around it; empty where it is not."""
    if min(frame) >= renderer.halo:
        return ""
    height, width, halo = (renderer.task.scale * side for side in (*frame, renderer.halo))
    return (
        f"the frame of {width}x{height} pixels is smaller than the halo of {halo}: most of what the network sees is "
        "its mirror image"
    )


def names(photos: list[Path], suffix: str) -> list[str]:
    """Names of the pictures: the stems, or the whole names where a stem is not alone."""
    stems = [photo.stem for photo in photos]
    return [(photo.stem if stems.count(photo.stem) == 1 else photo.name) + suffix for photo in photos]


def _tell(console: Console, raw: RawImage) -> None:
    from edgeisp.raw.doubt import layout_doubt

    if raw.assumed:
        console.note(f"assumed, not read from the file: {', '.join(raw.assumed)}")
    for request in raw.ignored:
        console.note(f"ignored: {request}")
    if doubt := layout_doubt(raw):
        console.warn(doubt)
