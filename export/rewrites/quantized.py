"""Rewrites of quantize/dequantize graphs. None changes a value: they only say the same where runtimes look for it."""

from __future__ import annotations

from typing import cast

import torch
import torch.ao.quantization.fx._decomposed  # registers torch.ops.quantized_decomposed
from torch import nn
from torch.fx import GraphModule, Node

from edgeisp.export.rewrites.base import Rewrite
from edgeisp.export.rewrites.graph import aten, calls, constant, hold
from edgeisp.quantize.precision import Name

QD = torch.ops.quantized_decomposed
QUANTIZE, DEQUANTIZE = QD.quantize_per_tensor.default, QD.dequantize_per_tensor.default
WEIGHTS = QD.dequantize_per_channel.default
INTEGER: tuple[Name, ...] = ("w8a8",)


def _shared_quantizers(module: nn.Module) -> int:
    """x -> q, x -> q (same scale) becomes one q."""
    graph, count = cast("GraphModule", module), 0
    first: dict[tuple[object, ...], Node] = {}
    for node in calls(graph, QUANTIZE):
        same = first.setdefault(node.args, node)
        if same is not node:
            node.replace_all_uses_with(same)
            graph.graph.erase_node(node)
            count += 1
    return count


def _single_quantizers(module: nn.Module) -> int:
    """q -> dq -> q (same scale) becomes q: a rounded value stays where it is."""
    graph, count = cast("GraphModule", module), 0
    for node in calls(graph, QUANTIZE):
        source = cast("Node", node.args[0])
        if source.target is DEQUANTIZE and source.args[1:] == node.args[1:]:
            node.replace_all_uses_with(cast("Node", source.args[0]))
            graph.graph.erase_node(node)
            count += 1
    graph.graph.eliminate_dead_code()
    return count


def _quantized_shuffles(module: nn.Module) -> int:
    """q -> dq -> pixel_shuffle becomes q -> dq -> pixel_shuffle -> q -> dq: bytes are moved instead of floats."""
    graph, count = cast("GraphModule", module), 0
    for node in calls(graph, aten.pixel_shuffle.default):
        source = cast("Node", node.args[0])
        if source.target is not DEQUANTIZE:
            continue
        parameters, users = source.args[1:], list(node.users)
        with graph.graph.inserting_after(node):
            stored = graph.graph.call_function(QUANTIZE, (node, *parameters))
        with graph.graph.inserting_after(stored):
            back = graph.graph.call_function(DEQUANTIZE, (stored, *parameters))
        stored.meta, back.meta = dict(node.meta), dict(node.meta)
        for user in users:
            user.replace_input_with(node, back)
        count += 1
    return count


def _own_dequantize(module: nn.Module) -> int:
    """One dequantize for each consumer of a quantized tensor."""
    graph, count = cast("GraphModule", module), 0
    for node in calls(graph, DEQUANTIZE):
        for user in list(node.users)[1:]:
            with graph.graph.inserting_before(user):
                own = graph.graph.call_function(DEQUANTIZE, node.args)
            own.meta = dict(node.meta)
            user.replace_input_with(node, own)
            count += 1
    return count


def _unfolded_weights(module: nn.Module) -> int:
    """int8 weights -> dq becomes float weights -> q -> dq, whose rounding gives the same integers."""
    graph, count = cast("GraphModule", module), 0
    for node in calls(graph, WEIGHTS):
        value = constant(graph, node)
        assert value is not None
        held = hold(graph, node, "weight", value)
        with graph.graph.inserting_before(node):
            stored = graph.graph.call_function(QD.quantize_per_channel.default, (held, *node.args[1:]))
        stored.meta = {"val": value.to(torch.int8)}
        node.args = (stored, *node.args[1:])
        count += 1
    graph.graph.eliminate_dead_code()
    return count


SHARED_QUANTIZERS = Rewrite(
    "shared-quantizers",
    "a tensor that several convolutions read is quantized once",
    "graph",
    _shared_quantizers,
    INTEGER,
)
SINGLE_QUANTIZERS = Rewrite(
    "single-quantizers",
    "a convolution reads the integers that the one before it wrote",
    "graph",
    _single_quantizers,
    INTEGER,
)
QUANTIZED_SHUFFLES = Rewrite(
    "quantized-shuffles",
    "a pixel shuffle moves bytes, a quarter of the memory",
    "graph",
    _quantized_shuffles,
    INTEGER,
)
OWN_DEQUANTIZE = Rewrite(
    "own-dequantize",
    "XNNPACK's partitioner finds cycles where a dequantize has several users",
    "graph",
    _own_dequantize,
    INTEGER,
)
UNFOLDED_WEIGHTS = Rewrite(
    "unfolded-weights",
    "litert-torch wants to fold quantized weights itself",
    "graph",
    _unfolded_weights,
    INTEGER,
)
QUANTIZED = (SHARED_QUANTIZERS, SINGLE_QUANTIZERS, QUANTIZED_SHUFFLES, OWN_DEQUANTIZE)
"""What every target wants of a quantize/dequantize graph; the last one undoes sharing of dequantizes, so it is last."""
