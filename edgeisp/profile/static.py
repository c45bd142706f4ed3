"""Costs counted on the graph that PyTorch captures of a function: nothing is computed."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any, cast

import torch
from torch import Tensor
from torch.fx import Node
from torch.utils._pytree import tree_map_only
from torch.utils.flop_counter import FlopCounterMode

from edgeisp.models import cost
from edgeisp.models.functions import Function
from edgeisp.profile.liveness import Step, peak
from edgeisp.profile.report import Layer, Static

FREE = ("getitem", "sym_size")
"""Nodes that only hand over a part of another node's result."""


def of_function(function: Function) -> Static:
    """Layers, MACs, weights and memory of one call of ``function``.

    MACs are those that its Python code runs. Layers, weights and memory are the captured graph's, from which results
    that no output needs have been dropped.
    """
    module = copy.deepcopy(function.module).eval().requires_grad_(False)
    inputs = tuple(torch.zeros(shape) for shape in function.inputs.values())
    with torch.no_grad():
        program = torch.export.export(module, inputs, strict=False).run_decompositions({})
    held = {*program.graph_signature.inputs_to_parameters, *program.graph_signature.inputs_to_buffers}
    held |= set(program.graph_signature.inputs_to_lifted_tensor_constants)
    layers, steps = [], []
    for node in program.graph.nodes:
        if node.name not in held:
            steps.append(_step(node, held))
        if node.op == "call_function" and not _is_view(node):
            layers.append(_layer(node, held))
    macs, listed = cost.macs(function), sum(layer.macs for layer in layers)
    unused = f"{macs - listed} MACs compute what no output needs; they are not among the layers"
    return Static(
        counted_on="PyTorch",
        parameters=cost.parameters(function.module),
        macs=macs,
        weight_bytes=sum(
            _bytes(node)
            for node in program.graph.nodes
            if node.name in held and any(_name(user) != "output" for user in node.users)
        ),
        peak_activation_bytes=peak(steps),
        layers=tuple(layers),
        note=unused if macs != listed else None,
    )


def _layer(node: Node, held: set[str]) -> Layer:
    weights = [source for source in node.all_input_nodes if source.name in held]
    activations = [source for source in node.all_input_nodes if source.name not in held]
    return Layer(
        name=_place(node),
        operation=_name(node),
        macs=_macs(node),
        weight_bytes=sum(map(_bytes, weights)),
        read_bytes=sum(map(_bytes, activations)),
        written_bytes=_bytes(node),
        shape=tuple(_tensors(node)[0].shape) if _tensors(node) else (),
        widths=_widths(node),
    )


def _step(node: Node, held: set[str]) -> Step:
    sources = tuple(source.name for source in node.all_input_nodes if source.name not in held)
    return Step(node.name, sources, 0 if node.op == "output" else _bytes(node), _is_view(node))


def _macs(node: Node) -> int:
    """As torch's own counter has it, which counts two operations for each multiply-accumulate."""
    args, kwargs = torch.fx.node.map_arg((node.args, node.kwargs), lambda source: _shadow(source.meta["val"]))
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        cast("Callable[..., object]", node.target)(*args, **kwargs)
    return int(counter.get_total_flops()) // 2


def _shadow(value: Any) -> Any:
    """Tensors of the same shapes without values."""
    return tree_map_only(Tensor, lambda t: torch.empty(t.shape, dtype=t.dtype, device="meta"), value)


def _widths(node: Node) -> tuple[int, int] | None:
    """Channels that go into one product and that come out, of convolutions and matrix products."""
    name = _name(node)
    if name not in ("conv2d", "conv_transpose2d", "linear", "mm", "addmm", "bmm", "matmul"):
        return None
    right = cast("Node", node.args[2 if name == "addmm" else 1]).meta["val"].shape
    if name in ("conv2d", "linear"):
        return (right[1], right[0])
    return (right[0], right[1]) if name == "conv_transpose2d" else (right[-2], right[-1])


def _is_view(node: Node) -> bool:
    """Whether its result lies in the memory of its first argument."""
    if _name(node) in FREE:
        return True
    schema = getattr(node.target, "_schema", None)
    return schema is not None and any(result.alias_info is not None for result in schema.returns)


def _name(node: Node) -> str:
    packet = getattr(node.target, "overloadpacket", node.target)
    return str(getattr(packet, "__name__", packet)).removeprefix("aten.")


def _place(node: Node) -> str:
    """Path of the module it comes from, ``encoder.0.1.conv``."""
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    path = str(stack[-1][0]).removeprefix("L['self'].") if stack else ""
    return path or node.name


def _tensors(node: Node) -> list[Tensor]:
    return list(_flat(node.meta.get("val")))


def _flat(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _flat(item)


def _bytes(node: Node) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in _tensors(node))
