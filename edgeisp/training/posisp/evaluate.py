"""Measuring a policy: its task's metric behind a sequence of modules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import default_collate

from edgeisp.posisp.network import PosISP
from edgeisp.training.posisp.objective import Batch, brightness_penalty
from edgeisp.training.tasks.base import DownstreamTask, Examples

BATCH = 16


def batches(
    examples: Examples, indices: Sequence[int], device: torch.device | str = "cpu"
) -> Iterator[Batch]:
    """The examples of ``indices`` in batches of `BATCH`."""
    for start in range(0, len(indices), BATCH):
        items = [examples[i] for i in indices[start : start + BATCH]]
        yield Batch(*(part.to(device) for part in default_collate(items)))


@torch.no_grad()
def metric(network: PosISP, task: DownstreamTask, test: list[Batch], sequence: Sequence[int]) -> float:
    """The task's metric over ``test``, behind ``sequence``; behind none: of linear RAW."""
    meter = task.meter()
    for batch in test:
        raw = network.context(batch.raw, batch.color)
        meter.update(network.render(network.linear(batch.raw, batch.color), raw, sequence), batch.target)
    return meter.value()


@torch.no_grad()
def mean_loss(network: PosISP, task: DownstreamTask, held_out: list[Batch], sequence: Sequence[int]) -> float:
    """Mean of the task's loss and the brightness penalty."""
    each = []
    for batch in held_out:
        raw = network.context(batch.raw, batch.color)
        made = network.render(network.linear(batch.raw, batch.color), raw, sequence)
        each.append(task.loss(made, batch.target) + brightness_penalty(made))
    return float(torch.cat(each).mean())


def figures(
    network: PosISP, task: DownstreamTask, test: list[Batch], random_orders: int = 8, seed: int = 0
) -> dict[str, Any]:
    """The metric of linear RAW, of the network's own sequence, and of random orders of all its modules."""
    rng, count = np.random.default_rng(seed), len(network.pipeline.modules)
    orders = [rng.permutation(count).tolist() for _ in range(random_orders)]
    scores = [metric(network, task, test, order) for order in orders]
    return {
        "metric": task.metric,
        "examples": sum(len(batch.raw) for batch in test),
        "linear_raw": metric(network, task, test, ()),
        "policy": metric(network, task, test, network.sequence),
        "random_orders": scores,
    }
