"""Options that choose what a verb runs pictures through: PyTorch with a checkpoint, or an exported artifact."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeisp.cli.console import one_of
from edgeisp.cli.options import NetworkOptions, parse_size
from edgeisp.errors import BadInputError, UnavailableError

if TYPE_CHECKING:
    from edgeisp.engines.base import Engine, Program
    from edgeisp.models.halo import Halo
    from edgeisp.models.task import Task
    from edgeisp.render.renderer import Renderer

PANEL = "How it is run"
DEFAULT_TILE = 1024
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
            "--artifact", rich_help_panel=PANEL, help="File that `edgeisp export` wrote; default: none."
        ),
    ] = None
    tile: Annotated[
        str | None,
        typer.Option(
            "--tile", rich_help_panel=PANEL, help=f"Picture pixels; {DEFAULT_TILE}, or the artifact's."
        ),
    ] = None
    halo: Annotated[
        str,
        typer.Option(
            "--halo",
            rich_help_panel=PANEL,
            help="Around a tile: auto (unseen, less than half an 8-bit code), exact (the receptive field), or pixels.",
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
        from edgeisp.export import manifest

        return TASKS[manifest.read(self.artifact).task]

    def open(self, network: NetworkOptions, frame: tuple[int, int]) -> Renderer:
        """The renderer for it.

        Args:
            network: what runs where no artifact is given.
            frame: height and width of the packed planes, to which PyTorch's tiles are fitted.

        Raises:
            BadInputError: names that are not known, an artifact that is damaged, a tile that cannot be.
            CheckpointError: see `edgeisp.quantize.checkpoint.load_any`.
            UnavailableError: the engine cannot run here.
        """
        if self.artifact is None:
            return self._torch(network, frame)
        return self._artifact(self.artifact)

    def _torch(self, network: NetworkOptions, frame: tuple[int, int]) -> Renderer:
        from edgeisp.engines import ENGINES
        from edgeisp.engines.torch import TorchEngine
        from edgeisp.quantize.checkpoint import load_any
        from edgeisp.render.halo import halo_of
        from edgeisp.render.renderer import Renderer
        from edgeisp.render.tiles import check

        engine = ENGINES.get(self.engine or "torch")
        if ".safetensors" not in engine.suffixes:
            cure = f"export one (`edgeisp export {network.model} --target ...`) and name it with --artifact"
            raise BadInputError(
                f"the engine {engine.name} runs artifacts, not checkpoints", where="--engine", cure=cure
            )
        loaded = load_any(network.model, network.checkpoint)
        scale, stride = loaded.task.scale, int(loaded.network.stride)
        halo = self._halo(lambda: halo_of(loaded), scale * stride) // scale
        tile = [side // scale for side in parse_size(self.tile or str(DEFAULT_TILE), "--tile")]
        for side in tile:
            check(side, halo, stride, scale)
        needed = [-(-side // stride) * stride + 2 * halo for side in frame]
        functions = loaded.network.functions(*(min(t, n) for t, n in zip(tile, needed, strict=True)))
        if isinstance(engine, TorchEngine):
            programs: list[Program] = [engine.program(loaded.network, threads=self.threads)]
        else:
            programs = self._programs(engine, loaded.path)
        return Renderer(
            programs=programs,
            functions={name: dict(function.inputs) for name, function in functions.items()},
            halo=halo,
            stride=stride,
            task=loaded.task,
            reference=self.context == "reference",
        )

    def _artifact(self, artifact: Path) -> Renderer:
        from edgeisp.export import manifest
        from edgeisp.models.task import TASKS
        from edgeisp.render.renderer import Renderer

        described = manifest.read(artifact)
        task = TASKS[described.task]
        if self.context == "reference":
            raise BadInputError(
                "an artifact's context takes crops",
                where="--context",
                cure="leave --artifact or --context out",
            )
        if self.tile and parse_size(self.tile, "--tile") != described.tile:
            height, width = described.tile
            raise BadInputError(
                f"the artifact's tile is {width}x{height}",
                where="--tile",
                cure="leave it out, or export another",
            )
        halo = (
            self._halo(lambda: _told(described.halo, artifact), task.scale * described.stride) // task.scale
        )
        if min(described.tile) <= 2 * task.scale * halo:
            largest = largest_halo(described.tile, described.stride, task.scale)
            raise BadInputError(
                f"its tile of {min(described.tile)} pixels has no core within a halo of {task.scale * halo}",
                where=artifact,
                cure=f"pass --halo {largest} or less, or export a larger tile",
            )
        return Renderer(
            programs=self._programs(self._engine(artifact), artifact),
            functions={
                name: {tensor.name: tensor.shape for tensor in function.inputs}
                for name, function in described.functions.items()
            },
            halo=halo,
            stride=described.stride,
            task=task,
        )

    def _halo(self, known: Callable[[], Halo], step: int) -> int:
        """In picture pixels, a multiple of ``step``."""
        if self.halo in ("auto", "exact"):
            return int(getattr(known(), self.halo))
        if not self.halo.isdecimal() or int(self.halo) % step:
            cure = f"give auto, exact, or pixels as a multiple of {step}"
            raise BadInputError(f"cannot take a halo of {self.halo!r}", where="--halo", cure=cure)
        return int(self.halo)

    def _programs(self, engine: Engine, path: Path) -> list[Program]:
        """One, or several that share the threads where the engine runs tiles side by side."""
        if not engine.parallel:
            return [engine.open(path, threads=self.threads)]
        threads = self.threads or os.cpu_count() or 1
        count = min(threads, MOST_TILES)
        return [engine.open(path, threads=threads // count) for _ in range(count)]

    def _engine(self, artifact: Path) -> Engine:
        """The named engine, or the first one that opens files of this kind and can run here."""
        from edgeisp.engines import ENGINES

        engines = (
            [ENGINES.get(self.engine)] if self.engine else [ENGINES.get(name) for name in ENGINES.names()]
        )
        fitting = [engine for engine in engines if artifact.suffix in engine.suffixes]
        if not fitting:
            named = f"the engine {self.engine}" if self.engine else "any engine"
            raise BadInputError(
                f"not a file of {named}", where=artifact, cure="give what `edgeisp export` wrote"
            )
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
