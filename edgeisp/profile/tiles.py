"""Which tile a frame should be cut into: what each costs in time and memory, measured in a process of its own."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeisp import child
from edgeisp.engines import ENGINES
from edgeisp.engines.base import Program
from edgeisp.engines.chain import Link, chained
from edgeisp.errors import BadInputError, EdgeISPError
from edgeisp.models.task import Task
from edgeisp.profile.machine import peak_bytes, resident_bytes
from edgeisp.raw.image import RawImage
from edgeisp.render.ahead import ahead
from edgeisp.render.exif import Exif
from edgeisp.render.frame import Frame, PictureFrame, Source
from edgeisp.render.output import write_picture
from edgeisp.render.quantize import Quantizer
from edgeisp.render.renderer import Renderer
from edgeisp.render.tiles import grid

Functions = Mapping[str, Mapping[str, tuple[int, ...]]]
"""Input names and shapes of ``tile`` and maybe ``context``."""
MEGA = 1e6
ROWS = 3
"""Of tiles that are rendered to measure: while one goes to the file the next is made, in memory that is in pieces."""
COARSE = 10_000_000
"""Memory is told in steps of so many bytes, rounded up: what is measured differs by a few MB from run to run."""


@dataclass(frozen=True)
class Price:
    """What tiles of a size cost."""

    tile: tuple[int, int]
    """Height and width, in pixels of the source."""
    seconds: float
    """Of one tile, while as many as are made at a time are made."""
    bytes: int
    """Of memory that rendering with them takes: the programs, their context, the tiles made at a time, the writer."""


@dataclass(frozen=True)
class Cut:
    """How a frame is cut."""

    halo: int
    stride: int
    scale: int
    """Picture pixels for each pixel of the source, along a side."""
    frame: tuple[int, int]
    """Height and width in pixels of the source."""

    def seconds(self, price: Price) -> float:
        """What the frame takes."""
        return price.seconds * sum(1 for _ in grid(self.frame, price.tile, self.halo, self.stride))

    def bytes(self, price: Price) -> int:
        """What this process will have at its peak: what it has now, the price, two rows of the picture in 16 bits."""
        rows = 2 * 6 * self.scale**2 * self.frame[1] * min(price.tile[0], self.frame[0])
        return -(-((resident_bytes() or 0) + price.bytes + rows) // COARSE) * COARSE


def best(
    prices: Sequence[Price], cut: Cut, most: int, allows: str = "--memory allows", cures: Sequence[str] = ()
) -> tuple[Price, str]:
    """The fastest tile whose memory stays within ``most`` bytes, and in words why.

    Args:
        allows: what says how much that is, in words.
        cures: what makes tiles need less, in words.

    Raises:
        BadInputError: none does.
    """
    fitting = [price for price in prices if cut.bytes(price) <= most]
    if not fitting:
        least = min(prices, key=lambda price: price.bytes)
        needed, without = cut.bytes(least), cut.bytes(least) - least.bytes
        helping = [f"give {needed / MEGA:.0f} MB", *(cures if without < most else ())]
        raise BadInputError(
            f"a run with tiles of {_size(least, cut)} needs about {needed / MEGA:.0f} MB, "
            f"{allows} {most / MEGA:.0f} MB",
            where="--memory",
            cure=", or ".join(helping),
        )
    chosen = min(fitting, key=lambda price: (cut.seconds(price), price.bytes))
    others = ", ".join(_words(price, cut, most) for price in prices if price is not chosen)
    why = f"tile {_words(chosen, cut, most)}, of {most / MEGA:.0f} MB"
    return chosen, f"{why}; others: {others}" if others else why


def available_bytes() -> int:
    """Memory that new work can have without swapping; half of all memory where the system does not say."""
    known = Path("/proc/meminfo")
    for line in known.read_text().splitlines() if known.is_file() else []:
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


@dataclass(frozen=True)
class Making:
    """How tiles of any size are made."""

    engine: str
    """Its name."""
    path: Path
    """What it opens."""
    programs: int
    """How many are made at a time."""
    threads: int
    """Of each program."""
    task: Task
    stride: int
    links: Sequence[Link] = ()
    """What runs after the function ``tile``."""
    opened: bool = False
    """Whether this process has opened the file already, so that only what runs counts."""


def measure(making: Making, sizes: Sequence[Functions]) -> list[Price]:
    """Prices of tiles, ascending in size, by what their functions take.

    Raises:
        EdgeISPError: the process that measures died, as it does without memory.
    """
    try:
        prices: list[Price] = child.call("edgeisp.profile.tiles:measured", making, sizes)[0]
    except child.ChildDied as died:
        raise EdgeISPError(
            f"measuring tiles failed ({died.cause}): {died.last_line}",
            where=making.path,
            cure="name a --tile",
        ) from died
    return prices


def measured(making: Making, sizes: Sequence[Functions]) -> list[Price]:
    """The far side of `measure`: renders rows of as many tiles as are made at a time to a file, without a halo."""
    before = resident_bytes() or 0
    engine = ENGINES.get(making.engine)
    programs = [
        chained(engine.open(making.path, threads=making.threads), making.links)
        for _ in range(making.programs)
    ]
    before = resident_bytes() or 0 if making.opened else before
    found = []
    for functions in sizes:
        renderer = Renderer(
            programs, functions, halo=0, stride=making.stride, task=making.task, worth_folding=0
        )
        _write(renderer, _grey(making.task, ROWS * renderer.tile[0], making.programs * renderer.tile[1]))
        peak = (peak_bytes() or before) - before
        found.append(Price(renderer.tile, _seconds(programs, functions["tile"]), peak))
    return found


def _write(renderer: Renderer, frame: Source) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_picture(
            renderer.bands(frame, Quantizer()), frame.picture, Path(folder) / "measured.jpg", Exif()
        )


def _grey(task: Task, height: int, width: int) -> Source:
    """A frame of that size, in pixels of what the network takes, that is one number in memory."""
    if not task.linear:
        return PictureFrame(np.broadcast_to(np.uint8(128), (height, width, 3)))
    mosaic = np.broadcast_to(np.uint16(512), (2 * height, 2 * width))
    return Frame.of(RawImage(mosaic, "RGGB", (0.0, 0.0, 0.0, 0.0), 1023.0, (1.0, 1.0, 1.0), np.eye(3)))


def _seconds(programs: Sequence[Program], shapes: Mapping[str, tuple[int, ...]]) -> float:
    """Of one tile, while all ``programs`` make one; they have run before."""
    inputs = {name: np.full(shape, 0.5, np.float32) for name, shape in shapes.items()}
    began = time.perf_counter()
    list(ahead(lambda program: program.run("tile", inputs), programs, len(programs)))
    return (time.perf_counter() - began) / len(programs)


def extrapolated(small: Price, large: Price, tile: tuple[int, int]) -> Price:
    """The price of a tile from those of two others: time goes with the area, memory is a constant and the area."""
    a, b, area = (height * width for height, width in (small.tile, large.tile, tile))
    slope = max(0.0, (large.bytes - small.bytes) / (b - a))
    return Price(tile, large.seconds * area / b, round(large.bytes + slope * (area - b)))


def _words(price: Price, cut: Cut, most: int) -> str:
    memory = f"{cut.bytes(price) / MEGA:.0f} MB"
    if cut.bytes(price) > most:
        return f"{_size(price, cut)} would need {memory}"
    return f"{_size(price, cut)}: about {cut.seconds(price):.1f} s and {memory}"


def _size(price: Price, cut: Cut) -> str:
    height, width = (cut.scale * side for side in price.tile)
    return f"{width}x{height}"
