"""From the time of one tile to the time of a frame: real-time budgets."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from edgeisp.errors import BadInputError
from edgeisp.models import MODELS
from edgeisp.models.task import ISP
from edgeisp.profile.report import Measured, Subject
from edgeisp.profile.statistics import median
from edgeisp.render.renderer import CONTEXT_GRID
from edgeisp.render.tiles import spans


@dataclass(frozen=True)
class Goal:
    """A frame, and how long it may take."""

    name: str
    height: int
    width: int
    ms: float

    @property
    def megapixels(self) -> float:
        return self.height * self.width / 1e6


GOALS = (
    Goal("1080p30", 1080, 1920, 1000 / 30),
    Goal("4K30", 2160, 3840, 1000 / 30),
    Goal("12 MP in 1 s", 3000, 4000, 1000.0),
)


@dataclass(frozen=True)
class Frame:
    """What a frame takes, made of tiles with their halos, and of context passes where the network has them."""

    goal: Goal
    tiles: int
    ms: float

    @property
    def per_megapixel(self) -> float:
        """ms for each megapixel of the frame."""
        return self.ms / self.goal.megapixels

    @property
    def share(self) -> float:
        """Of the budget; 1 uses it up."""
        return self.ms / self.goal.ms


def frames(subject: Subject, engine: str, threads: int) -> list[Frame]:
    """The goals by the median times of one engine; empty where the tile was not measured or is all halo."""
    times = {
        m.function: median(m.outcome.samples_ms)
        for m in subject.measurements
        if (m.engine, m.threads) == (engine, threads)
        and isinstance(m.outcome, Measured)
        and m.outcome.samples_ms
    }
    if subject.tile is None or "tile" not in times:
        return []
    contexts = CONTEXT_GRID**2 * times.get("context", 0.0)
    try:
        counts = [count(goal, subject) for goal in GOALS]
    except BadInputError:
        return []
    return [
        Frame(goal, tiles, tiles * times["tile"] + contexts)
        for goal, tiles in zip(GOALS, counts, strict=True)
    ]


def count(goal: Goal, subject: Subject) -> int:
    """Tiles of a frame, as the renderer cuts it."""
    assert subject.tile is not None
    scale = MODELS.get(subject.model).task.scale if subject.model in MODELS.names() else ISP.scale
    sides = zip((goal.height, goal.width), subject.tile, strict=True)
    rows, columns = (
        len(spans(ceil(length / scale), tile // scale, subject.halo // scale, subject.stride))
        for length, tile in sides
    )
    return rows * columns
