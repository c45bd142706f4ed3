"""How much memory activations need when operations run one after another and each result goes when nobody wants it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """An operation (or an input) of a graph, in the order of execution."""

    name: str
    sources: tuple[str, ...]
    """Names of the steps whose results it reads; weights left out."""
    bytes: int
    view: bool = False
    """Its result lies in the memory of its first source."""


def peak(steps: Sequence[Step]) -> int:
    """Most bytes of results that are alive at once. What nobody reads lives until its own step is over."""
    owner: dict[str, str] = {}
    for step in steps:
        owner[step.name] = owner[step.sources[0]] if step.view and step.sources else step.name
    last = {owner[step.name]: index for index, step in enumerate(steps)}
    for index, step in enumerate(steps):
        for source in step.sources:
            last[owner[source]] = index
    ends: dict[int, list[str]] = {}
    for name, index in last.items():
        ends.setdefault(index, []).append(name)
    sizes = {step.name: step.bytes for step in steps}
    alive = most = 0
    for index, step in enumerate(steps):
        if owner[step.name] == step.name:
            alive += step.bytes
        most = max(most, alive)
        alive -= sum(sizes[name] for name in ends.get(index, []))
    return most
