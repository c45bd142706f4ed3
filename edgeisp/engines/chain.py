"""Artifacts whose modules are functions of their own, run as one tile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeisp.engines.base import Program, Tensors


@dataclass(frozen=True)
class Link:
    """A function ``(picture, parameters) -> rgb`` and its part of the context."""

    function: str
    first: int
    count: int


@dataclass(frozen=True)
class Chained:
    """A program whose ``tile`` takes a context, and runs the links on what the artifact's own ``tile`` makes.

    ::

        raw, color ── tile ──▶ rgb ── link ── link ── ... ── clip to [0, 1] ──▶ rgb
                        context: each link takes its part
    """

    program: Program
    links: Sequence[Link]

    @property
    def ran_on(self) -> str:
        return self.program.ran_on

    def run(self, function: str, inputs: Tensors) -> dict[str, NDArray[np.float32]]:
        made = self.program.run(
            function, {name: value for name, value in inputs.items() if name != "context"}
        )
        if function != "tile":
            return made
        picture, context = made["rgb"], inputs["context"]
        for link in self.links:
            parameters = context[:, link.first : link.first + link.count]
            picture = self.program.run(link.function, {"picture": picture, "parameters": parameters})["rgb"]
        return {"rgb": np.clip(picture, 0, 1)}


def chained(program: Program, links: Sequence[Link]) -> Program:
    """``program`` with its links; itself where it has none."""
    return Chained(program, links) if links else program
