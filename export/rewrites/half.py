"""Rewrites for graphs that compute in half precision."""

from __future__ import annotations

from typing import cast

import torch
from torch import nn
from torch.fx import GraphModule, Node

from edgeisp.export.rewrites.base import Rewrite
from edgeisp.export.rewrites.graph import aten, calls, hold, swap

GELU = (1.59501317, 0.0740136539, -7.03417238e-4)
"""gelu(x) = x sigmoid(a t + b t^3 + c t^5) with t = x clipped to [-5, 5].

Fitted by us to the exact form x (1 + erf(x / sqrt 2)) / 2: within 2.6e-5, a twentieth of fp16's rounding at 1.
"""


def _half_gelu(module: nn.Module) -> int:
    """gelu -> sigmoid of an odd polynomial, which XNNPACK has in fp16."""
    graph, count = cast("GraphModule", module), 0
    a, b, c = GELU
    for node in calls(graph, aten.gelu.default):
        x = cast("Node", node.args[0])
        with graph.graph.inserting_before(node):
            call = graph.graph.call_function
            t = call(aten.clamp.default, (x, -5.0, 5.0))
            square = call(aten.mul.Tensor, (t, t))
            inner = call(aten.add.Tensor, (call(aten.mul.Tensor, (square, c)), b))
            outer = call(aten.add.Tensor, (call(aten.mul.Tensor, (square, inner)), a))
            gate = call(aten.sigmoid.default, (call(aten.mul.Tensor, (t, outer)),))
            swap(graph, node, call(aten.mul.Tensor, (x, gate)))
        count += 1
    return count


def _held_scalars(module: nn.Module) -> int:
    """x + 2.0 -> x + a buffer, which changes its type with the module; a bare number is cast at every call."""
    graph, count = cast("GraphModule", module), 0
    for node in calls(graph, aten.add.Tensor, aten.sub.Tensor, aten.mul.Tensor, aten.div.Tensor):
        left, right = node.args[:2]
        if isinstance(left, Node) and isinstance(right, (int, float)):
            node.args = (left, hold(graph, node, "scalar", torch.tensor(float(right))), *node.args[2:])
            count += 1
    return count


HALF_GELU = Rewrite(
    "half-gelu", "XNNPACK has no gelu in fp16; within fp16's rounding", "graph", _half_gelu, ("fp16",)
)
HELD_SCALARS = Rewrite(
    "held-scalars",
    "XNNPACK does not cast; numbers must have the graph's type",
    "graph",
    _held_scalars,
    ("fp16",),
)
