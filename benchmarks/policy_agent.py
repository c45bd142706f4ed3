"""Step-wise reinforcement learning, after AdaptiveISP (Wang et al., NeurIPS 2024), in our own words: a yardstick.

For every picture, stage by stage: one network looks at the picture so far and at what was used, and says which module
is next, with which parameters, and what is still to be gained. The reward of a stage is what the task's loss falls by.
Decisions learn by advantage actor-critic (one-step temporal differences), parameters by the gradient of the last loss
through the chosen modules. Modules, losses and the layers of the network are those of POS-ISP. AdaptiveISP punishes a
module that comes twice; here it cannot.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from edgeisp.posisp.network import PosISP
from edgeisp.posisp.policy import SIDE, ParameterPredictor
from edgeisp.training.posisp.objective import Batch, brightness_penalty, clipped
from edgeisp.training.tasks.base import DownstreamTask

STAGES = 5
EPSILON = 0.05
"""Share of choices that are made at random in training."""
ENTROPY, VALUE = 0.05, 0.5
"""Weights of the entropy bonus, which fades to 0, and of the critic's error."""
RATE = 5e-4


class Judged(NamedTuple):
    """What the network says of states."""

    logits: Tensor
    """``B x modules``; of modules that were used -1e9."""
    raw: Tensor
    """``B x parameters`` in (0, 1)."""
    value: Tensor
    """``B``: what is still to be gained."""


class Agent(nn.Module):
    """A policy that decides for each picture and stage.

    Args:
        isp: gives the modules and the way to linear sRGB; its own predictors are not used.
    """

    def __init__(self, isp: PosISP) -> None:
        super().__init__()
        self.isp, self.modules_ = isp, len(isp.pipeline.modules)
        size = isp.pipeline.size
        self.eye = ParameterPredictor(self.modules_ + size + 1)
        first = self.eye.encoder[0]
        assert isinstance(first, nn.Conv2d)
        self.eye.encoder[0] = nn.Conv2d(4 + self.modules_, first.out_channels, 3, 2, 1)
        middle = torch.full((self.modules_ + 1,), 0.5)
        self.eye.start_at(torch.cat([middle, isp.pipeline.identity]))

    def judge(self, x: Tensor, used: Tensor, stage: int) -> Judged:
        """The state is a thumbnail of ``x``, a plane for each module that was ``used``, and one for the stage."""
        seen = F.adaptive_avg_pool2d(x, SIDE)
        planes = torch.cat([used, torch.full_like(used[:, :1], stage / STAGES)], 1)
        told = planes[:, :, None, None].expand(-1, -1, SIDE, SIDE)
        made = self.eye(torch.cat([seen, told], 1).detach())
        free = torch.logit(made[:, : self.modules_ + 1], eps=1e-6)  # the predictor ends in a squashing
        logits = free[:, 1:].masked_fill(used > 0, -1e9)
        return Judged(logits, made[:, self.modules_ + 1 :], free[:, 0])

    def step(self, x: Tensor, raw: Tensor, chosen: Tensor) -> Tensor:
        """Every picture through the module that was chosen for it, clipped."""
        made: list[Tensor] = [x[:0]] * len(x)
        for module in chosen.unique().tolist():
            rows = (chosen == module).nonzero()[:, 0]
            for row, picture in zip(
                rows.tolist(), self.isp.pipeline.run(x[rows], raw[rows], (module,)), strict=True
            ):
                made[row] = picture
        return torch.stack(made)

    @torch.no_grad()
    def render(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Pictures after `STAGES` greedy decisions, and these, ``B x STAGES``."""
        x = self.isp.linear(batch.raw, batch.color)
        used, decided = x.new_zeros(len(x), self.modules_), []
        for stage in range(STAGES):
            says = self.judge(x, used, stage)
            chosen = says.logits.argmax(1)
            decided.append(chosen)
            x = self.step(x, says.raw, chosen).clamp(0, 1)
            used = used + F.one_hot(chosen, self.modules_)
        return x, torch.stack(decided, 1)


def trained(isp: PosISP, task: DownstreamTask, stream: Iterator[Batch], steps: int, seed: int) -> Agent:
    """An agent after ``steps`` batches of ``stream``."""
    agent, generator = Agent(isp), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(agent.eye.parameters(), RATE, (0.9, 0.99))
    for step in range(steps):
        optimizer.zero_grad()
        loss = episode(agent, task, next(stream), generator, 1 - step / steps)
        loss.backward()
        nn.utils.clip_grad_norm_(agent.eye.parameters(), 1.0)
        optimizer.step()
    return agent


def episode(
    agent: Agent, task: DownstreamTask, batch: Batch, generator: torch.Generator, left: float
) -> Tensor:
    """The loss of decisions, critic and parameters over one episode for each picture; ``left`` of the training is."""
    x = agent.isp.linear(batch.raw, batch.color)
    used = x.new_zeros(len(x), agent.modules_)
    lost = task.loss(x, batch.target).detach()
    logs, values, rewards, entropies = [], [], [], []
    for stage in range(STAGES):
        says = agent.judge(x, used, stage)
        policy = F.softmax(says.logits, 1)
        open_ = (used == 0).float()
        explored = (1 - EPSILON) * policy + EPSILON * open_ / open_.sum(1, keepdim=True)
        chosen = torch.multinomial(explored.detach(), 1, generator=generator)[:, 0]
        made = agent.step(x, says.raw, chosen)
        x, used = clipped(made), used + F.one_hot(chosen, agent.modules_)
        last = stage == STAGES - 1
        with torch.set_grad_enabled(last):
            now = task.loss(x, batch.target) + brightness_penalty(made)
        logs.append(torch.log(policy.gather(1, chosen[:, None])[:, 0] + 1e-8))
        values.append(says.value)
        rewards.append(lost - now.detach())
        entropies.append(-(policy * torch.log(policy + 1e-8)).sum(1))
        lost = now.detach()
    ahead = [value.detach() for value in values[1:]] + [torch.zeros_like(values[0])]
    errors = torch.stack(rewards) + torch.stack(ahead) - torch.stack(values)
    advantages = errors.detach() / (errors.detach().std() + 1e-4)
    decided = -(advantages * torch.stack(logs)).mean()
    return (
        now.mean() + decided + VALUE * errors.square().mean() - ENTROPY * left * torch.stack(entropies).mean()
    )
