"""Rewrites for graphs that compute in half precision."""

from __future__ import annotations

from typing import cast

from torch import nn
from torch.fx import GraphModule, Node

from edgeisp.export.rewrites.base import Rewrite
from edgeisp.export.rewrites.graph import aten, call, calls, swap

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
            t = call(graph, aten.clamp.default, x, -5.0, 5.0)
            square = call(graph, aten.mul.Tensor, t, t)
            inner = call(graph, aten.add.Tensor, call(graph, aten.mul.Tensor, square, c), b)
            outer = call(graph, aten.add.Tensor, call(graph, aten.mul.Tensor, square, inner), a)
            gate = call(graph, aten.sigmoid.default, call(graph, aten.mul.Tensor, t, outer))
            swap(graph, node, call(graph, aten.mul.Tensor, x, gate))
        count += 1
    return count


HALF_GELU = Rewrite(
    "half-gelu", "XNNPACK has no gelu in fp16; within fp16's rounding", "graph", _half_gelu, ("fp16",)
)
