"""Frames through PyTorch with a checkpoint, in tiles of any size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING

from edgeisp.cli.engine import AUTO, DEFAULT_TILE, EngineOptions
from edgeisp.cli.options import NetworkOptions, parse_names, parse_size
from edgeisp.engines import ENGINES
from edgeisp.engines.base import Engine, Program
from edgeisp.engines.torch import TorchEngine
from edgeisp.errors import BadInputError
from edgeisp.models.checkpoint import LoadedModel
from edgeisp.models.functions import ISPNetwork, reordered
from edgeisp.models.halo import Halo, least_tile
from edgeisp.profile.tiles import Cut, Making, Price, extrapolated, measure
from edgeisp.quantize.checkpoint import load_any
from edgeisp.render.halo import Progress, exact, halo_of
from edgeisp.render.renderer import Renderer

if TYPE_CHECKING:
    from edgeisp.cli.fit import Fit

SIDES = (256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096)
"""Of the tiles among which one is chosen, in picture pixels."""
PROBES = (256, 512)
"""Of those that are measured for it."""
Size = tuple[int, int]
"""Height and width."""


def start(options: EngineOptions, network: NetworkOptions, progress: Progress | None) -> Fit:
    """See `edgeisp.cli.fit.start`."""
    engine = ENGINES.get(options.engine or "torch")
    if ".safetensors" not in engine.suffixes:
        cure = f"export one (`edgeisp export {network.model} --target ...`) and name it with --artifact"
        raise BadInputError(
            f"the engine {engine.name} runs artifacts, not checkpoints", where="--engine", cure=cure
        )
    loaded = load_any(network.model, network.checkpoint)
    isp: ISPNetwork = loaded.network
    known: Callable[[], Halo] = partial(halo_of, loaded, progress)
    if options.order is not None:
        isp = reordered(isp, parse_names(options.order, "--order"))
        known = partial(exact, isp)
    if options.context == "reference":
        _check_crops(isp, loaded)
    step = loaded.task.scale * int(isp.stride)
    halo = options.halo_pixels(known, step)
    sides = _sides(options, halo, step)
    if isinstance(engine, TorchEngine):
        programs: list[Program] = [engine.program(isp, threads=options.threads)]
    else:
        programs = options.programs(engine, loaded.path)
    if options.preview:
        from edgeisp.render.preview import Preview

        programs = [Preview(program) for program in programs]
    return cache(_Checkpoint(options, engine, loaded, isp, programs, halo, sides).renderer)


def _check_crops(isp: ISPNetwork, loaded: LoadedModel) -> None:
    side = 8 * int(isp.stride)
    context = isp.functions(side, side).get("context")
    if context is None or loaded.task.source not in context.inputs:
        raise BadInputError(
            f"{loaded.name} takes no crops for its context", where="--context", cure="leave it out"
        )


def _sides(options: EngineOptions, halo: int, step: int) -> list[Size]:
    """The tiles to choose from, in picture pixels; one that was asked for stands alone."""
    least = least_tile(halo, step)
    if options.tile != AUTO:
        height, width = asked = parse_size(options.tile or str(DEFAULT_TILE), "--tile")
        lacks = ""
        if height % step or width % step:
            lacks = f"is off the stride of {step}"
        elif min(asked) < least:
            lacks = f"has no core within a halo of {halo}"
        if lacks:
            raise BadInputError(
                f"a tile of {width}x{height} pixels {lacks}",
                where="--tile",
                cure=f"give multiples of {step}, of at least {least}, or a smaller --halo",
            )
        return [asked]
    sides = [(side, side) for side in SIDES if side % step == 0 and side >= least]
    if not sides:
        raise BadInputError(
            f"no tile of up to {SIDES[-1]} pixels has a core within a halo of {halo}",
            where="--halo",
            cure="give a smaller one",
        )
    return sides


@dataclass(frozen=True, eq=False)
class _Checkpoint:
    """An open checkpoint."""

    options: EngineOptions
    engine: Engine
    loaded: LoadedModel
    isp: ISPNetwork
    """Its network, in the order that was asked for."""
    programs: list[Program]
    halo: int
    """In picture pixels."""
    sides: list[Size]
    """See `_sides`."""

    def renderer(self, frame: Size) -> Renderer:
        """For frames of that height and width, in packed pixels."""
        scale, stride = self.loaded.task.scale, int(self.isp.stride)
        halo = self.halo // scale
        most = [-(-side // stride) * stride + 2 * halo for side in frame]
        tiles = [(min(side[0] // scale, most[0]), min(side[1] // scale, most[1])) for side in self.sides]
        tile, why, asked = tiles[0], "", self.options.tile != AUTO
        if not asked or self.options.memory or max(self.sides[0]) > DEFAULT_TILE:
            prices = [extrapolated(*self.probed, tile) for tile in dict.fromkeys(tiles)]
            least = least_tile(self.halo, scale * stride)
            smaller = f"a smaller --tile (from {least} on)" if least < scale * min(tiles[0]) else ""
            price, why = self.options.best(prices, Cut(halo, stride, scale, frame), self.engine, smaller)
            tile = price.tile
        return Renderer(
            programs=self.programs,
            functions=_inputs(self.isp, tile),
            halo=halo,
            stride=stride,
            task=self.loaded.task,
            reference=self.options.context == "reference",
            why=why,
            larger="a larger --tile, or --tile auto" if asked else "",
        )

    @cached_property
    def probed(self) -> tuple[Price, Price]:
        """The prices of two tiles."""
        sides = [side // self.loaded.task.scale for side in PROBES]
        making = Making(
            self.engine.name,
            self.loaded.path,
            len(self.programs),
            self.options.threads,
            self.loaded.task,
            int(self.isp.stride),
            opened=True,
        )
        small, large = measure(making, [_inputs(self.isp, (side, side)) for side in sides])
        return small, large


def _inputs(isp: ISPNetwork, tile: Size) -> dict[str, dict[str, tuple[int, ...]]]:
    """Names and shapes by function, of tiles of that height and width."""
    return {name: dict(f.inputs) for name, f in isp.functions(*tile).items()}
