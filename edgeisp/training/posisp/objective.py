"""What a policy is trained for: one reward for a whole sequence, and the loss of the picture for its parameters.

Reward ``R = L(linear RAW) - L(picture) - P(picture)``, with L the task's loss and P a penalty for pictures that are all
black or all white (POS-ISP, eq. 3-6, and the authors' code).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from edgeisp.posisp.network import PosISP
from edgeisp.posisp.pipeline import Pipeline
from edgeisp.posisp.policy import Sampled
from edgeisp.training.posisp.config import PolicyConfig
from edgeisp.training.tasks.base import DownstreamTask

PUSH = 10.0
"""Weight of the entropy that a policy lacks, against advantages of the order of 1."""


class Batch(NamedTuple):
    """Examples (`edgeisp.training.tasks.base.Example`) side by side."""

    raw: Tensor
    color: Tensor
    target: Tensor


class Outcome(NamedTuple):
    """What sequences came to on a batch."""

    rewards: Tensor
    """``K``, without the run-time penalty and without a gradient."""
    loss: Tensor
    """Of the pictures, for the parameter predictor; has a gradient unless no module ran."""


def brightness_penalty(picture: Tensor) -> Tensor:
    """``1000 [0.01 - m]+ + 10 [m - 0.9]+`` with m the mean of a picture, ``B``."""
    mean = picture.mean((1, 2, 3))
    return 1000 * torch.relu(0.01 - mean) + 10 * torch.relu(mean - 0.9)


def clipped(picture: Tensor) -> Tensor:
    """What is seen after clipping to [0, 1]; gradients pass as if nothing had been clipped: no pixel is lost."""
    return picture + (picture.clamp(0, 1) - picture).detach()


def outcome(
    network: PosISP, task: DownstreamTask, batch: Batch, sequences: list[tuple[int, ...]], shared: bool
) -> Outcome:
    """Run ``sequences`` and let ``task`` judge: all of them on the whole batch if ``shared``, else one per example."""
    linear = network.linear(batch.raw, batch.color)
    raw = network.context(batch.raw, batch.color)
    with torch.no_grad():
        before = task.loss(linear, batch.target)
    pipeline, rewards, losses = network.pipeline, [], []
    stages: dict[tuple[int, ...], Tensor] = {}
    done: dict[tuple[int, ...], Tensor] = {}
    for index, sequence in enumerate(sequences):
        rows = slice(None) if shared else slice(index, index + 1)
        if not shared or not stages:
            stages, done = {(): linear[rows]}, {}
        if sequence not in done:
            made = _run(pipeline, stages, sequence, raw[rows])
            seen = made if pipeline.paper else clipped(made)
            done[sequence] = task.loss(seen, batch.target[rows]) + brightness_penalty(made)
        rewards.append((before[rows] - done[sequence]).mean().detach())
        losses.append(done[sequence].mean())
    return Outcome(torch.stack(rewards), torch.stack(losses).mean())


def _run(
    pipeline: Pipeline, stages: dict[tuple[int, ...], Tensor], sequence: tuple[int, ...], raw: Tensor
) -> Tensor:
    """What ``sequence`` makes; sequences that begin alike run once as far as they agree, which ``stages`` keeps."""
    for end in range(1, len(sequence) + 1):
        so_far = sequence[:end]
        if so_far not in stages:
            stages[so_far] = pipeline.run(stages[so_far[:-1]], raw, so_far[-1:])
    return stages[sequence]


def policy_loss(config: PolicyConfig, step: int, rewards: Tensor, drawn: Sampled) -> Tensor:
    """REINFORCE on whole sequences, ``K`` rewards.

    Paper: ``-mean(R log p)``. (The authors' scripts multiply a column by a row, which gives every sequence the mean of
    all rewards; this is the product that the paper writes.) Ours: each reward against the mean of the others, in units
    of their deviation, and a push back while the policy is more decided than it should be at ``step``.
    """
    if config.paper:
        return -(drawn.log_probability * rewards).mean()
    others = (rewards.sum() - rewards) / (len(rewards) - 1)
    advantage = (rewards - others) / (rewards.std() + 1e-4)
    missing = torch.relu(config.least_entropy(step) - drawn.entropy)
    return -(drawn.log_probability * advantage).mean() + PUSH * missing
