"""What guidance gains over plain training, under the same number of steps and the same seeds.

    python benchmarks/distillation.py -o OUT [--pairs DIR]

A fresh student is trained plainly, under a clean teacher (heterogeneous distillation) and under a bundled network,
three times each: on ``synthetic``, judged on the photographs of the test set; and, with ``--pairs`` (RHID's demo pairs,
see ``sensor.py``), on all pictures but one, judged on that one after the colour fit. ``OUT`` gets the results and
``table.md``. Stopped, it goes on where it was.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from sensor import READER, linked, pair, say, stems

from edgeisp.models.checkpoint import load
from edgeisp.training.colorfit import fit_color
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
    "clean teacher, alpha 0.01": ("clean", 0.01),
    "clean teacher, alpha 0.001": ("clean", 0.001),
    f"{NETWORK} as teacher, alpha 0.01": (NETWORK, 0.01),
}
"""Teacher and weight of its features."""


def learn(kind: str, out: Path, **settings: object) -> Path:
    """Weights of the student after a run of ``kind``."""
    guidance, given = KINDS[kind], {"model": STUDENT, "save_every": 10_000, "warmup": 50, **settings}
    resume = (out / STATE).exists()
    if guidance is None:
        return train(TrainConfig(**given), out, resume=resume)  # type: ignore[arg-type]
    teacher, alpha = guidance
    return distill(DistillConfig(**given, teacher=teacher, alpha=alpha), out, resume=resume)  # type: ignore[arg-type]


def on_synthetic(kind: str, seed: int, out: Path, steps: int) -> dict[str, float]:
    """PSNR of each ISO over the middles of the test photographs."""
    weights = learn(kind, out, data="synthetic", seed=seed, steps=steps, batch=4, patch=32, ema=0.99)
    network, found = load(STUDENT, weights).network, {}
    for picture in synthetic_test():
        if picture.natural:
            rendered = render_whole(network, picture.raw)
            found.setdefault(f"ISO {picture.iso}", []).append(psnr(rendered, picture.truth))
    return {name: float(np.mean(values)) for name, values in found.items()}


def on_pairs(kind: str, seed: int, out: Path, steps: int, data: Path) -> dict[str, float]:
    """PSNR of each picture, rendered by a student that never saw it."""
    found = {}
    for stem in stems(data):
        weights = learn(
            kind,
            out / stem,
            data=f"pairs:{linked(data, stem, out / stem)}",
            reader=READER,
            seed=seed,
            steps=steps,
            batch=4,
            patch=32,
            ema=0.98,
        )
        raw, truth = pair(data, stem)
        found[stem] = psnr(fit_color(render_whole(load(STUDENT, weights).network, raw), truth), truth)
    return found


def row(what: str, kind: str, results: list[dict[str, float]], plain: list[dict[str, float]]) -> str:
    """Means over seeds; the gain is paired by seed, with its standard deviation."""
    means = [float(np.mean(list(r.values()))) for r in results]
    gains = [mean - float(np.mean(list(p.values()))) for mean, p in zip(means, plain, strict=True)]
    gain = "" if results is plain else f"{np.mean(gains):+.2f} ± {np.std(gains, ddof=1):.2f}"
    return f"| {what} | {kind} | {np.mean(means):.2f} ± {np.std(means, ddof=1):.2f} | {gain} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--pairs", type=Path)
    parser.add_argument("--steps", type=int, default=1000, help="on synthetic")
    parser.add_argument("--pair-steps", type=int, default=150)
    given = parser.parse_args()
    torch.set_num_threads(1)
    lines = ["| data | training | PSNR, dB | gain over plain, dB |", "|---|---|---|---|"]
    for what in ("synthetic", *(["pairs"] if given.pairs else [])):
        found: dict[str, list[dict[str, float]]] = {kind: [] for kind in KINDS}
        for seed in SEEDS:
            for kind in KINDS:
                folder = given.out / what / f"{kind.replace(',', '').replace(' ', '-')}-{seed}"
                path = folder / "result.json"
                if not path.exists():
                    if what == "synthetic":
                        result = on_synthetic(kind, seed, folder, given.steps)
                    else:
                        result = on_pairs(kind, seed, folder, given.pair_steps, given.pairs)
                    path.write_text(json.dumps(result))
                    say(f"{what}, {kind}, seed {seed}: {result}")
                found[kind].append(json.loads(path.read_text()))
        lines += [row(what, kind, results, found["plain"]) for kind, results in found.items()]
    (given.out / "table.md").write_text("\n".join(lines) + "\n")
    say((given.out / "table.md").read_text())


if __name__ == "__main__":
    main()
