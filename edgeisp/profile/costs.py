"""A function's costs in the network and in the written file, and what each step between them adds."""

from __future__ import annotations

import copy
from dataclasses import replace

from torch import nn
from torch.fx import GraphModule

from edgeisp.export.rewrites import Rewrite, prepare
from edgeisp.models import cost
from edgeisp.models.functions import Function
from edgeisp.profile.report import UNEXPLAINED, Change, Costs, Static
from edgeisp.profile.static import of_function
from edgeisp.quantize.precision import Name

WHY = {"capture": "capture: results that no output needs are dropped"}


def reconciled(
    function: Function, rewrites: tuple[Rewrite, ...], precision: Name, file: Static | None
) -> Costs:
    """Both counts of a function, and the steps from one to the other.

    Args:
        function: of the network, at the shapes that were exported.
        rewrites: of the target.
        precision: that was exported.
        file: what was counted on the file; None where it could not be.
    """
    network = of_function(function)
    changes: list[Change] = []
    before = network.macs

    def watch(step: str, module: nn.Module) -> None:
        nonlocal before
        now = cost.macs(replace(function, module=_used(module)))
        if now != before:
            changes.append(Change(step=WHY.get(step, f"rewrite {step}"), macs=now - before))
        before = now

    prepare(function, rewrites, precision, watch)
    if file is not None and file.macs != before:
        changes.append(Change(step=UNEXPLAINED, macs=file.macs - before))
    return Costs(network=network, file=file, changes=tuple(changes))


def _used(module: nn.Module) -> nn.Module:
    """A graph without what no output needs: every converter drops it. Before capture nothing can be told."""
    if not isinstance(module, GraphModule):
        return module
    used = copy.deepcopy(module)
    used.graph.eliminate_dead_code()
    used.recompile()
    return used
