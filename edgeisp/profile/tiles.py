"""Which tile a frame should be cut into: what each costs in time and memory, measured in a process of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeisp import child
from edgeisp.engines import ENGINES
from edgeisp.engines.base import Tensors
from edgeisp.engines.chain import Link, chained
from edgeisp.errors import BadInputError, EdgeISPError
from edgeisp.profile.machine import peak_bytes, resident_bytes
from edgeisp.render.ahead import ahead
from edgeisp.render.tiles import grid

Inputs = Mapping[str, tuple[int, ...]]
"""Of the function ``tile``."""
MEGA = 1e6


@dataclass(frozen=True)
class Price:
    """What tiles of a size cost."""

    tile: tuple[int, int]
    """Height and width, in pixels of the source."""
    seconds: float
    """Of one tile, while as many as are made at a time are made."""
    bytes: int
    """Of memory, for all that are made at a time."""


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
        """What this process will have at its peak: what it has now, the tiles, two rows of the picture in 16 bits."""
        rows = 2 * 6 * self.scale**2 * self.frame[1] * min(price.tile[0], self.frame[0])
        return (resident_bytes() or 0) + price.bytes + rows


def best(prices: Sequence[Price], cut: Cut, most: int, cures: Sequence[str] = ()) -> tuple[Price, str]:
    """The fastest tile whose memory stays within ``most`` bytes, and in words why.

    Args:
        cures: what makes tiles need less, in words.

    Raises:
        BadInputError: none does.
    """
    fitting = [price for price in prices if cut.bytes(price) <= most]
    if not fitting:
        least = min(prices, key=lambda price: price.bytes)
        raise BadInputError(
            f"tiles of {_size(least, cut)} need about {cut.bytes(least) / MEGA:.0f} MB, "
            f"there are {most / MEGA:.0f} MB for them",
            where="--memory",
            cure=_cure(cures, cut.bytes(least) - least.bytes, most),
        )
    chosen = min(fitting, key=lambda price: (cut.seconds(price), price.bytes))
    others = ", ".join(_words(price, cut, most) for price in prices if price is not chosen)
    why = f"tile {_words(chosen, cut, most)}, of {most / MEGA:.0f} MB"
    return chosen, f"{why}; others: {others}" if others else why


def _cure(cures: Sequence[str], rest: int, most: int) -> str:
    """What to do where tiles and ``rest``, all else, need more than ``most`` bytes."""
    if rest >= most:
        return f"give more: {rest / MEGA:.0f} MB are needed without any tile"
    return f"take {', or '.join([*cures, 'more --memory'])}"


def available_bytes() -> int:
    """Memory that new work can have without swapping; half of all memory where the system does not say."""
    known = Path("/proc/meminfo")
    for line in known.read_text().splitlines() if known.is_file() else []:
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def measure(
    engine: str,
    path: Path,
    sizes: Sequence[tuple[Inputs, tuple[int, int]]],
    programs: int,
    threads: int,
    opened: bool,
    links: Sequence[Link] = (),
) -> list[Price]:
    """Prices of tiles, ascending in size.

    Args:
        engine: its name.
        path: what it opens.
        sizes: the inputs that the function ``tile`` has for each tile, and the tile.
        programs: how many are made at a time, each with ``threads``.
        opened: whether this process has opened the file already, so that only what runs counts.
        links: what runs after the function ``tile``.

    Raises:
        EdgeISPError: the process that measures died, as it does without memory.
    """
    shapes = [inputs for inputs, _ in sizes]
    try:
        found, _ = child.call(
            "edgeisp.profile.tiles:measured", engine, path, shapes, programs, threads, opened, links
        )
    except child.ChildDied as died:
        raise EdgeISPError(
            f"measuring tiles failed ({died.cause}): {died.last_line}", where=path, cure="name a --tile"
        ) from died
    return [Price(tile, *price) for (_, tile), price in zip(sizes, found, strict=True)]


def measured(
    engine: str,
    path: Path,
    sizes: Sequence[Inputs],
    programs: int,
    threads: int,
    opened: bool,
    links: Sequence[Link],
) -> list[tuple[float, int]]:
    """Seconds and bytes for each of ``sizes``; the near side is `measure`."""
    before = resident_bytes() or 0
    running = [chained(ENGINES.get(engine).open(path, threads=threads), links) for _ in range(programs)]
    before = resident_bytes() or 0 if opened else before
    found = []
    for shapes in sizes:
        inputs = {name: np.full(shape, 0.5, np.float32) for name, shape in shapes.items()}

        def once(inputs: Tensors = inputs) -> None:
            list(ahead(lambda program: program.run("tile", inputs), running, programs))

        taken = [_timed(once) for _ in range(2)]
        found.append((taken[-1] / programs, (peak_bytes() or before) - before))
    return found


def extrapolated(small: Price, large: Price, tile: tuple[int, int]) -> Price:
    """The price of a tile from those of two others: time goes with the area, memory is a constant and the area."""
    a, b, area = (height * width for height, width in (small.tile, large.tile, tile))
    slope = max(0.0, (large.bytes - small.bytes) / (b - a))
    return Price(tile, large.seconds * area / b, round(large.bytes + slope * (area - b)))


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _words(price: Price, cut: Cut, most: int) -> str:
    memory = f"{cut.bytes(price) / MEGA:.0f} MB"
    if cut.bytes(price) > most:
        return f"{_size(price, cut)} would need {memory}"
    return f"{_size(price, cut)}: about {cut.seconds(price):.1f} s and {memory}"


def _size(price: Price, cut: Cut) -> str:
    height, width = (cut.scale * side for side in price.tile)
    return f"{width}x{height}"
