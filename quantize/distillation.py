"""Quantization-aware training: the int8 network learns to make the fp32 network's picture, from the same features."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from edgeisp.models import checkpoint
from edgeisp.models.functions import ISPNetwork
from edgeisp.quantize.config import QuantizeConfig
from edgeisp.quantize.layers import LearnedRange
from edgeisp.quantize.network import frozen, with_learned
from edgeisp.quantize.recipe import Plan
from edgeisp.training.log import Progress
from edgeisp.training.loop import DivergedError, train
from edgeisp.training.objective import Batch, Objective

LEAST_ERROR = 1e-7
"""Mean squared error below which nothing is gained: 70 dB."""


class Distillation(Objective):
    """Output, features and task, by the weights of a `QuantizeConfig`.

    Each is the logarithm of a mean squared error, that is, PSNR: a decibel counts alike in a noisy texture and in a
    smooth gradient, whose errors are a thousand times smaller, and at every level. Features are what the network's
    down- and up-sampling layers put out, one tensor for each level of its U-Net.
    """

    def __init__(self, config: QuantizeConfig, teacher: ISPNetwork) -> None:
        super().__init__()
        self.config = config
        self.teacher = teacher.eval().requires_grad_(False)

    def forward(self, network: nn.Module, batch: Batch, done: float) -> Tensor:
        c = self.config
        with torch.no_grad():
            wanted, levels = observed(self.teacher, batch)
        picture, own = observed(network, batch)
        loss = c.distill_output * _log_error((picture - wanted) * batch.mask)
        for feature, target in zip(own, levels, strict=True):
            error = (feature - target) / target.square().mean().sqrt()
            loss = loss + c.distill_features / len(levels) * _log_error(error)
        loss = loss + c.task * _log_error((picture - batch.target) * batch.mask)
        if not torch.isfinite(loss).all():
            raise DivergedError(
                f"not a number behind the layer {_first_broken(network, batch)}",
                cure="the last good state is kept: go on from it with --resume and a lower --lr, or keep that layer "
                "in float (--keep-float)",
            )
        return loss


def observed(network: nn.Module, batch: Batch) -> tuple[Tensor, list[Tensor]]:
    """The picture that ``network`` makes, and the outputs of its resampling layers, in the order of their calls."""
    seen: list[Tensor] = []
    handles = [
        level.register_forward_hook(lambda module, args, output: seen.append(output))
        for name in ("down", "up")
        for level in getattr(network, name, ())
    ]
    try:
        picture: Tensor = network(batch.raw, batch.color)
    finally:
        for handle in handles:
            handle.remove()
    return picture, seen


def distil(
    plan: Plan, out: Path, *, resume: bool = False, report: Callable[[Progress], None] = lambda _: None
) -> ISPNetwork:
    """Train from ``plan`` and return the frozen network; ``out`` gets the log and the state to resume from.

    Raises:
        DivergedError: a loss was no longer a number; names the layer.
        EdgeISPError: see `edgeisp.training.loop.train`.
    """
    config = plan.config
    weights = train(
        config.training(),
        out,
        resume=resume,
        report=report,
        objective=lambda _: Distillation(config, plan.network),
        build=lambda: with_learned(plan.start or plan.network, plan.scheme),
    )
    learned = with_learned(plan.network, plan.scheme)
    checkpoint.fill(learned, checkpoint.read(weights)[0], weights)
    return frozen(learned)


def _log_error(difference: Tensor) -> Tensor:
    return (difference.square().flatten(1).mean(1) + LEAST_ERROR).log()


def _first_broken(network: nn.Module, batch: Batch) -> str:
    """The first layer, in the order of calls, whose output is not finite; a quantizer's layer is its convolution."""
    broken: list[str] = []

    def look(name: str, output: object) -> None:
        if isinstance(output, Tensor) and not torch.isfinite(output).all():
            broken.append(name)

    handles = []
    for name, module in network.named_modules():
        layer = name.rpartition(".")[0] if isinstance(module, LearnedRange) else name
        handles.append(module.register_forward_hook(lambda m, args, y, n=layer: look(n, y)))
    with torch.no_grad():
        network(batch.raw, batch.color)
    for handle in handles:
        handle.remove()
    return broken[0] if broken else "of the loss itself"
