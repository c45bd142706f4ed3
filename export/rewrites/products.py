"""Products over channels written along the last axis, where int8 convolutions of most runtimes leave their channels.

A matrix that mixes channels::

    Before::   bmm(M, flatten(y, 2)) -> view           y: B x K x H x W, M: B x I x K
    After::    permute(y, last) -> view -> bmm(., transpose(M)) -> view -> permute(first)

A vector that weighs them::

    Before::   sum(y * v, 1)                           v: B x K x 1 x 1
    After::    permute(y, last) -> view -> bmm(., v) -> view
"""

from __future__ import annotations

from typing import cast

from torch import nn
from torch.fx import GraphModule, Node

from edgeisp.export.rewrites.base import Rewrite
from edgeisp.export.rewrites.graph import FIRST, LAST, aten, call, calls, shape, swap


def _mixes(graph: GraphModule) -> int:
    count = 0
    for node in calls(graph, aten.bmm.default):
        matrix, flat = cast("tuple[Node, Node]", node.args)
        users = list(node.users)
        if flat.target not in (aten.flatten.using_ints, aten.view.default) or len(users) != 1:
            continue
        y, (back,) = cast("Node", flat.args[0]), users
        if len(shape(y)) != 4 or back.target is not aten.view.default or len(shape(back)) != 4:
            continue
        batch, _, height, width = shape(y)
        rows = shape(matrix)[1]
        if list(shape(back)) != [batch, rows, height, width]:
            continue
        with graph.graph.inserting_before(node):
            turned = call(graph, aten.transpose.int, matrix, 1, 2)
            swap(graph, back, _product(graph, y, turned))
        graph.graph.erase_node(node)
        count += 1
    graph.graph.eliminate_dead_code()
    return count


def _dots(graph: GraphModule) -> int:
    count = 0
    for node in calls(graph, aten.sum.dim_IntList):
        product, axes, *keep = node.args
        product = cast("Node", product)
        if product.target is not aten.mul.Tensor or axes != [1] or keep != [True] or len(product.users) != 1:
            continue
        y, v = cast("tuple[Node, Node]", product.args)
        if not all(isinstance(factor, Node) and len(shape(factor)) == 4 for factor in (y, v)):
            continue
        batch, channels, *place = shape(v)
        if place != [1, 1] or shape(y)[:2] != shape(v)[:2]:
            continue
        with graph.graph.inserting_before(node):
            column = call(graph, aten.view.default, v, [batch, channels, 1])
            swap(graph, node, _product(graph, y, column))
        graph.graph.erase_node(product)
        count += 1
    return count


def _product(graph: GraphModule, y: Node, right: Node) -> Node:
    """``B x K x H x W`` by ``B x K x I``: ``B x I x H x W``."""
    batch, channels, height, width = shape(y)
    last = call(graph, aten.permute.default, y, LAST)
    rows = call(graph, aten.view.default, last, [batch, height * width, channels])
    mixed = call(graph, aten.bmm.default, rows, right)
    grid = call(graph, aten.view.default, mixed, [batch, height, width, shape(right)[2]])
    return call(graph, aten.permute.default, grid, FIRST)


def _apply(module: nn.Module) -> int:
    graph = cast("GraphModule", module)
    return _mixes(graph) + _dots(graph)


CHANNELS_LAST_PRODUCTS = Rewrite(
    "channels-last-products",
    "no transposes between int8 convolutions and what mixes their channels; XNNPACK takes the product",
    "graph",
    _apply,
)
