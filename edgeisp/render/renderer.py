"""Whole frames through any engine: the context once, then tile after tile onto the picture."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain
from queue import SimpleQueue
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgeisp.engines.base import Folding, Program
from edgeisp.errors import VerificationError
from edgeisp.models.halo import overhead
from edgeisp.models.task import ISP, THUMBNAIL, Task
from edgeisp.raw.image import Floats
from edgeisp.render.ahead import ahead
from edgeisp.render.frame import Source
from edgeisp.render.quantize import Quantizer
from edgeisp.render.tiles import Tile, bands, extent, grid

Shape = tuple[int, ...]
Item = TypeVar("Item")
Made = TypeVar("Made")
Context = Mapping[str, Floats]
Picture = NDArray[Any]
"""Upright sRGB, ``H x W x 3``, uint8 or uint16."""

WORTH_FOLDING = 8
"""From so many on folding the context takes less time than it saves."""
CONTEXT_GRID = 3
"""The context of a frame is the mean over this many by this many crops of it."""


@dataclass(frozen=True)
class Renderer:
    """Opened programs and how to tile frames for them."""

    programs: Sequence[Program]
    """The same artifact, opened once for each tile that is to be made at a time."""
    functions: Mapping[str, Mapping[str, Shape]]
    """Input names and shapes of its functions, ``tile`` and maybe ``context``."""
    halo: int
    """In packed pixels."""
    stride: int = 8
    """Of the network, in packed pixels."""
    task: Task = ISP
    """Of the network."""
    reference: bool = False
    """Whether the context is that of the whole frame in one piece; for programs whose functions take any size."""
    worth_folding: int = WORTH_FOLDING
    """Tiles of a frame for each program, from which on the context is folded into the weights."""
    steady: Callable[[Context], Context] = field(default=lambda context: context, repr=False)
    """What becomes of a frame's context before tiles take it; see `edgeisp.render.sequence.Smoothing`."""
    on_tile: Callable[[], None] = field(default=lambda: None, repr=False)
    """Called after each tile."""
    why: str = ""
    """Why its tile is what it is, in words, where that was chosen."""
    larger: str = ""
    """What gives larger tiles, in words; empty where nothing does."""

    @property
    def tile(self) -> tuple[int, int]:
        """Height and width of a tile with its halo, in packed pixels."""
        height, width = self.functions["tile"][self.task.source][-2:]
        return height, width

    @property
    def overhead(self) -> float:
        """Pixels that tiles compute for each one that they write."""
        return overhead(self.tile, self.halo)

    def tiles(self, frame: Source) -> list[Tile]:
        """The tiles of ``frame``."""
        return list(grid(frame.size, self.tile, self.halo, self.stride))

    def context(self, frame: Source) -> dict[str, Floats]:
        """What the network computes from the whole frame, by name; empty for networks without a context.

        The context function sees crops of a fixed size. Its outputs are averaged over a grid of crops that
        spans the frame, each at the frame's own scale: shrinking the frame instead would show the network
        less noise than there is, and taking the crops from tiles would make tiles disagree. That is a sample; a
        ``reference`` renderer shows the function the whole frame. A network that asks for a thumbnail was trained on
        one and gets the frame's.
        """
        if "context" not in self.functions:
            return {}
        asked = self.functions["context"]
        if THUMBNAIL in asked:
            seen = {**frame.inputs, THUMBNAIL: frame.thumbnail(*asked[THUMBNAIL][-2:])[None]}
            return dict(self.programs[0].run("context", {name: seen[name] for name in asked}))
        if self.reference:
            height, width = (max(self.stride, side // self.stride * self.stride) for side in frame.size)
            whole = frame.window(0, 0, height, width)
            return self.programs[0].run("context", {self.task.source: whole[None]})
        height, width = self.functions["context"][self.task.source][-2:]
        tops, lefts = _spread(frame.size[0], height), _spread(frame.size[1], width)
        crops = [frame.window(top, left, height, width) for top in tops for left in lefts]

        def run(program: Program, crop: Floats) -> Mapping[str, Floats]:
            return program.run("context", {self.task.source: crop[None]})

        answers = list(self._each(crops, run))
        return {name: np.mean([a[name] for a in answers], 0, np.float32) for name in answers[0]}

    def render(self, frame: Source, quantizer: Quantizer) -> Picture:
        """The upright sRGB picture of ``frame``, ``H x W x 3`` in the quantizer's integers."""
        return np.concatenate(list(self.bands(frame, quantizer)))

    def bands(self, frame: Source, quantizer: Quantizer) -> Iterator[Picture]:
        """The upright picture from top to bottom, a row of tiles at a time: no more of it is in memory."""
        wanted, scale = self.functions["tile"], self.task.scale
        context = self.steady(self.context(frame))
        given = {**frame.inputs, **context}
        if THUMBNAIL in wanted:
            given[THUMBNAIL] = frame.thumbnail(*wanted[THUMBNAIL][-2:])[None]

        def make(program: Program, tile: Tile) -> Picture:
            rows, columns = tile
            seen = frame.window(rows.read, columns.read, *self.tile)
            inputs = {name: seen[None] if name == self.task.source else given[name] for name in wanted}
            made = _finite(program.run("tile", inputs)[self.task.result][0], program.ran_on)
            core = made[:, _picture(rows.within, scale), _picture(columns.within, scale)]
            return quantizer.codes(core, scale * rows.start, scale * columns.start)

        cut = bands(self.tiles(frame), *frame.downwards)
        shared = self._folded(context, sum(map(len, cut)))
        with closing(shared._each(chain.from_iterable(cut), make)) as made:
            for tiles in cut:
                top, left, height, width = (scale * side for side in extent(tiles))
                band = np.empty((height, width, 3), quantizer.dtype)
                for rows, columns in tiles:
                    codes = next(made)
                    y, x = scale * rows.start - top, scale * columns.start - left
                    band[y : y + codes.shape[0], x : x + codes.shape[1]] = codes
                    self.on_tile()
                yield frame.restore(band, top, left)

    def _folded(self, context: Context, tiles: int) -> Renderer:
        """With the context in the weights, where programs take it and so many tiles make up for that."""
        if not context or tiles < self.worth_folding * len(self.programs):
            return self
        return replace(
            self, programs=[p.folded(context) if isinstance(p, Folding) else p for p in self.programs]
        )

    def _each(
        self, items: Iterable[Item], work: Callable[[Program, Item], Made]
    ) -> Generator[Made, None, None]:
        """``work`` on every item, as many at a time as there are programs; in order, see `ahead`."""
        free = SimpleQueue[Program]()
        for program in self.programs:
            free.put(program)

        def one(item: Item) -> Made:
            program = free.get()
            try:
                return work(program, item)
            finally:
                free.put(program)

        return ahead(one, items, len(self.programs))


def _finite(rgb: Floats, ran_on: str) -> Floats:
    if not np.isfinite(rgb).all():
        raise VerificationError(
            "the picture has NaN or infinite values",
            where=ran_on,
            cure="check the artifact with `edgeisp verify`",
        )
    return rgb


def _spread(length: int, crop: int) -> list[int]:
    """Where to start crops so that they span ``length``; a single mirrored one where it is too short."""
    if length <= crop:
        return [0]
    return sorted({round((length - crop) * i / (CONTEXT_GRID - 1)) for i in range(CONTEXT_GRID)})


def _picture(packed: slice, scale: int) -> slice:
    return slice(scale * packed.start, scale * packed.stop)
