"""Options that choose what a verb runs pictures through: PyTorch with a checkpoint, or an exported artifact."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeisp.cli.artifacts import Artifact, found, of_tile
from edgeisp.cli.console import one_of
from edgeisp.cli.options import NetworkOptions, parse_bytes, parse_names, parse_size
from edgeisp.errors import BadInputError, UnavailableError
from edgeisp.models import DEFAULT

if TYPE_CHECKING:
    from edgeisp.engines.base import Engine, Program
    from edgeisp.models.halo import Halo
    from edgeisp.models.task import Task
    from edgeisp.profile.tiles import Cut, Price
    from edgeisp.render.halo import Progress
    from edgeisp.render.renderer import Renderer

Fit = Callable[[tuple[int, int]], "Renderer"]
"""The renderer for a frame of that height and width, in packed pixels."""

PANEL = "How it is run"
AUTO = "auto"
DEFAULT_TILE = 1024
SIDES = (256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096)
"""Of the tiles among which PyTorch's is chosen, in picture pixels."""
PROBES = (256, 512)
"""Of those that are measured for it."""
MOST_TILES = 4
"""Tiles at a time, each of which needs memory of its own."""


@dataclass(frozen=True)
class EngineOptions:
    """An engine, what it opens, and how frames are cut for it."""

    engine: Annotated[
        str | None,
        typer.Option(
            "--engine",
            "-e",
            rich_help_panel=PANEL,
            help="Default: torch, or the one that opens the artifact.",
        ),
    ] = None
    artifact: Annotated[
        Path | None,
        typer.Option(
            "--artifact",
            rich_help_panel=PANEL,
            help="File that `edgeisp export` wrote, or a folder of such that differ in their tile; default: none.",
        ),
    ] = None
    tile: Annotated[
        str | None,
        typer.Option(
            "--tile",
            rich_help_panel=PANEL,
            help=f"Picture pixels, default {DEFAULT_TILE} or the artifact's; auto: the fastest that --memory allows.",
        ),
    ] = None
    memory: Annotated[
        str | None,
        typer.Option(
            "--memory",
            rich_help_panel=PANEL,
            help="What rendering may take, as 600MB or 2GB; tiles that need more are refused, with --tile auto not "
            "chosen. Default there: half of what is free.",
        ),
    ] = None
    halo: Annotated[
        str,
        typer.Option(
            "--halo",
            rich_help_panel=PANEL,
            help="Around a tile: auto (less than half an 8-bit code off on the test pictures), exact (the receptive "
            "field), or pixels.",
        ),
    ] = "auto"
    context: Annotated[
        str,
        typer.Option(
            "--context",
            rich_help_panel=PANEL,
            callback=one_of("context", ("fast", "reference")),
            help="What tiles know of the frame: fast (from nine crops), or reference (from all of it at once, in "
            "PyTorch, with gigabytes of memory).",
        ),
    ] = "fast"
    order: Annotated[
        str | None,
        typer.Option(
            "--order",
            rich_help_panel=PANEL,
            help="Names of posisp's modules, with commas, in the order to run them; default: the one that it learned. "
            "Of an artifact, its packaging must be modules.",
        ),
    ] = None
    preview: Annotated[
        bool,
        typer.Option(
            "--preview",
            rich_help_panel=PANEL,
            help="As posisp looks with point-wise modules in a row as one table of colours, as GPUs run them.",
        ),
    ] = False
    threads: Annotated[
        int, typer.Option("--threads", min=0, rich_help_panel=PANEL, help="0 leaves it to the engine.")
    ] = 0

    def task(self, network: NetworkOptions) -> Task:
        """What goes in and comes out, without opening anything.

        Raises:
            BadInputError: a name that is not known, or an artifact that is damaged.
        """
        from edgeisp.models import MODELS
        from edgeisp.models.task import TASKS

        if self.artifact is None:
            return MODELS.get(network.model).task
        return TASKS[found(self.artifact)[0].manifest.task]

    def open(
        self, network: NetworkOptions, frame: tuple[int, int], progress: Progress | None = None
    ) -> Renderer:
        """The renderer for frames of one size, height and width of the packed planes; see `start`."""
        return self.start(network, progress)(frame)

    def start(self, network: NetworkOptions, progress: Progress | None = None) -> Fit:
        """Open the engine: what it returns has a renderer for frames of any size, with the same programs.

        Args:
            network: what runs where no artifact is given.
            progress: shows how far measuring the halo is, of a checkpoint whose card has none.

        Raises:
            BadInputError: names that are not known, an artifact that is damaged, a tile that cannot be.
            CheckpointError: see `edgeisp.quantize.checkpoint.load_any`.
            UnavailableError: the engine cannot run here.
        """
        if self.artifact is None:
            return self._torch(network, progress)
        if self.preview:
            raise BadInputError(
                "an artifact renders as it is", where="--preview", cure="leave --artifact or --preview out"
            )
        if network.checkpoint:
            raise BadInputError(
                "an artifact has its weights",
                where="--checkpoint",
                cure="leave --artifact or --checkpoint out",
            )
        artifacts = found(self.artifact)
        model = artifacts[0].manifest.model
        if network.model not in (DEFAULT, model):
            raise BadInputError(
                f"the artifact is of {model}, not of {network.model}",
                where="--model",
                cure="leave --model out",
            )
        if self.order is not None:
            names = parse_names(self.order, "--order")
            artifacts = [Artifact(one.path, one.manifest.ordered(names)) for one in artifacts]
        return self._artifacts(artifacts)

    def _torch(self, network: NetworkOptions, progress: Progress | None) -> Fit:
        from edgeisp.engines import ENGINES
        from edgeisp.engines.torch import TorchEngine
        from edgeisp.models.functions import reordered
        from edgeisp.quantize.checkpoint import load_any
        from edgeisp.render.halo import exact, halo_of
        from edgeisp.render.renderer import Renderer
        from edgeisp.render.tiles import check

        engine = ENGINES.get(self.engine or "torch")
        if ".safetensors" not in engine.suffixes:
            cure = f"export one (`edgeisp export {network.model} --target ...`) and name it with --artifact"
            raise BadInputError(
                f"the engine {engine.name} runs artifacts, not checkpoints", where="--engine", cure=cure
            )
        loaded = load_any(network.model, network.checkpoint)
        isp, known = loaded.network, partial(halo_of, loaded, progress)
        if self.order is not None:
            isp = reordered(isp, parse_names(self.order, "--order"))
            known = partial(exact, isp)
        scale, stride = loaded.task.scale, int(isp.stride)
        halo = self._halo(known, scale * stride) // scale
        asked = None if self.tile == AUTO else parse_size(self.tile or str(DEFAULT_TILE), "--tile")
        for side in asked or ():
            check(side // scale, halo, stride, scale)
        if isinstance(engine, TorchEngine):
            programs: list[Program] = [engine.program(isp, threads=self.threads)]
        else:
            programs = self._programs(engine, loaded.path)
        if self.preview:
            from edgeisp.render.preview import Preview

            programs = [Preview(program) for program in programs]

        def inputs(tile: tuple[int, int]) -> dict[str, tuple[int, ...]]:
            return dict(isp.functions(*tile)["tile"].inputs)

        @cache
        def probed() -> list[Price]:
            from edgeisp.profile.tiles import measure

            sizes = [
                (inputs((side // scale, side // scale)), (side // scale, side // scale)) for side in PROBES
            ]
            return measure(engine.name, loaded.path, sizes, len(programs), self.threads, opened=True)

        def fit(frame: tuple[int, int]) -> Renderer:
            from edgeisp.profile.tiles import Cut, extrapolated

            height, width = (-(-side // stride) * stride + 2 * halo for side in frame)
            wanted = (
                [asked]
                if asked
                else [(s, s) for s in SIDES if s % (scale * stride) == 0 and s > 2 * scale * halo]
            )
            if not wanted:
                raise BadInputError(
                    f"no tile of up to {SIDES[-1]} pixels has a core within a halo of {scale * halo}",
                    where="--halo",
                    cure="give a smaller one",
                )
            tiles = [(min(h // scale, height), min(w // scale, width)) for h, w in wanted]
            tile, why = tiles[0], ""
            if not asked or self.memory or max(asked) > DEFAULT_TILE:
                small, large = probed()
                prices = [extrapolated(small, large, tile) for tile in dict.fromkeys(tiles)]
                tile, why = self._chosen(prices, Cut(halo, stride, scale, frame))
            return Renderer(
                programs=programs,
                functions={name: dict(f.inputs) for name, f in isp.functions(*tile).items()},
                halo=halo,
                stride=stride,
                task=loaded.task,
                reference=self.context == "reference",
                why=why,
            )

        return cache(fit)

    def _artifacts(self, artifacts: list[Artifact]) -> Fit:
        from edgeisp.engines.chain import chained
        from edgeisp.models.task import TASKS
        from edgeisp.render.renderer import Renderer

        first = artifacts[0].manifest
        task, step = TASKS[first.task], TASKS[first.task].scale * first.stride
        if self.context == "reference":
            raise BadInputError(
                "an artifact's context takes crops",
                where="--context",
                cure="leave --artifact or --context out",
            )
        halo = self._halo(lambda: _told(first.halo, artifacts[0].path), step)
        if self.tile not in (None, AUTO):
            artifacts = of_tile(artifacts, parse_size(str(self.tile), "--tile"))
        elif self.tile is None and len(artifacts) > 1:
            artifacts = artifacts[-1:]
        roomy = [one for one in artifacts if min(one.manifest.tile) > 2 * halo]
        if not roomy:
            most = artifacts[-1]
            largest = largest_halo(most.manifest.tile, first.stride, task.scale)
            raise BadInputError(
                f"its tile of {min(most.manifest.tile)} pixels has no core within a halo of {halo}",
                where=most.path,
                cure=f"pass --halo {largest} or less, or export a larger tile",
            )
        engine = self._engine(roomy[0].path)
        links = artifacts[0].manifest.links
        programs = cache(lambda path: [chained(one, links) for one in self._programs(engine, path)])
        tiles = {one.source_tile: one for one in roomy}

        @cache
        def prices() -> list[Price]:
            from edgeisp.profile.tiles import measure

            count, threads = self._share(engine)
            return [
                measure(engine.name, one.path, [(one.inputs["tile"], tile)], count, threads, False, links)[0]
                for tile, one in tiles.items()
            ]

        def fit(frame: tuple[int, int]) -> Renderer:
            chosen, why = roomy[0], ""
            if self.tile == AUTO or self.memory:
                from edgeisp.profile.tiles import Cut

                cut = Cut(halo // task.scale, first.stride, task.scale, frame)
                tile, why = self._chosen(prices(), cut)
                chosen = tiles[tile]
            return Renderer(
                programs=programs(chosen.path),
                functions=chosen.inputs,
                halo=halo // task.scale,
                stride=first.stride,
                task=task,
                why=why,
            )

        if self.tile != AUTO and not self.memory:
            programs(roomy[0].path)  # what is wrong with it is wrong for every frame
        return cache(fit)

    def _chosen(self, prices: list[Price], cut: Cut) -> tuple[tuple[int, int], str]:
        """The best of these tiles, and why where there was a choice."""
        from edgeisp.profile.tiles import available_bytes, best

        if self.memory:
            most = parse_bytes(self.memory, "--memory")
        else:
            most = available_bytes() // (2 if self.tile == AUTO else 1)
        price, why = best(prices, cut, most)
        return price.tile, why if self.tile == AUTO else ""

    def _halo(self, known: Callable[[], Halo], step: int) -> int:
        """In picture pixels, a multiple of ``step``."""
        if self.halo in ("auto", "exact"):
            return int(getattr(known(), self.halo))
        if not self.halo.isdecimal() or int(self.halo) % step:
            cure = f"give auto, exact, or pixels as a multiple of {step}"
            raise BadInputError(f"cannot take a halo of {self.halo!r}", where="--halo", cure=cure)
        return int(self.halo)

    def _programs(self, engine: Engine, path: Path) -> list[Program]:
        """As many as tiles are made at a time."""
        count, threads = self._share(engine)
        return [engine.open(path, threads=threads) for _ in range(count)]

    def _share(self, engine: Engine) -> tuple[int, int]:
        """Tiles at a time and threads of each: several where the engine runs tiles side by side, else one with all."""
        if not engine.parallel:
            return 1, self.threads
        threads = self.threads or os.cpu_count() or 1
        count = min(threads, MOST_TILES)
        return count, threads // count

    def _engine(self, artifact: Path) -> Engine:
        """The named engine, or the first one that opens files of this kind and can run here."""
        from edgeisp.engines import ENGINES

        engines = (
            [ENGINES.get(self.engine)] if self.engine else [ENGINES.get(name) for name in ENGINES.names()]
        )
        fitting = [engine for engine in engines if artifact.suffix in engine.suffixes]
        if not fitting:
            named = f"the engine {self.engine}" if self.engine else "any engine"
            cure = "leave --engine out" if self.engine else "give what `edgeisp export` wrote"
            raise BadInputError(f"not a file of {named}", where=artifact, cure=cure)
        lacks = [engine.missing() for engine in fitting]
        if None not in lacks:
            raise UnavailableError(
                f"the engine {fitting[0].name} cannot run here", where=artifact, cure=lacks[0]
            )
        return fitting[lacks.index(None)]


def largest_halo(tile: tuple[int, int], stride: int, scale: int = 2) -> int:
    """The largest halo with which a tile has a core left, all in picture pixels."""
    step = scale * stride
    return (min(tile) - step) // 2 // step * step


def _told(halo: Halo | None, artifact: Path) -> Halo:
    if halo is None:
        raise BadInputError("its manifest tells of no halo", where=artifact, cure="give one, as --halo 96")
    return halo
