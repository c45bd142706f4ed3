"""Options that choose what a verb runs pictures through, and how frames are cut for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeisp.cli.artifacts import Artifact, found
from edgeisp.cli.console import one_of
from edgeisp.cli.options import NetworkOptions, parse_bytes
from edgeisp.errors import BadInputError

if TYPE_CHECKING:
    from edgeisp.engines.base import Engine, Program
    from edgeisp.models.halo import Halo
    from edgeisp.models.task import Task
    from edgeisp.profile.tiles import Cut, Price

PANEL = "How it is run"
AUTO = "auto"
DEFAULT_TILE = 1024
MOST_TILES = 4
"""Tiles at a time, each of which needs memory of its own."""


def _readable(memory: str | None) -> str | None:
    if memory is not None:
        parse_bytes(memory, "--memory")  # before anything is opened
    return memory


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
            callback=_readable,
            help="What rendering may take, as 600MB or 2GB; tiles that need more are refused, with --tile auto not "
            "chosen. Default there: half of what is free.",
        ),
    ] = None
    halo: Annotated[
        str,
        typer.Option(
            "--halo",
            rich_help_panel=PANEL,
            help="Around a tile: auto (less than half an 8-bit code off on the test pictures; int8 apart, see "
            "docs/render.md), exact (the receptive field), or pixels.",
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
    given: bool = True
    """Whether these are options of the verb; cures name none of them otherwise."""

    @cached_property
    def artifacts(self) -> list[Artifact]:
        """What --artifact names, see `edgeisp.cli.artifacts.found`; empty where a checkpoint runs."""
        return [] if self.artifact is None else found(self.artifact)

    def task(self, network: NetworkOptions) -> Task:
        """What goes in and comes out, without opening anything.

        Raises:
            BadInputError: a name that is not known, or an artifact that is damaged.
        """
        from edgeisp.models import MODELS
        from edgeisp.models.task import TASKS

        return TASKS[self.artifacts[0].manifest.task] if self.artifacts else MODELS.get(network.model).task

    def halo_pixels(self, known: Callable[[], Halo], step: int) -> int:
        """In picture pixels, a multiple of ``step``."""
        if self.halo in ("auto", "exact"):
            return int(getattr(known(), self.halo))
        if not self.halo.isdecimal() or int(self.halo) % step:
            cure = f"give auto, exact, or pixels as a multiple of {step}"
            raise BadInputError(f"cannot take a halo of {self.halo!r}", where="--halo", cure=cure)
        return int(self.halo)

    def best(self, prices: Sequence[Price], cut: Cut, engine: Engine, smaller: str) -> tuple[Price, str]:
        """The best of these tiles, and why where there was a choice.

        Args:
            smaller: what gives smaller tiles, in words; empty where nothing does.
        """
        from edgeisp.profile.tiles import available_bytes, best

        if self.memory:
            most, allows = parse_bytes(self.memory, "--memory"), "--memory allows"
        elif self.tile == AUTO:
            most, allows = available_bytes() // 2, "half of what is free is"
        else:
            most, allows = available_bytes(), "what is free is"
        fewer = "fewer --threads" if self.share(engine)[0] > 1 else ""
        price, why = best(prices, cut, most, allows, [cure for cure in (smaller, fewer) if cure])
        return price, why if self.tile == AUTO else ""

    def programs(self, engine: Engine, path: Path) -> list[Program]:
        """As many as tiles are made at a time."""
        count, threads = self.share(engine)
        return [engine.open(path, threads=threads) for _ in range(count)]

    def share(self, engine: Engine) -> tuple[int, int]:
        """Tiles at a time and threads of each: several where the engine runs tiles side by side, else one with all."""
        if not engine.parallel:
            return 1, self.threads
        threads = self.threads or os.cpu_count() or 1
        count = min(threads, MOST_TILES)
        return count, threads // count
