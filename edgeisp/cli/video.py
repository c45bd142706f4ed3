"""``edgeisp render --video``: a folder of numbered frames, rendered in their order with contexts smoothed over time."""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Iterator, Sized
from contextlib import contextmanager
from pathlib import Path

import typer

from edgeisp.cli.photo import Work, names
from edgeisp.errors import BadInputError, Stopped, Terminated

FEW = 5


def sequence(work: Work, output: Path | None, suffix: str, *, fps: float, looks_back: float) -> None:
    """Render every frame into ``output``, and say how steady and how fast it was.

    A frame that cannot be read is told and left out; the exit code is then 2. Automatic exposure is that of the first
    frame.

    Raises:
        BadInputError: not a folder of numbered frames of one size.
    """
    from edgeisp.profile.statistics import median, quantile
    from edgeisp.render.sequence import Level, Smoothing, flicker, kept

    if not work.source.photo.is_dir():
        raise BadInputError(
            "a sequence is a folder of numbered frames", where=work.source.photo, cure="leave --video out"
        )
    folder, numbered = work.output_folder(output), _numbered(work.photos())
    photos = list(numbered.values())
    absent = [number for number in range(min(numbered), max(numbered)) if number not in numbered]
    if absent:
        few = ", ".join(map(str, absent[:FEW])) + (", ..." if len(absent) > FEW else "")
        work.console.warn(f"{work.source.photo}: no frame has the number {few}")
    fit = work.fit  # what is wrong with the engine is wrong for every frame
    renderer, size = None, None
    seconds: list[float] = []
    levels, failed = [], []
    with _counted(seconds, len(photos)), work.console.progress(folder.name, total=len(photos)) as advance:
        for photo, name in zip(photos, names(photos, suffix), strict=True):
            began = time.perf_counter()
            try:
                opened = work.open(photo)
                if renderer is None or size is None:
                    renderer, size = fit(opened.frame.size), opened.frame.picture
                    renderer = dataclasses.replace(renderer, steady=Smoothing(looks_back))
                    work = dataclasses.replace(work, stops=opened.exposure)
                if opened.frame.picture != size:
                    raise BadInputError(
                        f"{_size(opened.frame.picture)}, the first frame is {_size(size)}",
                        where=photo,
                        cure="render frames of another size apart",
                    )
                level = Level()
                work.write(opened, renderer, folder / name, level.watch)
            except BadInputError as error:
                failed.append({"photo": str(photo), "error": str(error)})
                work.console.warn(f"frame {photos.index(photo) + 1} of {len(photos)}: {error}")
            else:
                levels.append(level.codes)
                seconds.append(time.perf_counter() - began)
            advance(1, photo.name)
    if renderer is None or size is None or not seconds:
        raise BadInputError("no frame could be rendered", where=work.source.photo, cure="see the warnings")
    steady = seconds[1:] or seconds
    lost = len(seconds) - len(kept(seconds, fps))
    unsteady = flicker(levels)
    facts = {
        "output": str(folder),
        "frames": len(seconds),
        "failed": failed,
        "absent": absent,
        "width": size[1],
        "height": size[0],
        "seconds": [round(value, 4) for value in seconds],
        "median_ms": round(1e3 * median(steady), 2),
        "p90_ms": round(1e3 * quantile(steady, 0.9), 2),
        "frames_per_second": round(len(steady) / sum(steady), 3),
        "fps": fps,
        "dropped": lost,
        "looks_back": looks_back,
        "flicker_codes": None if unsteady is None else round(unsteady, 4),
        **work.settings(renderer),
    }
    said = "" if unsteady is None else f"; flicker {unsteady:.3f} codes of 8 bits"
    work.console.result(
        facts,
        f"{folder}  {len(seconds)} frames of {_size(size)}, {facts['frames_per_second']:.2f} frames/s after the first "
        f"(median {facts['median_ms']:.0f} ms, p90 {facts['p90_ms']:.0f} ms) on {facts['ran_on']}\n"
        f"a camera of {fps:g} frames/s would lose {lost} of {len(seconds)}{said}",
    )
    if failed:
        raise typer.Exit(BadInputError.exit_code)


@contextmanager
def _counted(done: Sized, total: int) -> Iterator[None]:
    """Tells how many frames are done where a signal ends the block."""
    try:
        yield
    except (KeyboardInterrupt, Terminated) as signal:
        raise Stopped(signal, len(done), f"{total} frames") from None


def _numbered(photos: list[Path]) -> dict[int, Path]:
    """In the order of the last number in their names."""
    found: dict[int, Path] = {}
    for photo in photos:
        number = re.findall(r"\d+", photo.stem)
        if not number:
            raise BadInputError("its name has no number", where=photo, cure="number the frames of a sequence")
        other = found.setdefault(int(number[-1]), photo)
        if other != photo:
            raise BadInputError(
                f"the same number as {other.name}", where=photo, cure="give each sequence a folder of its own"
            )
    return dict(sorted(found.items()))


def _size(size: tuple[int, int]) -> str:
    return f"{size[1]}x{size[0]}"
