"""From the operations of a file to `Static`: what all formats share."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from edgeisp.profile.liveness import Step, peak
from edgeisp.profile.report import Layer, Static


@dataclass(frozen=True)
class Value:
    """A tensor of a file."""

    shape: tuple[int, ...]
    bytes: int
    constant: bool = False

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)


@dataclass(frozen=True)
class Operation:
    """A node of a file; tensors by whatever the format calls them by."""

    name: str
    kind: str
    reads: tuple[Hashable, ...]
    writes: tuple[Hashable, ...]
    macs: int = 0
    widths: tuple[int, int] | None = None
    view: bool = False
    """Only names the same memory anew (a reshape)."""


def assemble(
    counted_on: str,
    values: Mapping[Hashable, Value],
    inputs: Sequence[Hashable],
    operations: Sequence[Operation],
    note: str | None = None,
) -> Static:
    """What a function costs.

    Args:
        counted_on: the format.
        values: every tensor.
        inputs: those that come from outside.
        operations: in the order of execution. What is made of constants alone (stored in half precision, say, and
            widened when the file is loaded) counts as a weight of whoever reads it, at its stored size.
        note: what the count could not see.
    """
    stored = {key: value.bytes for key, value in values.items() if value.constant}
    layers, steps = [], [Step(str(key), (), values[key].bytes) for key in inputs]
    used: dict[Hashable, int] = {}
    for operation in operations:
        weights = [key for key in operation.reads if key in stored]
        active = [key for key in operation.reads if key not in stored]
        if not active and weights:
            stored |= dict.fromkeys(operation.writes, sum(stored[key] for key in weights))
            continue
        used |= {key: stored[key] for key in weights}
        first, *others = operation.writes
        steps.append(
            Step(str(first), tuple(map(str, active)), values[first].bytes, operation.view and bool(active))
        )
        steps += [Step(str(key), tuple(map(str, active)), values[key].bytes) for key in others]
        if not operation.view:
            layers.append(
                Layer(
                    name=operation.name,
                    operation=operation.kind,
                    macs=operation.macs,
                    weight_bytes=sum(stored[key] for key in weights),
                    read_bytes=sum(values[key].bytes for key in active),
                    written_bytes=sum(values[key].bytes for key in operation.writes),
                    shape=values[first].shape,
                    widths=operation.widths,
                )
            )
    return Static(
        counted_on=counted_on,
        parameters=None,
        macs=sum(layer.macs for layer in layers),
        weight_bytes=sum(used.values()),
        peak_activation_bytes=peak(steps),
        layers=tuple(layers),
        note=note,
    )
