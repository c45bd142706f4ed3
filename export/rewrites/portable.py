"""Float operations between int8 convolutions, said so that XNNPACK rounds them alike on every processor.

Where a last bit differs, a value moves across a rounding step now and then, and the next convolution reads another
integer. XNNPACK's sums, products, quotients, exponentials, logarithms and tangents give the same bits on x86-64 and
ARM64. Roots, sigmoids, softmaxes, interpolations, means over a width, sums of squares, and products with
one row or few columns do not, because some processors have kernels of their own for them; ``python
tests/phone/same_operations.py`` tells which.

``portable-roots``, to within 1e-6, for positive x::

    sqrt(x)   ->  exp(log(x) / 2);        sqrt(sqrt(x))  ->  exp(log(x) / 4)
    rsqrt(x)  ->  exp(log(x) * -1/2)

``portable-sigmoids``::

    sigmoid(x)  ->  tanh(x / 2) / 2 + 1/2

``portable-softmaxes``, of rows whose values are known to be small enough for exp::

    softmax(x, 1)  ->  exp(x) / linear(exp(x), ones)                                        x: 1 x K

``portable-means``, over heights only, since the width is another axis for those kernels. Means of integers are left
alone, they are exact::

    mean(x, (2, 3))  ->  mean(view(mean(x, 2), W x 1), 2)

``portable-squares``, which XNNPACK adds up by a kernel of its own where it sees that both factors are one tensor::

    sum(x * x)  ->  2 sum((x / 2) * x);    mean(x * x) likewise

``portable-upsampling``, by 2, bilinear::

    interpolate(x)  ->  pixel_shuffle(conv3x3(pad(x), 4 kernels for each channel), 2)       pad: repeats the border

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
from edgeisp.export.rewrites.graph import aten, call, calls, constant, hold, shape, swap
from edgeisp.export.rewrites.quantized import DEQUANTIZE, INTEGER

COLUMNS = 8
"""As many columns as the narrowest of XNNPACK's usual kernels; for what is left over it has others."""
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


def _means(module: nn.Module) -> int:
    graph, count = cast("GraphModule", module), 0
    for node in calls(graph, aten.mean.dim):
        x, axes, *keep = node.args
        size = shape(x)
        whole = len(size) == 4 and sorted(axis % 4 for axis in cast("list[int]", axes)) == [2, 3]
        if not whole or keep != [True] or cast("Node", x).target is DEQUANTIZE:
            continue
        with graph.graph.inserting_before(node):
            row = call(graph, aten.mean.dim, x, [2], True)
            column = call(graph, aten.view.default, row, [*size[:2], size[3], 1])
            swap(graph, node, call(graph, aten.mean.dim, column, [2], True))
        count += 1
    return count


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


def _upsampling(module: nn.Module) -> int:
    graph, count = cast("GraphModule", module), 0
    for node in calls(graph, aten.upsample_bilinear2d.vec):
        x = cast("Node", node.args[0])
        batch, channels, height, width = shape(x)
        if shape(node)[2:] != (2 * height, 2 * width) or node.args[2] is not False:
            continue
        near = torch.tensor([0.25, 0.75, 0.0])
        sides = (near, near.flip(0))
        kernels = torch.stack([torch.outer(y, x) for y in sides for x in sides])[:, None].repeat(
            channels, 1, 1, 1
        )
        with graph.graph.inserting_before(node):
            for axis, size in ((2, height), (3, width)):
                first = call(graph, aten.slice.Tensor, x, axis, 0, 1)
                last = call(graph, aten.slice.Tensor, x, axis, size - 1, size)
                x = call(graph, aten.cat.default, [first, x, last], axis)
            held = hold(graph, node, "upsampling", kernels)
            mixed = graph.graph.call_function(
                aten.conv2d.default, (x, held, None, [1, 1], [0, 0], [1, 1], channels)
            )
            mixed.meta["val"] = x.meta["val"].new_empty((batch, 4 * channels, height, width))
            swap(graph, node, call(graph, aten.pixel_shuffle.default, mixed, 2))
        count += 1
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
UPSAMPLING = Rewrite(
    "portable-upsampling",
    "XNNPACK's interpolations differ by processor in the last bit, its convolutions do not",
    "graph",
    _upsampling,
    INTEGER,
)
PORTABLE_MEANS = Rewrite(
    "portable-means",
    "LiteRT's XNNPACK adds up neighbours in memory in another order on each processor, columns in one",
    "graph",
    _means,
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
PORTABLE = (ROOTS, SIGMOIDS, SOFTMAXES, UPSAMPLING, PRODUCTS)
"""What gives an int8 artifact the same bytes on every processor; LiteRT needs means and squares as well."""
