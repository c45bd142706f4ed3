"""What contexts of POS-ISP mean, and contexts that follow each other; see chain.json in README.md."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

from edgeisp.posisp import DEFAULT
from edgeisp.posisp.network import PosISP
from edgeisp.posisp.pipeline import Pipeline
from edgeisp.render.sequence import Smoothing

EXTRAS = ("guided-denoise", "wide-white-balance", "local-tone")


def chains() -> dict[str, Any]:
    """The content of the file."""
    decided = []
    for names, order in (
        (DEFAULT, ("gamma", "exposure", "fast-denoise", "tone")),
        (DEFAULT, tuple(reversed(DEFAULT))),
        (EXTRAS, EXTRAS),
    ):
        pipeline = Pipeline.of(names)
        sequence = pipeline.ids(order)
        context = [(37 * i + 11) % 64 / 63 for i in range(pipeline.size)]
        steps = pipeline.physical(torch.tensor(context), sequence)
        units = [[p.unit for p in pipeline.modules[i].parameters] for i in sequence]
        decided.append(
            {
                "chain": PosISP(pipeline, sequence).chain(),
                "context": _singles(context),
                "steps": [
                    {
                        "module": step["module"],
                        "names": list(step["parameters"]),
                        "values": list(step["parameters"].values()),
                        "units": own,
                    }
                    for step, own in zip(steps, units, strict=True)
                ],
            }
        )
    contexts = [_singles((11 * i + 5 * k) % 32 / 31 for i in range(5)) for k in range(6)]
    smoothing = Smoothing(frames=3)
    steady = [smoothing({"context": np.float32(context)})["context"].tolist() for context in contexts]
    return {"decided": decided, "smoothed": {"frames": 3, "contexts": contexts, "steady": steady}}


def _singles(values: Iterable[float]) -> list[float]:
    return np.fromiter(values, np.float32).tolist()  # type: ignore[no-any-return]
