"""Rewrites of single ATen operations that some runtime lacks."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import cast

import torch
from torch import Tensor, nn
from torch.fx import GraphModule, Node

from edgeisp.export.rewrites.base import Rewrite

aten = torch.ops.aten
WIDEST_CONCAT = 4
FIRST, LAST = [0, 3, 1, 2], [0, 2, 3, 1]
"""Permutations to channels first and to channels last."""


def calls(graph: GraphModule, *targets: object) -> Iterator[Node]:
    """The nodes that call one of ``targets``, listed before any is changed."""
    yield from [node for node in graph.graph.nodes if node.op == "call_function" and node.target in targets]


def shape(node: object) -> torch.Size:
    return cast("Tensor", cast("Node", node).meta["val"]).shape


def constant(graph: GraphModule, node: Node) -> Tensor | None:
    """The value of a node that depends on no input, by running what it is made of. Few operations, or it takes long."""
    if node.op == "get_attr":
        value: object = graph
        for part in cast("str", node.target).split("."):
            value = getattr(value, part)
        return cast("Tensor", value)
    if node.op != "call_function":
        return None
    known = {source: constant(graph, source) for source in node.all_input_nodes}
    if any(value is None for value in known.values()):
        return None
    arguments = torch.fx.node.map_arg((node.args, node.kwargs), lambda source: known[source])
    return cast("Tensor", node.target(*arguments[0], **arguments[1]))  # type: ignore[operator]


def hold(graph: GraphModule, before: Node, stem: str, value: Tensor) -> Node:
    """A buffer with ``value``, as a node in front of ``before``."""
    name = next(f"{stem}_{i}" for i in range(len(graph.graph.nodes)) if not hasattr(graph, f"{stem}_{i}"))
    graph.register_buffer(name, value.detach().contiguous().clone())
    with graph.graph.inserting_before(before):
        node = graph.graph.get_attr(name)
    node.meta["val"] = value
    return node


def swap(graph: GraphModule, old: Node, new: Node) -> None:
    """Let ``new`` take the place of ``old``."""
    new.meta = dict(old.meta)
    old.replace_all_uses_with(new)
    graph.graph.erase_node(old)


def call(graph: GraphModule, target: object, *args: object) -> Node:
    """A call with the value that it has at these shapes."""
    node = graph.graph.call_function(target, args)  # type: ignore[arg-type]
    known = torch.fx.node.map_arg(node.args, lambda source: source.meta["val"])
    node.meta["val"] = target(*cast("tuple[object, ...]", known))  # type: ignore[operator]
    return node


def _channel_sums(module: nn.Module) -> int:
    """sum or mean over channels, dimension kept -> 1x1 convolution (``B x C x H x W``) or linear layer (``B x C``)."""
    graph, count = cast("GraphModule", module), 0
    for node in calls(graph, aten.sum.dim_IntList, aten.mean.dim):
        x, dims, keep = node.args[0], node.args[1], len(node.args) > 2 and bool(node.args[2])
        rank, channels = len(shape(x)), shape(x)[1]
        if rank not in (2, 4) or [dim % rank for dim in cast("list[int]", dims)] != [1] or not keep:
            continue
        value = 1.0 if node.target is aten.sum.dim_IntList else 1 / channels
        held = hold(graph, node, "channel_sum", torch.full((1, channels) + (1,) * (rank - 2), value))
        with graph.graph.inserting_before(node):
            layer = aten.conv2d.default if rank == 4 else aten.linear.default
            swap(graph, node, graph.graph.call_function(layer, (x, held)))
        count += 1
    return count


def _splits(module: nn.Module) -> int:
    """split and chunk -> one slice for each part that is used."""
    graph, count = cast("GraphModule", module), 0
    for node in calls(graph, aten.split.Tensor, aten.split_with_sizes.default, aten.chunk.default):
        x = node.args[0]
        dim = int(cast("int", node.args[2] if len(node.args) > 2 else node.kwargs.get("dim", 0)))
        sizes = [part.shape[dim] for part in node.meta["val"]]
        for user in list(node.users):
            index = int(cast("int", user.args[1]))
            start = sum(sizes[:index])
            with graph.graph.inserting_before(user):
                part = graph.graph.call_function(aten.slice.Tensor, (x, dim, start, start + sizes[index]))
            swap(graph, user, part)
        graph.graph.erase_node(node)
        count += 1
    return count


def _constant_matmuls(module: nn.Module) -> int:
    """matmul of ``B x N`` with a constant ``N x M`` -> linear layer with the transposed constant."""
    graph, count = cast("GraphModule", module), 0
    for node in calls(graph, aten.matmul.default, aten.mm.default):
        x, right = cast("tuple[Node, Node]", node.args[:2])
        value = constant(graph, right) if len(shape(x)) == 2 else None
        if value is None:
            continue
        held = hold(graph, node, "linear_weight", value.T)
        with graph.graph.inserting_before(node):
            swap(graph, node, graph.graph.call_function(aten.linear.default, (x, held)))
        count += 1
    graph.graph.eliminate_dead_code()
    return count


def _held_kernels(module: nn.Module) -> int:
    """A convolution whose kernel is computed from no input -> one with a constant kernel."""
    graph, count = cast("GraphModule", module), 0
    for node in calls(graph, aten.conv2d.default):
        kernel = cast("Node", node.args[1])
        if kernel.op != "call_function" or "quantized" in str(kernel.target):
            continue
        if (value := constant(graph, kernel)) is not None:
            node.replace_input_with(kernel, hold(graph, node, "kernel", value))
            count += 1
    graph.graph.eliminate_dead_code()
    return count


def _narrow_concats(module: nn.Module) -> int:
    """A concatenation of many -> concatenations of at most `WIDEST_CONCAT`, each padded with zeros, added up.

    Not a tree of concatenations: TFLite's converter joins those again.
    """
    graph, count = cast("GraphModule", module), 0
    for node in calls(graph, aten.cat.default):
        parts = cast("list[Node]", node.args[0])
        if len(parts) <= WIDEST_CONCAT:
            continue
        rank = len(shape(node))
        dim = int(cast("int", node.args[1] if len(node.args) > 1 else 0)) % rank
        groups = [parts[i : i + WIDEST_CONCAT] for i in range(0, len(parts), WIDEST_CONCAT)]
        with graph.graph.inserting_before(node):
            padded, start, end = [], 0, shape(node)[dim]
            for group in groups:
                width = sum(shape(part)[dim] for part in group)
                edges = [0, 0] * (rank - 1 - dim) + [start, end - start - width]
                joined = (
                    group[0] if len(group) == 1 else graph.graph.call_function(aten.cat.default, (group, dim))
                )
                padded.append(graph.graph.call_function(aten.constant_pad_nd.default, (joined, edges, 0.0)))
                start += width
            total = functools.reduce(lambda x, y: graph.graph.call_function(aten.add.Tensor, (x, y)), padded)
        swap(graph, node, total)
        count += 1
    return count


def _held_scalars(module: nn.Module) -> int:
    """x + 2.0 -> x + a buffer of as many axes as x; 2.0 - x likewise."""
    graph, count = cast("GraphModule", module), 0
    scalars = (aten.add.Tensor, aten.sub.Tensor, aten.mul.Tensor, aten.div.Tensor, aten.rsub.Scalar)
    for node in calls(graph, *scalars):
        left, right = node.args[:2]
        if isinstance(left, Node) and isinstance(right, (int, float)):
            held = hold(graph, node, "scalar", torch.full((1,) * len(shape(left)), float(right)))
            if node.target is aten.rsub.Scalar:
                node.target, node.args = aten.sub.Tensor, (held, left)
            else:
                node.args = (left, held, *node.args[2:])
            count += 1
    return count


CHANNEL_SUMS = Rewrite(
    "channel-sums", "XNNPACK has no sum over channels; a 1x1 convolution is", "graph", _channel_sums
)
SLICES = Rewrite("slices-for-splits", "XNNPACK has slices but no split", "graph", _splits)
CONSTANT_MATMULS = Rewrite(
    "constant-matmuls",
    "a product with a constant is a linear layer, with weights packed ahead",
    "graph",
    _constant_matmuls,
)
HELD_KERNELS = Rewrite(
    "held-kernels", "XNNPACK packs kernels ahead: they must be constants", "graph", _held_kernels
)
NARROW_CONCATS = Rewrite(
    "narrow-concats", "XNNPACK concatenates at most five tensors", "graph", _narrow_concats
)
HELD_SCALARS = Rewrite(
    "held-scalars",
    "XNNPACK does not cast: numbers must have the graph's type; and ExecuTorch, which keeps channels last, transposes "
    "all that meets a number without axes, and back",
    "graph",
    _held_scalars,
)
