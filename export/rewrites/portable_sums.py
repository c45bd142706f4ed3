"""Sums between int8 convolutions, said so that XNNPACK adds them up alike on every processor.

Interpolations, sums of squares, and products with one row or few columns have kernels of their own on some processors,
which differ in the last bit; why that matters: `edgeisp.export.rewrites.portable_values`.

``portable-upsampling``, by 2, bilinear, along the width and then along the height, where x repeats its border::

    interpolate(x)  ->  interleave(conv(x_i-1, x_i; 1/4, 3/4), conv(x_i, x_i+1; 3/4, 1/4))

``portable-squares``, which XNNPACK adds up by a kernel of its own where it sees that both factors are one tensor::

    sum(x * x)  ->  2 sum((x / 2) * x);    mean(x * x) likewise

``portable-products``, with zeros for a second row, and columns to eight, without a window to a multiple of eight::

    linear(x, w)   ->  linear(pad(x), w)[:1]                                                x: 1 x K
    linear(x, w)   ->  linear(x, pad(w))[:, :n]                                             w: n x K
    conv1x1(x, w)  ->  conv1x1(pad(x), w)[..., :1]                                          x: B x C x 1 x 1
    conv(x, w)     ->  conv(x, pad(w))[:, :n]                                               w: n x C x k x k
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.fx import GraphModule, Node
from torch.nn import functional as F

from edgeisp.export.rewrites.base import Rewrite
from edgeisp.export.rewrites.graph import FIRST, LAST, aten, call, calls, constant, hold, shape, swap
from edgeisp.export.rewrites.quantized import INTEGER

COLUMNS = 8
"""As many columns as the narrowest of XNNPACK's usual kernels; for what is left over it has others."""


def _upsampling(module: nn.Module) -> int:
    graph, count = cast("GraphModule", module), 0
    for node in calls(graph, aten.upsample_bilinear2d.vec):
        x = cast("Node", node.args[0])
        height, width = shape(x)[2:]
        if shape(node)[2:] != (2 * height, 2 * width) or node.args[2] is not False:
            continue
        swap(graph, node, _twice(graph, node, _twice(graph, node, x, 3), 2))
        count += 1
    return count


def _twice(graph: GraphModule, before: Node, x: Node, axis: int) -> Node:
    """``x`` with twice as many values along ``axis``. With channels last, both interleavings copy whole pixels."""
    batch, channels, height, width = shape(x)
    taps = torch.tensor([0.25, 0.75]).view((2, 1) if axis == 2 else (1, 2)).repeat(channels, 1, 1, 1)
    kernels = [hold(graph, before, "upsampling", kernel) for kernel in (taps, taps.flip(axis))]
    with graph.graph.inserting_before(before):
        size = shape(x)[axis]
        first, last = (call(graph, aten.slice.Tensor, x, axis, i, i + 1) for i in (0, size - 1))
        sides = [call(graph, aten.cat.default, pair, axis) for pair in ([first, x], [x, last])]
        mixed = [
            call(graph, aten.conv2d.default, side, kernel, None, [1, 1], [0, 0], [1, 1], channels)
            for side, kernel in zip(sides, kernels, strict=True)
        ]
        parts = [call(graph, aten.permute.default, part, LAST) for part in mixed]
        if axis == 2:
            row = [batch, height, 1, width * channels]
            parts = [call(graph, aten.view.default, part, row) for part in parts]
            whole = [batch, 2 * height, width, channels]
        else:
            whole = [batch, height, 2 * width, channels]
        pixels = call(graph, aten.view.default, call(graph, aten.cat.default, parts, axis), whole)
        return call(graph, aten.permute.default, pixels, FIRST)


def _squares(module: nn.Module) -> int:
    graph, count = cast("GraphModule", module), 0
    for node in calls(graph, aten.sum.dim_IntList, aten.mean.dim):
        square = cast("Node", node.args[0])
        if square.target is not aten.mul.Tensor or square.args[0] is not square.args[1]:
            continue
        x = square.args[0]
        with graph.graph.inserting_before(node):
            product = call(graph, aten.mul.Tensor, call(graph, aten.mul.Tensor, x, 0.5), x)
            half = call(graph, node.target, product, *node.args[1:])
            swap(graph, node, call(graph, aten.mul.Tensor, half, 2.0))
        count += 1
    graph.graph.eliminate_dead_code()
    return count


def _products(module: nn.Module) -> int:
    graph, count = cast("GraphModule", module), 0
    for node in calls(graph, aten.linear.default, aten.conv2d.default):
        x, weight = cast("tuple[Node, Node]", node.args[:2])
        if weight.op != "get_attr" or node.args[6:] not in ((), (1,)):
            continue
        linear, made = node.target is aten.linear.default, shape(weight)[0]
        small = linear or shape(weight)[2:].numel() == 1
        wanted = -(-made // COLUMNS) * COLUMNS if small else max(made, COLUMNS)
        single = small and (shape(x)[:-1] if linear else shape(node)[2:]).numel() == 1
        if single:
            _double(graph, node, 0 if linear else 3)
        if wanted > made:
            _widen(graph, node, wanted)
        count += single or wanted > made
    return count


def _double(graph: GraphModule, node: Node, axis: int) -> None:
    """Let ``node`` read a row of zeros more along ``axis``, and use the first of what it makes."""
    x = node.args[0]
    with graph.graph.inserting_before(node):
        pads = [0, 0] * (len(shape(x)) - 1 - axis) + [0, 1]
        node.args = (call(graph, aten.constant_pad_nd.default, x, pads, 0.0), *node.args[1:])
    _first(graph, node, axis, 1, 2)


def _widen(graph: GraphModule, node: Node, wanted: int) -> None:
    """Let the layer ``node`` make ``wanted`` channels, further ones of zeros, and use those that it made."""
    x, weight, *rest = node.args
    kernel = constant(graph, cast("Node", weight))
    assert kernel is not None
    more = wanted - len(kernel)
    if rest and rest[0] is not None:
        bias = constant(graph, cast("Node", rest[0]))
        assert bias is not None
        rest[0] = hold(graph, node, "wide_bias", F.pad(bias, (0, more)))
    wide = F.pad(kernel, [0, 0] * (kernel.dim() - 1) + [0, more])
    node.args = (x, hold(graph, node, "wide_kernel", wide), *rest)
    _first(graph, node, 1, len(kernel), wanted)


def _first(graph: GraphModule, node: Node, axis: int, count: int, made: int) -> None:
    """Let all that reads ``node``, which makes ``made`` along ``axis`` now, read the first ``count``."""
    size, users = list(shape(node)), list(node.users)
    size[axis] = made
    node.meta["val"] = cast("Tensor", node.meta["val"]).new_empty(size)
    with graph.graph.inserting_after(node):
        part = call(graph, aten.slice.Tensor, node, axis, 0, count)
    for user in users:
        user.replace_input_with(node, part)


UPSAMPLING = Rewrite(
    "portable-upsampling",
    "XNNPACK's interpolations differ by processor in the last bit, its convolutions do not",
    "graph",
    _upsampling,
    INTEGER,
)
PRODUCTS = Rewrite(
    "portable-products",
    "XNNPACK adds up a product with one row or few columns in several sums at once on some processors",
    "graph",
    _products,
    INTEGER,
)
PORTABLE_SQUARES = Rewrite(
    "portable-squares",
    "LiteRT's XNNPACK adds up squares in another order on each processor, products in one",
    "graph",
    _squares,
    INTEGER,
)
