"""POS-ISP against what else could stand before a task, three seeds, two tasks.

    python benchmarks/policy_evidence.py OUT
    python benchmarks/policy_page.py OUT docs/posisp.md

Methods: linear RAW; LibRaw's rendering; a textbook order and a random order with parameters trained for them;
step-wise reinforcement learning (`policy_agent`); a differentiable search (`policy_softmix`); POS-ISP, for detection
also with penalties on run time. All that learn see the same examples in the same batches; the textbook order also
learns, for detection, as long as POS-ISP takes. ``OUT`` gets a result for each run; stopped, it goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import policy_agent
import policy_camera
import policy_softmix
import torch
from sensor import say
from torch.utils.data import default_collate

from edgeisp.files import whole
from edgeisp.posisp.network import PosISP
from edgeisp.posisp.pipeline import Pipeline
from edgeisp.processes import Processes
from edgeisp.training.fabric import launch
from edgeisp.training.posisp.config import configured
from edgeisp.training.posisp.evaluate import batches, metric
from edgeisp.training.posisp.objective import Batch
from edgeisp.training.posisp.run import PolicyRun
from edgeisp.training.tasks import TASKS
from edgeisp.training.tasks.base import DownstreamTask, TaskOptions

SEEDS = (0, 1, 2)
PATCH, BATCH = 24, 8
TESTS = {"detect": 384, "enhance": 128}
TEXTBOOK = (
    "fast-denoise",
    "white-balance",
    "exposure",
    "ccm",
    "gamma",
    "tone",
    "contrast",
    "saturation",
    "desaturation",
    "sharpen",
)
PENALTIES = (0.01, 0.03, 0.1)
"""Of the sweep, per ms; 0 is POS-ISP itself."""
STEPS, SETTLE = 260, 0.25
"""Of every method; the share of them in which the order stands, which is half for the mixture."""
LONGER = 700
"""Steps of an order that is given in the time of POS-ISP, by the step times of `policy_steps`."""


@dataclass
class Result:
    """One run."""

    metric: float
    seconds: float = 0.0
    """Processor time of the training."""
    sequence: list[str] = field(default_factory=list)
    orders: int = 0
    """Of step-wise RL: how many different ones it used."""


def linear_raw(goal: DownstreamTask, test: list[Batch], seed: int, penalty: float) -> Result:
    """What goes into all the others."""
    return Result(metric(PosISP(), goal, test, ()))


def libraw(goal: DownstreamTask, test: list[Batch], seed: int, penalty: float) -> Result:
    """LibRaw's defaults."""
    return Result(policy_camera.metric(goal, test))


def given(order: Callable[[int], tuple[str, ...]], steps: int) -> Any:
    """An order of all modules, by seed."""

    def method(goal: DownstreamTask, test: list[Batch], seed: int, penalty: float) -> Result:
        return policy(goal, test, seed, steps=steps, order=order(seed))

    return method


def stepwise(goal: DownstreamTask, test: list[Batch], seed: int, penalty: float) -> Result:
    """`policy_agent`."""
    started = time.process_time()
    agent = policy_agent.trained(PosISP(), goal, stream(goal), STEPS, seed)
    seconds, meter, used = time.process_time() - started, goal.meter(), set()
    for batch in test:
        picture, chosen = agent.render(batch)
        meter.update(picture, batch.target)
        used |= {tuple(row) for row in chosen.tolist()}
    return Result(meter.value(), seconds, orders=len(used))


def soft_mix(goal: DownstreamTask, test: list[Batch], seed: int, penalty: float) -> Result:
    """`policy_softmix`."""
    started = time.process_time()
    isp = policy_softmix.trained(PosISP(), goal, stream(goal), STEPS // 2, STEPS // 2)
    seconds, names = time.process_time() - started, isp.pipeline.names
    return Result(metric(isp, goal, test, isp.sequence), seconds, [names[i] for i in isp.sequence])


def posisp(goal: DownstreamTask, test: list[Batch], seed: int, penalty: float) -> Result:
    """The recipe."""
    return policy(goal, test, seed, steps=STEPS, settle=SETTLE, penalty=penalty)


def policy(goal: DownstreamTask, test: list[Batch], seed: int, **settings: Any) -> Result:
    """What `edgeisp posisp train` comes to with these settings."""
    config = configured(
        paper=False, task=goal.name, seed=seed, patch=PATCH, batch=BATCH, workers=0, **settings
    )
    processes = Processes.here()
    run = PolicyRun(config, launch("no", processes), processes, say)
    started = time.process_time()
    for batch in run.batches():
        run.advance(batch)
    seconds, isp = time.process_time() - started, run.network
    names = [isp.pipeline.names[i] for i in isp.sequence]
    return Result(metric(isp, goal, test, isp.sequence), seconds, names)


def shuffled(seed: int) -> tuple[str, ...]:
    """A random order of all modules."""
    return tuple(str(name) for name in np.random.default_rng((11, seed)).permutation(Pipeline.of().names))


def stream(goal: DownstreamTask) -> Iterator[Batch]:
    """The batches that `edgeisp posisp train` would see."""
    examples, first = goal.examples("train"), 0
    while True:
        yield Batch(*default_collate([examples[i] for i in range(first, first + BATCH)]))
        first += BATCH


METHODS: dict[str, Callable[[DownstreamTask, list[Batch], int, float], Result]] = {
    "linear RAW": linear_raw,
    "LibRaw": libraw,
    "textbook order": given(lambda seed: TEXTBOOK, STEPS),
    "random order": given(shuffled, STEPS),
    "step-wise RL": stepwise,
    "soft mix": soft_mix,
    "POS-ISP": posisp,
}
MORE = {"textbook order, longer": given(lambda seed: TEXTBOOK, LONGER)}


def runs() -> Iterator[tuple[str, str, int, float]]:
    """Task, method, seed and penalty of every run; what the page cannot do without comes first."""
    for seed in SEEDS:
        for task in TESTS:
            yield from ((task, method, seed, 0.0) for method in METHODS)
    for seed in SEEDS:
        yield from (("detect", "POS-ISP", seed, penalty) for penalty in PENALTIES)
    for seed in SEEDS:
        yield from (("detect", method, seed, 0.0) for method in MORE)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    out: Path = parser.parse_args().out
    torch.set_num_threads(1)
    out.mkdir(parents=True, exist_ok=True)
    for task, method, seed, penalty in runs():
        path = out / f"{task}-{method.replace(' ', '-')}-{penalty:g}-{seed}.json"
        if path.exists():
            continue
        goal = TASKS.get(task)(TaskOptions(patch=PATCH, seed=seed, note=say))
        goal.eval().requires_grad_(False)
        test = list(batches(goal.examples("test"), range(TESTS[task])))
        torch.manual_seed(seed)
        result = asdict((METHODS | MORE)[method](goal, test, seed, penalty))
        with whole(path) as part:
            part.write_text(
                json.dumps({"task": task, "method": method, "seed": seed, "penalty": penalty, **result})
            )
        say(f"{path.stem}: {result}")


if __name__ == "__main__":
    main()
