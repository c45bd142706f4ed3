"""The census: does every convolution that we quantized run in int8 in the written file, with the integers that it had?

What is expected is read from the graph that goes into the converter, what is found from the file that comes out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from torch import nn
from torch.fx import GraphModule, Node

from edgeisp.export.integers import Integers, altered
from edgeisp.export.records import Census
from edgeisp.export.rewrites.graph import aten, calls
from edgeisp.export.rewrites.quantized import DEQUANTIZE, QUANTIZE, WEIGHTS

FIXED = "no layer of the network: a sum or a filter with fixed weights, written as a convolution"


@dataclass(frozen=True)
class Convolutions:
    """Convolutions in a written file: with int8 input, weights and output, and others."""

    int8: int
    other: int
    integers: tuple[Integers, ...] = field(default=(), compare=False)
    """Of the int8 ones, where the format lets us read them."""


def expected(module: nn.Module, float_layers: Mapping[str, str]) -> Census:
    """What the census of a prepared function must find; ``float_layers`` gives the reasons by layer name."""
    int8, floats = 0, Counter[str]()
    layers: dict[str, str] = {}
    for node in calls(cast("GraphModule", module), aten.conv2d.default):
        x, weight = cast("Node", node.args[0]), cast("Node", node.args[1])
        if (
            weight.target is WEIGHTS
            and x.target is DEQUANTIZE
            and all(u.target is QUANTIZE for u in node.users)
        ):
            int8 += 1
            continue
        layer = _layer(node)
        own = [name for name in float_layers if layer == name or layer.endswith(f".{name}")]
        layers |= {name: float_layers[name] for name in own[:1]}
        floats[float_layers[own[0]] if own else FIXED] += 1
    return Census(int8=int8, float=dict(sorted(floats.items())), layers=layers)


def _layer(node: Node) -> str:
    """The module that ``node`` was captured in: its weights may have been rewritten, and named anew, since."""
    modules = list((node.meta.get("nn_module_stack") or {}).values())
    return str(modules[-1][0]) if modules else ""


def shortfall(
    wanted: Mapping[str, Census],
    found: Mapping[str, Convolutions],
    integers: Mapping[str, Mapping[str, Integers]] = {},
) -> str | None:
    """Why a file fails its census, or None.

    Args:
        wanted: by function, what was converted.
        found: by function, what was read back.
        integers: by function, those of each convolution that was converted.
    """
    for name, census in wanted.items():
        have = found.get(name)
        if have is None:
            return f"no convolution of {name} was found in the file"
        if have.int8 < census.int8:
            return f"{have.int8} of {census.int8} quantized convolutions of {name} are int8 in the file"
        if have.other > sum(census.float.values()):
            return f"{have.other} convolutions of {name} are float in the file, {sum(census.float.values())} should be"
        if have.integers and (changed := altered(integers.get(name, {}), have.integers)):
            others = f" and {len(changed) - 1} others" if changed[1:] else ""
            return f"{changed[0]}{others} of {name}: weights, bias, scales or zero points are not those of the program"
    return None
