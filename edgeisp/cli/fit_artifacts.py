"""Frames through exported artifacts, each of which has one tile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from edgeisp.cli.artifacts import Artifact, of_tile
from edgeisp.cli.engine import AUTO, EngineOptions
from edgeisp.cli.options import NetworkOptions, parse_names, parse_size
from edgeisp.engines import ENGINES
from edgeisp.engines.base import Engine, Program
from edgeisp.engines.chain import chained
from edgeisp.errors import BadInputError, UnavailableError
from edgeisp.models import DEFAULT
from edgeisp.models.halo import Halo, largest_halo
from edgeisp.models.task import TASKS
from edgeisp.profile.tiles import Cut, Making, Price, measure
from edgeisp.render.renderer import Renderer

if TYPE_CHECKING:
    from edgeisp.cli.fit import Fit


def start(options: EngineOptions, network: NetworkOptions) -> Fit:
    """See `edgeisp.cli.fit.start`."""
    for option, given in (
        ("--preview", options.preview),
        ("--checkpoint", network.checkpoint),
        ("--context", options.context == "reference"),
    ):
        if given:
            raise BadInputError(
                f"an artifact {REFUSED[option]}", where=option, cure=f"leave --artifact or {option} out"
            )
    artifacts = options.artifacts
    model = artifacts[0].manifest.model
    if network.model not in (DEFAULT, model):
        raise BadInputError(
            f"the artifact is of {model}, not of {network.model}", where="--model", cure="leave --model out"
        )
    if options.order is not None:
        names = parse_names(options.order, "--order")
        artifacts = [Artifact(one.path, one.manifest.ordered(names)) for one in artifacts]
    first = artifacts[0]
    halo = options.halo_pixels(lambda: _told(first, options), first.step)
    roomy = _roomy(options, artifacts, halo)
    engine, links = _engine(options, roomy[0].path), first.manifest.links
    programs = cache(lambda path: [chained(one, links) for one in options.programs(engine, path)])
    opened = _Artifacts(options, engine, roomy, programs, halo)
    if not opened.chooses:
        programs(roomy[0].path)  # what is wrong with it is wrong for every frame
    return cache(opened.renderer)


REFUSED = {
    "--preview": "renders as it is",
    "--checkpoint": "has its weights",
    "--context": "takes crops for its context",
}
"""Why artifacts do not go together with options of checkpoints."""


@dataclass(frozen=True, eq=False)
class _Artifacts:
    """Artifacts that differ in their tile only, each with a core within the halo."""

    options: EngineOptions
    engine: Engine
    artifacts: list[Artifact]
    programs: Callable[[Path], list[Program]]
    """Of one of them, opened once."""
    halo: int
    """In picture pixels."""

    @property
    def chooses(self) -> bool:
        """Whether tiles are measured."""
        return self.options.tile == AUTO or bool(self.options.memory)

    def renderer(self, frame: tuple[int, int]) -> Renderer:
        """For frames of that height and width, in packed pixels."""
        chosen, why = self.artifacts[0], ""
        told = chosen.manifest
        task = TASKS[told.task]
        if self.chooses:
            cut = Cut(self.halo // task.scale, told.stride, task.scale, frame)
            price, why = self.options.best(self.prices, cut, self.engine, self._smaller())
            chosen = next(one for one in self.artifacts if one.source_tile == price.tile)
        return Renderer(
            programs=self.programs(chosen.path),
            functions=chosen.inputs,
            halo=self.halo // task.scale,
            stride=told.stride,
            task=task,
            why=why,
            larger=f"an artifact of larger tiles: `{chosen.export(chosen.tiles(self.halo)[1])}`",
        )

    @cached_property
    def prices(self) -> list[Price]:
        """Of each tile."""
        count, threads = self.options.share(self.engine)
        told = self.artifacts[0].manifest
        task = TASKS[told.task]
        return [
            measure(
                Making(self.engine.name, one.path, count, threads, task, told.stride, told.links),
                [one.inputs],
            )[0]
            for one in self.artifacts
        ]

    def _smaller(self) -> str:
        """How to have smaller tiles, in words."""
        one = self.artifacts[0]
        least, _ = one.tiles(self.halo)
        half = min(one.manifest.tile) // 2 // one.step * one.step
        if least >= min(one.manifest.tile):
            return ""
        return f"an artifact of smaller tiles (`{one.export(max(least, half))}`)"


def _told(artifact: Artifact, options: EngineOptions) -> Halo:
    if artifact.manifest.halo is None:
        cure = "give one, as --halo 96" if options.given else "export it again"
        raise BadInputError("its manifest tells of no halo", where=artifact.path, cure=cure)
    return artifact.manifest.halo


def _roomy(options: EngineOptions, artifacts: list[Artifact], halo: int) -> list[Artifact]:
    """Those to choose from, one for each tile that has a core within the halo."""
    if options.tile not in (None, AUTO):
        artifacts = of_tile(artifacts, parse_size(str(options.tile), "--tile"))
    elif options.tile is None:
        artifacts = artifacts[-1:]
    roomy = {one.source_tile: one for one in artifacts if min(one.manifest.tile) > 2 * halo}
    if not roomy:
        most = artifacts[-1]
        least, frugal = most.tiles(halo)
        better = f", better {frugal}" if frugal > least else ""
        largest = largest_halo(most.manifest.tile, most.step)
        raise BadInputError(
            f"its tile of {min(most.manifest.tile)} pixels has no core within a halo of {halo}",
            where=most.path,
            cure=f"export a tile of at least {least}{better}: `{most.export(frugal)}`"
            + (f"; or render with --halo {largest} or less" if options.given else ""),
        )
    return list(roomy.values())


def _engine(options: EngineOptions, artifact: Path) -> Engine:
    """The named engine, or the first one that opens files of this kind and can run here."""
    named = [options.engine] if options.engine else ENGINES.names()
    fitting = [engine for engine in map(ENGINES.get, named) if artifact.suffix in engine.suffixes]
    if not fitting:
        what = f"the engine {options.engine}" if options.engine else "any engine"
        cure = "leave --engine out" if options.engine else "give what `edgeisp export` wrote"
        raise BadInputError(f"not a file of {what}", where=artifact, cure=cure)
    lacks = [engine.missing() for engine in fitting]
    if None not in lacks:
        raise UnavailableError(f"the engine {fitting[0].name} cannot run here", where=artifact, cure=lacks[0])
    return fitting[lacks.index(None)]
