"""What `test_scale` runs under torchrun, in two processes: a whole run, one that stops, and one whose data breaks."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from edgeisp.errors import BadInputError
from edgeisp.training import loop
from edgeisp.training.config import TrainConfig

folder = Path(sys.argv[1])
config = msgspec.json.decode(sys.argv[2], type=TrainConfig)
rank = int(os.environ["RANK"])


class Stopped(Exception):
    """Stands for whatever ends a run."""


class Broken:
    """Data of which only one item is bad, so that only one process meets it."""

    def __init__(self, pairs: Any) -> None:
        self.pairs = pairs

    def __getitem__(self, index: int) -> Any:
        if index == 7:
            raise BadInputError("damaged", where="seventh.dng")
        return self.pairs[index]


def run(name: str, stop: int = 0) -> None:
    def report(now: Any) -> None:
        losses.append(now.loss)
        if now.step == stop:
            raise Stopped

    losses: list[float] = []
    outcome = ""
    try:
        loop.train(config, folder / name / f"of {rank}" if name == "whole" else folder / name, report=report)
    except Exception as error:
        outcome = f"{type(error).__name__}: {error}"
    (folder / f"{name}-{rank}.json").write_text(json.dumps({"losses": losses, "outcome": outcome}))


def broken(opened: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *names, **options: Broken(opened(*names, **options))


run("whole")
run("stopped", stop=4)
loop.open_pairs = broken(loop.open_pairs)
run("broken")
