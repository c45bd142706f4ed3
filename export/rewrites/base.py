"""What a rewrite is, and how a list of them turns a network's function into one that converters and phones like."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import nn
from torch.fx import GraphModule

from edgeisp.models.functions import Function
from edgeisp.quantize.precision import Name


@dataclass(frozen=True)
class Rewrite:
    """A named, exact change: the function computes the same, up to rounding, before and after."""

    name: str
    why: str
    """What it spares which target."""
    on: Literal["modules", "graph"]
    """``modules``: on the blocks, before capture; ``graph``: on the captured ATen graph."""
    apply: Callable[[nn.Module], int]
    """Changes its argument in place and says at how many places."""
    precisions: tuple[Name, ...] | None = None
    """Where it applies; None for everywhere."""


@dataclass(frozen=True)
class Prepared:
    """A function whose module is a captured, rewritten graph, and how often each rewrite applied."""

    function: Function
    applied: dict[str, int]


def prepare(
    function: Function,
    rewrites: Sequence[Rewrite],
    precision: Name = "fp32",
    watch: Callable[[str, nn.Module], None] = lambda step, module: None,
) -> Prepared:
    """Apply the ``rewrites`` for a precision to a copy of ``function``: those on modules, then those on the graph.

    ``watch`` is shown the module after each step: a rewrite by its name, and between the two kinds ``capture``.
    """
    rewrites = [rewrite for rewrite in rewrites if precision in (rewrite.precisions or [precision])]
    module = _copy(function.module)
    applied: dict[str, int] = {}
    for rewrite in rewrites:
        if rewrite.on == "modules":
            applied[rewrite.name] = rewrite.apply(module)
            watch(rewrite.name, module)
    graph = capture(module, function.inputs.values())
    watch("capture", graph)
    for rewrite in rewrites:
        if rewrite.on == "graph":
            applied[rewrite.name] = rewrite.apply(graph)
            graph.graph.lint()
            graph.recompile()
            watch(rewrite.name, graph)
    return Prepared(replace(function, module=graph), applied)


def capture(module: nn.Module, shapes: Iterable[tuple[int, ...]]) -> GraphModule:
    """The ATen graph of ``module`` at fixed input shapes."""
    inputs = tuple(torch.zeros(shape) for shape in shapes)
    with torch.no_grad():
        exported = torch.export.export(module, inputs, strict=False).module(check_guards=False)
    # litert-torch 0.10 tells constants apart by the address of a contiguous copy, which the next one may be given too
    for tensor in (*exported.parameters(), *exported.buffers()):
        tensor.data = tensor.data.contiguous()
    # a plain one: what torch.export returns refuses eval(), which converters call
    return GraphModule(exported, exported.graph).eval()


def replace_modules(root: nn.Module, kind: type[nn.Module], build: Callable[[nn.Module], nn.Module]) -> int:
    """Put ``build(child)`` in the place of every submodule of ``kind``; how many there were."""
    found = [(name, child) for name, child in root.named_modules() if isinstance(child, kind)]
    for name, child in found:
        root.set_submodule(name, build(child).eval())
    return len(found)


def _copy(module: nn.Module) -> nn.Module:
    """A copy that shares no weights, held so that the root itself can be replaced as well."""
    return copy.deepcopy(module).eval().requires_grad_(False)
