"""What guidance gains over plain training, under the same number of steps and the same seeds.

    python benchmarks/distillation.py -o OUT [--steps 500]

A fresh student is trained plainly, under a clean teacher (heterogeneous distillation) and under a bundled network,
three times each, on ``synthetic``, and judged on the photographs of the test set. ``OUT`` gets the results and
``table.md``. Stopped, it goes on where it was. On real pairs: ``distillation_pairs.py``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from sensor import say

from edgeisp.models.checkpoint import load
from edgeisp.training.config import DistillConfig, TrainConfig
from edgeisp.training.distill import distill
from edgeisp.training.evalset import synthetic_test
from edgeisp.training.evaluate import render_whole
from edgeisp.training.loop import STATE, train
from edgeisp.training.metrics import psnr

STUDENT, NETWORK = "lwisp", "metaisp"
SEEDS = (0, 1, 2)
KINDS = {
    "plain": None,
    "clean teacher, alpha 0.01": ("clean", 0.01, 0.5),
    "clean teacher, alpha 0.001": ("clean", 0.001, 0.5),
    "clean teacher, features alone, alpha 0.001": ("clean", 0.001, 0.0),
    f"{NETWORK} as teacher, alpha 0.01": (NETWORK, 0.01, 0.5),
}
"""Teacher, weight of its features, weight of its picture."""


def learn(guidance: tuple[str, float, float] | None, out: Path, **settings: object) -> Path:
    """Weights of the student after a run, under a teacher with weights of its features and its picture if any."""
    given = {"model": STUDENT, "save_every": 10_000, "warmup": 50, **settings}
    resume = (out / STATE).exists()
    if guidance is None:
        return train(TrainConfig(**given), out, resume=resume)  # type: ignore[arg-type]
    teacher, alpha, beta = guidance
    return distill(DistillConfig(**given, teacher=teacher, alpha=alpha, beta=beta), out, resume=resume)  # type: ignore[arg-type]


def on_synthetic(kind: str, seed: int, out: Path, steps: int) -> dict[str, float]:
    """PSNR of each ISO over the middles of the test photographs."""
    weights = learn(KINDS[kind], out, data="synthetic", seed=seed, steps=steps, batch=4, patch=32, ema=0.99)
    network, found = load(STUDENT, weights).network, {}
    for picture in synthetic_test():
        if picture.natural:
            rendered = render_whole(network, picture.raw)
            found.setdefault(f"ISO {picture.iso}", []).append(psnr(rendered, picture.truth))
    return {name: float(np.mean(values)) for name, values in found.items()}


def row(kind: str, results: list[dict[str, float]], plain: list[dict[str, float]]) -> str:
    """Means over seeds; the gain is paired by seed, with its standard deviation."""
    means = [float(np.mean(list(r.values()))) for r in results]
    gains = [mean - float(np.mean(list(p.values()))) for mean, p in zip(means, plain, strict=True)]
    gain = "" if results is plain else f"{np.mean(gains):+.2f} ± {np.std(gains, ddof=1):.2f}"
    return f"| {kind} | {np.mean(means):.2f} ± {np.std(means, ddof=1):.2f} | {gain} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=500)
    given = parser.parse_args()
    torch.set_num_threads(1)
    lines = ["| training | PSNR, dB | gain over plain, dB |", "|---|---|---|"]
    found: dict[str, list[dict[str, float]]] = {kind: [] for kind in KINDS}
    for seed in SEEDS:
        for kind in KINDS:
            folder = given.out / f"{kind.replace(',', '').replace(' ', '-')}-{seed}"
            path = folder / "result.json"
            if not path.exists():
                result = on_synthetic(kind, seed, folder, given.steps)
                path.write_text(json.dumps(result))
                say(f"{kind}, seed {seed}: {result}")
            found[kind].append(json.loads(path.read_text()))
    lines += [row(kind, results, found["plain"]) for kind, results in found.items()]
    (given.out / "table.md").write_text("\n".join(lines) + "\n")
    say((given.out / "table.md").read_text())


if __name__ == "__main__":
    main()
