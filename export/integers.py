"""The integers of int8 convolutions: whether a written file holds those of the program, to the last one.

Parity of pictures does not show it. A picture forgives a layer with a bias lost or a zero point that is off by one, if
the layer is small (docs/quantization.md has figures); the stored integers do not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from torch import nn
from torch.fx import GraphModule, Node

from edgeisp.export.rewrites.graph import aten, calls, constant
from edgeisp.export.rewrites.quantized import DEQUANTIZE, QUANTIZE, WEIGHTS

Step = tuple[float, int]
"""Scale and zero point, of int8."""
CLOSE = 1e-5
"""Of scales, relative: formats hold them in single precision."""


@dataclass(frozen=True, eq=False)
class Integers:
    """One int8 convolution. Two are equal when they compute the same bytes."""

    weights: str
    """sha256 of shape and values, ``O x I x H x W``."""
    scales: NDArray[np.float32]
    """Of the weights, by output channel."""
    bias: NDArray[np.int64]
    """In steps of the products."""
    input: Step
    output: Step
    rectified: Step | None = None
    """Of what a ReLU behind it puts out: LiteRT's converter makes both one operation with one rounding."""

    @classmethod
    def of(
        cls, weights: Any, scales: Any, bias: Any, input: Step, output: Step, rectified: Step | None = None
    ) -> Integers:
        """From int8 weights ``O x I x H x W`` and a float bias, or None."""
        stored = np.ascontiguousarray(weights, np.int8)
        steps = np.broadcast_to(np.asarray(scales, np.float32).ravel(), len(stored))
        products = steps.astype(np.float64) * input[0]
        whole = np.zeros(len(stored)) if bias is None else np.round(np.asarray(bias, np.float64) / products)
        digest = hashlib.sha256(str(stored.shape).encode() + stored.tobytes()).hexdigest()
        return cls(digest, steps, whole.astype(np.int64), input, output, rectified)

    def same(self, written: Integers) -> bool:
        """Whether ``written`` computes the same bytes, or the same after the ReLU."""
        ends = (self.output, self.rectified or self.output)
        return (
            self.weights == written.weights
            and np.array_equal(self.bias, written.bias)
            and np.allclose(self.scales, written.scales, rtol=CLOSE, atol=0)
            and _equal(self.input, written.input)
            and any(_equal(end, written.output) for end in ends)
        )


def of_graph(module: nn.Module) -> dict[str, Integers]:
    """Of each int8 convolution of a prepared function, by its node."""
    graph, found = cast("GraphModule", module), {}
    for node in calls(graph, aten.conv2d.default):
        x, weight = cast("Node", node.args[0]), cast("Node", node.args[1])
        ends = list(node.users)
        if (
            weight.target is not WEIGHTS
            or x.target is not DEQUANTIZE
            or {u.target for u in ends} != {QUANTIZE}
        ):
            continue
        stored, scales = (constant(graph, cast("Node", part)) for part in weight.args[:2])
        held = node.args[2] if len(node.args) > 2 else None
        bias = None if held is None else constant(graph, cast("Node", held))
        found[node.name] = Integers.of(stored, scales, bias, _step(x), _step(ends[0]), _rectified(ends[0]))
    return found


def _rectified(quantize: Node) -> Step | None:
    """The step of ``quantize -> dequantize -> relu -> quantize``, where nothing else reads what lies between."""
    node = quantize
    for target in (DEQUANTIZE, aten.relu.default, QUANTIZE):
        if len(node.users) != 1:
            return None
        node = next(iter(node.users))
        if node.target is not target:
            return None
    return _step(node)


def _equal(one: Step, other: Step) -> bool:
    return one[1] == other[1] and bool(np.isclose(one[0], other[0], rtol=CLOSE, atol=0))


def _step(node: Node) -> Step:
    scale, zero_point = cast("tuple[float, int]", node.args[1:3])
    return float(scale), int(zero_point)


def altered(wanted: Mapping[str, Integers], found: Iterable[Integers]) -> list[str]:
    """The convolutions of ``wanted`` that are not among ``found``, each of which stands for one."""
    left, missing = list(found), []
    for name, one in wanted.items():
        match = next((index for index, other in enumerate(left) if one.same(other)), None)
        if match is None:
            missing.append(name)
        else:
            del left[match]
    return missing
