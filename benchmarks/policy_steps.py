"""Time of a training step of each method in `policy_evidence`, interleaved: how many steps are an equal budget.

python benchmarks/policy_steps.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle, islice

import policy_agent
import policy_softmix
import torch
from policy_evidence import BATCH, PATCH, TEXTBOOK, stream
from timing import interleaved, show

from edgeisp.posisp.network import PosISP
from edgeisp.processes import Processes
from edgeisp.training.fabric import launch
from edgeisp.training.posisp.config import configured
from edgeisp.training.posisp.objective import Batch
from edgeisp.training.posisp.run import PolicyRun
from edgeisp.training.tasks import TASKS
from edgeisp.training.tasks.base import DownstreamTask, TaskOptions

ROUNDS, KEPT = 9, 8


def steps(task: str) -> dict[str, Callable[[], object]]:
    """One training step of each method, without the making of examples."""
    goal: DownstreamTask = TASKS.get(task)(TaskOptions(patch=PATCH))
    goal.eval().requires_grad_(False)
    seen: Iterator[Batch] = cycle(list(islice(stream(goal), KEPT)))
    processes = Processes.here()
    common = {"paper": False, "task": task, "patch": PATCH, "batch": BATCH, "workers": 0}
    search = PolicyRun(configured(**common), launch("no", processes), processes, print)
    order = PolicyRun(configured(**common, order=TEXTBOOK), launch("no", processes), processes, print)
    return {
        "one order of ten modules": lambda: order.advance(next(seen)),
        "POS-ISP, search": lambda: search.advance(next(seen)),
        "step-wise RL": lambda: policy_agent.trained(PosISP(), goal, seen, 1, 0),
        "soft mix, search": lambda: policy_softmix.trained(PosISP(), goal, seen, 1, 0),
    }


def main() -> None:
    torch.set_num_threads(1)
    for task in ("detect", "enhance"):
        show(task, interleaved(steps(task), ROUNDS), "one order of ten modules")


if __name__ == "__main__":
    main()
