"""Previews of POS-ISP: runs of point-wise modules as tables, the others as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgeisp.engines.base import Program, Tensors
from edgeisp.errors import BadInputError
from edgeisp.posisp.network import PosISP
from edgeisp.posisp.table import SHORTEST, bounded, folded, runs

Step = Callable[[Tensor], Tensor]


@dataclass
class Preview:
    """A program of POS-ISP in PyTorch whose ``tile`` looks colours up, as a phone's GPU would, and is not exact.

    Raises:
        BadInputError: the network is another, or has no run of point-wise modules.
    """

    program: Program
    _steps: dict[bytes, list[Step]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        network = getattr(self.program, "network", None)
        if not isinstance(network, PosISP):
            raise BadInputError(
                f"{type(network).__name__} is no chain of modules",
                where="--preview",
                cure="leave it out, or add --model posisp",
            )
        if not any(
            pointwise and len(run) >= SHORTEST for pointwise, run in runs(network.pipeline, network.sequence)
        ):
            names = ", ".join(network.card()["sequence"]) or "nothing"
            raise BadInputError(
                f"no {SHORTEST} point-wise modules in a row: {names}",
                where="--preview",
                cure="leave it out, or give another --order",
            )
        self.network = network

    @property
    def ran_on(self) -> str:
        return f"{self.program.ran_on}, tables"

    def run(self, function: str, inputs: Tensors) -> dict[str, NDArray[np.float32]]:
        if function != "tile":
            return self.program.run(function, inputs)
        context = inputs["context"]
        if (key := context.tobytes()) not in self._steps:
            self._steps = {key: self._made(torch.from_numpy(np.asarray(context)))}
        with torch.inference_mode():
            x = self.network.linear(
                *(torch.from_numpy(np.asarray(inputs[name])) for name in ("raw", "color"))
            )
            for step in self._steps[key]:
                x = step(x)
            return {"rgb": x.clamp(0, 1).numpy()}

    @torch.inference_mode()
    def _made(self, raw: Tensor) -> list[Step]:
        """The steps for a picture."""
        pipeline, sequence = self.network.pipeline, self.network.sequence
        steps: list[Step] = []
        for run in bounded(pipeline, raw, sequence):
            if run.pointwise and len(run.ids) >= SHORTEST:
                steps.append(folded(pipeline, raw, run.ids, run.peak))
            else:
                steps.append(partial(pipeline.run, raw=raw, sequence=run.ids))
        return steps
