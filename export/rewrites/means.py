"""Means over large areas taken along one axis, then along the other.

Before::   mean(x, (2, 3))
After::    mean(mean(x, 3), (2, 3))

An accelerator that adds up in fp16 stops growing at 1024 when it adds halves (1024 + 0.5 is 1024), so that the mean
of a whole frame comes out far too small. Along one axis at a time no sum has more terms than the frame has rows or
columns.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.fx import GraphModule

from edgeisp.export.rewrites.base import Rewrite

MEAN = torch.ops.aten.mean.dim
MOST = 1024
"""Terms that fp16 adds up without stalling."""


def _stage(module: nn.Module) -> int:
    graph, count = cast("GraphModule", module), 0
    for node in graph.graph.find_nodes(op="call_function", target=MEAN):
        x, axes, *keep = node.args
        shape = cast("Tensor", x.meta["val"]).shape
        if len(shape) != 4 or sorted(axis % 4 for axis in axes) != [2, 3] or shape[2] * shape[3] <= MOST:
            continue
        with graph.graph.inserting_before(node):
            rows = graph.graph.call_function(MEAN, (x, [3], True))
        rows.meta["val"] = x.meta["val"].new_empty((*shape[:3], 1))
        node.args = (rows, axes, *keep)
        count += 1
    return count


STAGED_MEANS = Rewrite("staged-means", "no long fp16 sum where the mean of a frame is taken", "graph", _stage)
