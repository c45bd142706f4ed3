"""Pixel shuffles that move whole pixels: the convolution before them puts out its channels phase by phase.

Before::   conv -> [q -> dq ->] pixel_shuffle, whose channel is 4 * color + 2 * py + px
After::    conv, channels in the order (py, px, color) -> [q -> dq ->] permute(last) -> view -> permute -> view -> first

With channels last, as convolutions of most runtimes leave them, a pixel's colors of one phase then lie side by side and
are copied in one piece, two phases at a time; before, each byte goes its own way. The weights are the same, their rows
are in another order.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.fx import GraphModule, Node

from edgeisp.export.rewrites.base import Rewrite
from edgeisp.export.rewrites.graph import FIRST, LAST, aten, call, calls, constant, hold, shape, swap
from edgeisp.export.rewrites.quantized import DEQUANTIZE, QUANTIZE, WEIGHTS


def _shuffles(module: nn.Module) -> int:
    graph, count = cast("GraphModule", module), 0
    for node in calls(graph, aten.pixel_shuffle.default):
        source, factor = cast("tuple[Node, int]", node.args)
        conv = _convolution(source)
        if conv is None:
            continue
        batch, channels, height, width = shape(source)
        colors = channels // factor**2
        order = torch.arange(channels).view(colors, factor**2).T.flatten()
        _reorder(graph, conv, order)
        with graph.graph.inserting_before(node):
            last = call(graph, aten.permute.default, source, LAST)
            size = factor * colors
            phases = [
                call(graph, aten.slice.Tensor, last, 3, i * size, (i + 1) * size) for i in range(factor)
            ]
            rows = [call(graph, aten.reshape.default, x, [batch, height, 1, width * size]) for x in phases]
            whole = [batch, factor * height, factor * width, colors]
            pixels = call(graph, aten.view.default, call(graph, aten.cat.default, rows, 2), whole)
            swap(graph, node, call(graph, aten.permute.default, pixels, FIRST))
        count += 1
    graph.graph.eliminate_dead_code()
    return count


def _convolution(node: Node) -> Node | None:
    """The convolution that alone makes ``node``, directly or through quantize and dequantize.

    None for one in groups: its output channels have no other order.
    """
    while node.target in (DEQUANTIZE, QUANTIZE) and len(node.users) == 1:
        node = cast("Node", node.args[0])
    alone = node.target is aten.conv2d.default and len(node.users) == 1 and node.args[6:] in ((), (1,))
    return node if alone else None


def _reorder(graph: GraphModule, conv: Node, order: Tensor) -> None:
    """Put the output channels of ``conv``, in float or behind a dequantize, into ``order``."""
    x, weight, bias, *rest = (*conv.args, None) if len(conv.args) == 2 else conv.args
    source = cast("Node", weight)
    if source.target is WEIGHTS:
        stored, scales, zeros, *levels = source.args
        rows = [_rows(graph, part, order) for part in (stored, scales, zeros)]
        with graph.graph.inserting_before(conv):
            turned = graph.graph.call_function(WEIGHTS, (*rows, *levels))
        turned.meta = dict(source.meta)
    else:
        turned = _rows(graph, source, order)
    conv.args = (x, turned, None if bias is None else _rows(graph, bias, order), *rest)


def _rows(graph: GraphModule, node: object, order: Tensor) -> Node:
    held = cast("Node", node)
    value = constant(graph, held)
    assert value is not None
    return hold(graph, held, "reordered", value[order])


CHANNELS_LAST_SHUFFLES = Rewrite(
    "channels-last-shuffles",
    "a pixel shuffle copies rows of pixels instead of single values",
    "graph",
    _shuffles,
)
