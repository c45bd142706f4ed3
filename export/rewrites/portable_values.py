"""Functions of single values between int8 convolutions, said so that XNNPACK rounds them alike on every processor.

Where a last bit differs, a value moves across a rounding step now and then, and the next convolution reads another
integer. XNNPACK's sums, products, quotients, exponentials, logarithms and tangents give the same bits on x86-64 and
ARM64. Roots, sigmoids and softmaxes do not, because some processors have kernels of their own for them; ``python
tests/phone/same_operations.py`` tells which. Of sums: `edgeisp.export.rewrites.portable_sums`.

``portable-roots``, to within 1e-6, for positive x::

    sqrt(x)   ->  exp(log(x) / 2);        sqrt(sqrt(x))  ->  exp(log(x) / 4)
    rsqrt(x)  ->  exp(log(x) * -1/2)

``portable-sigmoids``::

    sigmoid(x)  ->  tanh(x / 2) / 2 + 1/2

``portable-softmaxes``, of rows whose values are known to be small enough for exp::

    softmax(x, 1)  ->  exp(x) / linear(exp(x), ones)                                        x: 1 x K
"""

from __future__ import annotations

from typing import cast

import torch
from torch import nn
from torch.fx import GraphModule, Node

from edgeisp.export.rewrites.base import Rewrite
from edgeisp.export.rewrites.graph import aten, call, calls, hold, shape, swap
from edgeisp.export.rewrites.quantized import DEQUANTIZE, INTEGER

EXPONENT = 60
"""So many such exponentials still add up in float32."""
POWERS: dict[object, float] = {aten.sqrt.default: 0.5, aten.rsqrt.default: -0.5}


def _roots(module: nn.Module) -> int:
    graph, count = cast("GraphModule", module), 0
    for node in reversed(list(calls(graph, *POWERS))):
        if not node.users:
            continue
        x, power = cast("Node", node.args[0]), POWERS[node.target]
        while x.target in POWERS:
            x, power = cast("Node", x.args[0]), power * POWERS[x.target]
        with graph.graph.inserting_before(node):
            logarithm = call(graph, aten.log.default, x)
            swap(graph, node, call(graph, aten.exp.default, call(graph, aten.mul.Tensor, logarithm, power)))
        graph.graph.eliminate_dead_code()
        count += 1
    return count


def _sigmoids(module: nn.Module) -> int:
    graph, count = cast("GraphModule", module), 0
    for node in calls(graph, aten.sigmoid.default):
        with graph.graph.inserting_before(node):
            half = call(graph, aten.mul.Tensor, node.args[0], 0.5)
            scaled = call(graph, aten.mul.Tensor, call(graph, aten.tanh.default, half), 0.5)
            swap(graph, node, call(graph, aten.add.Tensor, scaled, 0.5))
        count += 1
    return count


def _softmaxes(module: nn.Module) -> int:
    graph, count = cast("GraphModule", module), 0
    for node in calls(graph, aten.softmax.int):
        x, axis = cast("Node", node.args[0]), cast("int", node.args[1])
        rank, width = len(shape(x)), shape(x)[-1]
        if rank != 2 or axis % rank != 1 or _largest(x) > EXPONENT:
            continue
        with graph.graph.inserting_before(node):
            power = call(graph, aten.exp.default, x)
            ones = hold(graph, node, "softmax_ones", torch.ones(width, width))
            total = graph.graph.call_function(aten.linear.default, (power, ones))
            total.meta = dict(power.meta)
            swap(graph, node, call(graph, aten.div.Tensor, power, total))
        count += 1
    return count


def _largest(x: Node) -> float:
    """The largest value that ``x`` can have: known where it is read from integers."""
    while x.target in (aten.flatten.using_ints, aten.view.default):
        x = cast("Node", x.args[0])
    if x.target is not DEQUANTIZE:
        return float("inf")
    scale, zero, _, most = cast("tuple[float, int, int, int]", x.args[1:5])
    return scale * (most - zero)


ROOTS = Rewrite(
    "portable-roots",
    "XNNPACK's roots differ by processor in the last bit, its exponentials and logarithms do not",
    "graph",
    _roots,
    INTEGER,
)
SIGMOIDS = Rewrite(
    "portable-sigmoids",
    "XNNPACK's sigmoids differ by processor in the last bit, its hyperbolic tangents do not",
    "graph",
    _sigmoids,
    INTEGER,
)
SOFTMAXES = Rewrite(
    "portable-softmaxes",
    "XNNPACK's softmaxes differ by processor in the last bit, exponentials and products of rows do not",
    "graph",
    _softmaxes,
    INTEGER,
)
