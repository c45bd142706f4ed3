"""What guidance gains over plain training on a few real pairs of one sensor, each picture judged by students that never
saw it.

    python benchmarks/distillation_pairs.py DIR -o OUT [--starts bundled fresh]

``DIR`` and ``OUT`` are those of ``sensor.py``, whose leave-one-out networks are made first, if ``OUT`` has none yet:
they are the teachers, and the pictures in their colours are the targets of all students alike. The clean teacher is
trained on synthetic pictures alone, once, for all. A student begins from the bundled weights after `sensor.look`, or
fresh; every kind of training has the same seeds, patches and steps. ``OUT/distillation`` gets the results and
``table.md``. Stopped, it goes on where it was.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from distillation import learn
from sensor import READER, leave_one_out, pair, say, scores, start, stems

from edgeisp.models.checkpoint import load
from edgeisp.training.config import TrainConfig
from edgeisp.training.distill import AUTOENCODER
from edgeisp.training.evaluate import render_whole
from edgeisp.training.loop import STATE, train
from edgeisp.training.teachers import Autoencoding, CleanTeacher

STUDENT, TEACHER = "lwisp", "metaisp"
SEEDS = (0, 1, 2)
BUDGETS: dict[str, dict[str, Any]] = {
    "bundled": {"steps": 150, "batch": 4, "patch": 48, "lr": 2e-4, "warmup": 20},
    "fresh": {"steps": 400, "batch": 4, "patch": 32, "lr": 7e-4, "warmup": 50},
}
ALPHAS = {"plain": None, "clean teacher": 0.001, f"{TEACHER} as teacher": 0.01}
"""Weights of the features, as they were chosen on synthetic pairs."""


def clean_teacher(out: Path, steps: int) -> Path:
    """An auto-encoder of synthetic pictures: it needs no pairs, and so sees none of the pictures that are judged."""
    config = TrainConfig(model=AUTOENCODER, steps=steps, batch=8, patch=32, save_every=steps)
    resume = (out / STATE).exists()
    return train(config, out, resume=resume, objective=lambda _: Autoencoding(), build=CleanTeacher)


def judged(weights: Path, network: str, data: Path, stem: str) -> float:
    """PSNR after the colour fit of the picture ``stem``."""
    raw, truth = pair(data, stem)
    return scores(render_whole(load(network, weights).network, raw), truth)[1]


def runs(given: argparse.Namespace) -> Iterator[tuple[str, str, int, str]]:
    """Start, kind, seed and picture, in the order in which they are made."""
    for begin in given.starts:
        for seed in SEEDS:
            for stem in stems(given.data):
                for kind in ALPHAS:
                    yield begin, kind, seed, stem


def student(
    begin: str, kind: str, seed: int, stem: str, given: argparse.Namespace, init: Path, clean: Path
) -> float:
    """What a student that never saw ``stem`` reaches on it."""
    place, fold = (
        given.out / "distillation" / begin / kind.replace(" ", "-") / f"{stem}-{seed}",
        given.out / TEACHER / stem,
    )
    path = place / "result.json"
    if not path.exists():
        teacher = {"plain": None, "clean teacher": clean}.get(kind, fold / "run" / f"{TEACHER}.safetensors")
        weights = learn(
            teacher and (str(teacher), ALPHAS[kind]),
            place,
            data=f"pairs:{fold / 'pairs'}",
            reader=READER,
            seed=seed,
            ema=0.98,
            init=str(init) if begin == "bundled" else None,
            **BUDGETS[begin],
        )
        path.write_text(json.dumps(judged(weights, STUDENT, given.data, stem)))
        (place / STATE).unlink()
        say(f"{begin}, {kind}, seed {seed}, {stem}: {path.read_text()}")
    return float(json.loads(path.read_text()))


def table(found: dict[str, dict[str, dict[tuple[int, str], float]]]) -> str:
    """Markdown: means over pictures with the deviation over seeds; gains paired by picture and seed."""
    lines = ["| start | training | PSNR, dB | gain, dB | better in |", "|---|---|---|---|---|"]
    for begin, kinds in found.items():
        for kind, results in kinds.items():
            means = [np.mean([v for (s, _), v in results.items() if s == seed]) for seed in SEEDS]
            gains = np.array([value - kinds["plain"][at] for at, value in results.items()])
            lines.append(
                f"| {begin} | {kind} | {np.mean(means):.2f} ± {np.std(means, ddof=1):.2f} | "
                + (
                    " | |"
                    if kind == "plain"
                    else f"{gains.mean():+.3f} ± {gains.std(ddof=1):.3f} | {(gains > 0).sum()} of {gains.size} |"
                )
            )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--starts", nargs="+", default=list(BUDGETS), choices=list(BUDGETS))
    given = parser.parse_args()
    torch.set_num_threads(1)
    begins = {network: start(network, given.out) for network in (STUDENT, TEACHER)}
    leave_one_out(TEACHER, begins[TEACHER], given.data, given.out, 150, [])
    clean = clean_teacher(given.out / "distillation" / "teacher", 1500)
    found: dict[str, dict[str, dict[tuple[int, str], float]]] = {}
    for begin, kind, seed, stem in runs(given):
        value = student(begin, kind, seed, stem, given, begins[STUDENT], clean)
        found.setdefault(begin, {}).setdefault(kind, {})[seed, stem] = value
    (given.out / "distillation" / "table.md").write_text(table(found))
    say(table(found))


if __name__ == "__main__":
    main()
