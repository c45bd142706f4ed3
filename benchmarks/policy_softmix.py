"""A differentiable search, after ReconfigISP (Yu et al., ICCV 2021), in our own words: a yardstick.

Each of a few slots holds all modules, and a way past them, mixed by a softmax. The weights of the mixture and the
parameter predictor learn together by gradient descent on the task's loss; then each slot keeps its heaviest module that
is not taken yet, and the parameters go on with that sequence. Modules, losses and the parameter predictor are those of
POS-ISP (ReconfigISP has no predictor: its parameters are the same for all pictures).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from edgeisp.posisp.network import PosISP
from edgeisp.training.posisp.objective import Batch, brightness_penalty, clipped, outcome
from edgeisp.training.tasks.base import DownstreamTask

SLOTS = 5
RATE, MIXTURE_RATE = 1e-3, 2e-2
COLDEST = 0.1
"""Temperature of the softmax at the end of the search, from 1: little is lost when the mixture is cut."""


def trained(isp: PosISP, task: DownstreamTask, stream: Iterator[Batch], search: int, settle: int) -> PosISP:
    """``isp`` with a sequence found in ``search`` batches and parameters settled in as many more as ``settle`` says."""
    mixture = nn.Parameter(torch.zeros(SLOTS, len(isp.pipeline.modules) + 1))
    parameters = list(isp.parameters_of.parameters())
    groups = [{"params": parameters, "lr": RATE}, {"params": [mixture], "lr": MIXTURE_RATE}]
    optimizer = torch.optim.Adam(groups, betas=(0.9, 0.99))
    for step in range(search):
        weights = (mixture / COLDEST ** (step / search)).softmax(1)
        _improve(optimizer, parameters, _mixed_loss(isp, task, next(stream), weights))
    isp.sequence = pruned(mixture.detach())
    for step in range(settle):
        optimizer.param_groups[0]["lr"] = RATE * 0.5 * (1 + math.cos(math.pi * step / settle))
        _improve(optimizer, parameters, outcome(isp, task, next(stream), [isp.sequence], shared=True).loss)
    return isp


def _mixed_loss(isp: PosISP, task: DownstreamTask, batch: Batch, mixture: Tensor) -> Tensor:
    """Of ``mixture`` rows are slots; each sums to 1."""
    x, raw = isp.linear(batch.raw, batch.color), isp.context(batch.raw, batch.color)
    for weights in mixture:
        made = [isp.pipeline.run(x, raw, (i,)) for i in range(len(isp.pipeline.modules))]
        x = sum((w * y for w, y in zip(weights, [*made, x], strict=True)), torch.zeros_like(x))
    lost: Tensor = (task.loss(clipped(x), batch.target) + brightness_penalty(x)).mean()
    return lost


def pruned(mixture: Tensor) -> tuple[int, ...]:
    """The heaviest module of each slot that no slot before it has; none where the way past is the heaviest."""
    taken: list[int] = []
    for weights in mixture:
        open_ = weights.clone()
        open_[taken] = -math.inf
        best = int(open_.argmax())
        if best < len(weights) - 1:
            taken.append(best)
    return tuple(taken)


def _improve(optimizer: torch.optim.Optimizer, parameters: list[nn.Parameter], loss: Tensor) -> None:
    optimizer.zero_grad()
    if loss.requires_grad:
        loss.backward()
    nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
