"""Quantization-aware training: the int8 network learns to make the fp32 network's picture, from the same features."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from edgeisp.models import checkpoint
from edgeisp.models.functions import ISPNetwork
from edgeisp.quantize.config import QuantizeConfig
from edgeisp.quantize.network import frozen, with_learned
from edgeisp.quantize.recipe import Plan
from edgeisp.training.log import Progress
from edgeisp.training.loop import train
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
        return loss + c.task * _log_error((picture - batch.target) * batch.mask)


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
