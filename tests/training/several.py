"""What `test_scale` runs under torchrun, in two processes: an evaluation, and runs that end, stop, and break."""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch

from edgeisp.errors import BadInputError
from edgeisp.models.lwisp import LWISP, LWISPConfig
from edgeisp.models.task import SRGB_TO_SRGB
from edgeisp.training import loop
from edgeisp.training.config import TrainConfig
from edgeisp.training.denoise import Case, evaluate


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


def measured() -> list[Any]:
    """Three noisy pictures, which two processes cannot share evenly, through a fresh network."""
    torch.manual_seed(0)
    network = LWISP(LWISPConfig((8, 8, 8, 8), bottom=1, task=SRGB_TO_SRGB)).eval()
    rng = np.random.default_rng(0)
    clean = rng.random((3, 3, 16, 16), np.float32)
    given = [Case(f"{index}", 0, 0.9 * one, one) for index, one in enumerate(clean)]
    return [asdict(score) for score in evaluate(network, given, "mine", baselines=False).scores]


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    config = msgspec.json.decode(sys.argv[2], type=TrainConfig)
    rank = int(os.environ["RANK"])
    (folder / f"measured-{rank}.json").write_text(json.dumps(measured()))
    run("whole")
    run("stopped", stop=4)
    loop.open_pairs = broken(loop.open_pairs)
    run("broken")
