"""One-sided clamps given their other bound.

Before::   clamp(x, a, None)
After::    clamp(x, a, 65504)

coremltools writes an absent bound as infinity. A finite one, the largest fp16 number, cuts nothing that fp16 can hold,
and asks no accelerator what it makes of infinite constants.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import nn
from torch.fx import GraphModule

from edgeisp.export.rewrites.base import Rewrite

LARGEST = 65504.0
SIDES = {torch.ops.aten.clamp_min.default: 1, torch.ops.aten.clamp_max.default: 2}


def _bound(module: nn.Module) -> int:
    graph, count = cast("GraphModule", module), 0
    for node in graph.graph.nodes:
        if node.op != "call_function" or node.target not in (torch.ops.aten.clamp.default, *SIDES):
            continue
        bounds = [*node.args, None, None][:3]
        if node.target in SIDES:
            bounds = [node.args[0], None, None]
            bounds[SIDES[node.target]] = node.args[1]
        if None not in bounds[1:]:
            continue
        x, low, high = bounds
        node.target = torch.ops.aten.clamp.default
        node.args = (x, -LARGEST if low is None else low, LARGEST if high is None else high)
        count += 1
    return count


FINITE_CLAMPS = Rewrite("finite-clamps", "no infinite constants for accelerators", "graph", _bound)
