"""What a network costs: parameters and multiply-accumulates, counted on the graph without computing anything."""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from edgeisp.models.functions import Function, Shape


def parameters(network: nn.Module) -> int:
    """Number of weights and biases; int8 convolutions hold theirs as buffers of these names."""
    held = [b for name, b in network.named_buffers() if name.rpartition(".")[2] in ("weight", "bias")]
    return sum(tensor.numel() for tensor in (*network.parameters(), *held))


def macs(function: Function) -> int:
    """Multiply-accumulates of one call: convolutions and matrix products, as `torch.utils.flop_counter` has them."""
    shadow = copy.deepcopy(function.module).to("meta")
    counter = FlopCounterMode(display=False)
    with torch.inference_mode(), counter:
        shadow(*(torch.empty(shape, device="meta") for shape in function.inputs.values()))
    return counter.get_total_flops() // 2


def frame_macs(network: nn.Module, packed: Shape) -> int:
    """Multiply-accumulates of the tile function for a packed input ``1 x 4 x h x w``."""
    return macs(network.functions(*packed[-2:])["tile"])  # type: ignore[operator]
