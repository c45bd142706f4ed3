"""What guidance gains over plain training on a few real pairs of one sensor, each picture judged by students that never
saw it.

    python benchmarks/distillation_pairs.py DIR -o OUT [--starts bundled fresh] [--kinds plain ...] [--seeds 0 1 2]

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
from safetensors.torch import load_file
from sensor import READER, leave_one_out, pair, say, scores, start, stems

from edgeisp.data.pairset import read_picture
from edgeisp.models.checkpoint import load
from edgeisp.raw.color import color_input, planar, srgb_from_camera
from edgeisp.training.config import TrainConfig
from edgeisp.training.distill import AUTOENCODER
from edgeisp.training.evaluate import render_whole
from edgeisp.training.loop import STATE, train
from edgeisp.training.metrics import psnr
from edgeisp.training.objective import Batch
from edgeisp.training.teachers import Autoencoding, CleanTeacher

STUDENT, TEACHER = "lwisp", "metaisp"
BUDGETS: dict[str, dict[str, Any]] = {
    "bundled": {"steps": 150, "batch": 4, "patch": 48, "lr": 2e-4, "warmup": 20},
    "fresh": {"steps": 250, "batch": 4, "patch": 32, "lr": 7e-4, "warmup": 50},
}
KINDS: dict[str, tuple[float, float] | None] = {
    "plain": None,
    "clean teacher": (0.001, 0.5),
    "clean teacher, features alone": (0.001, 0.0),
    "clean teacher, picture alone": (0.0, 0.5),
    f"{TEACHER} as teacher": (0.01, 0.5),
    f"{TEACHER} as teacher, features alone": (0.01, 0.0),
    f"{TEACHER} as teacher, picture alone": (0.0, 0.5),
}
"""Weights of features and picture; those of features as they were chosen on synthetic pairs."""


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
        for seed in given.seeds:
            for stem in stems(given.data):
                for kind in given.kinds:
                    yield begin, kind, seed, stem


def place_of(begin: str, kind: str, seed: int, stem: str, out: Path) -> Path:
    return out / "distillation" / begin / kind.replace(",", "").replace(" ", "-") / f"{stem}-{seed}"


def student(
    begin: str, kind: str, seed: int, stem: str, given: argparse.Namespace, init: Path, clean: Path
) -> float:
    """What a student that never saw ``stem`` reaches on it."""
    place, fold = place_of(begin, kind, seed, stem, given.out), given.out / TEACHER / stem
    path, weighed = place / "result.json", KINDS[kind]
    if not path.exists():
        teacher = clean if kind.startswith("clean") else fold / "run" / f"{TEACHER}.safetensors"
        weights = learn(
            weighed and (str(teacher), *weighed),
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
    lines = ["| start | training | PSNR, dB | gain over plain, dB | better in |", "|---|---|---|---|---|"]
    for begin, kinds in found.items():
        for kind, results in kinds.items():
            seeds = sorted({seed for seed, _ in results})
            means = [np.mean([value for at, value in results.items() if at[0] == seed]) for seed in seeds]
            spread = f" ± {np.std(means, ddof=1):.2f}" if len(means) > 1 else ""
            gains = np.array([value - kinds["plain"][at] for at, value in results.items()])
            gain = f"{gains.mean():+.3f} ± {gains.std(ddof=1):.3f} | {(gains > 0).sum()} of {gains.size}"
            cells = " | " if kind == "plain" else gain
            lines.append(f"| {begin} | {kind} | {np.mean(means):.2f}{spread} | {cells} |")
    return "\n".join(lines) + "\n"


def standing(given: argparse.Namespace, clean: Path) -> str:
    """PSNR of a plain student and of both teachers on one training picture of each of them, against its target."""
    auto, found = CleanTeacher().eval(), []
    auto.load_state_dict(load_file(clean))
    names = stems(given.data)
    for stem, seen in zip(names, names[1:] + names[:1], strict=True):
        fold, (raw, _) = given.out / TEACHER / stem, pair(given.data, seen)
        target = planar(read_picture(fold / "pairs" / "rgb" / f"{seen}.png"))
        color = torch.from_numpy(color_input(srgb_from_camera(raw.color_matrix)))[None]
        blank = torch.zeros(1, 4, target.shape[1] // 2, target.shape[2] // 2)
        with torch.inference_mode():
            lesson = auto(Batch(blank, color, torch.from_numpy(target)[None], torch.ones(1)))
        weights = place_of("bundled", "plain", 0, stem, given.out) / f"{STUDENT}.safetensors"
        pictures = (
            render_whole(load(STUDENT, weights).network, raw),
            render_whole(load(TEACHER, fold / "run" / f"{TEACHER}.safetensors").network, raw),
            lesson.picture[0].numpy().clip(0, 1),
        )
        found.append([psnr(picture, target) for picture in pictures])
    plain, network, auto_encoder = np.mean(found, 0)
    return (
        f"\nOn one training picture each: plain student {plain:.2f} dB, {TEACHER} {network:.2f} dB, "
        f"clean teacher {auto_encoder:.2f} dB\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--starts", nargs="+", default=list(BUDGETS), choices=list(BUDGETS))
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    given = parser.parse_args()
    torch.set_num_threads(1)
    begins = {network: start(network, given.out) for network in (STUDENT, TEACHER)}
    leave_one_out(TEACHER, begins[TEACHER], given.data, given.out, 150, [])
    clean = clean_teacher(given.out / "distillation" / "teacher", 1500)
    found: dict[str, dict[str, dict[tuple[int, str], float]]] = {}
    for begin, kind, seed, stem in runs(given):
        value = student(begin, kind, seed, stem, given, begins[STUDENT], clean)
        found.setdefault(begin, {}).setdefault(kind, {})[seed, stem] = value
    told = table(found) + (standing(given, clean) if "bundled" in given.starts else "")
    (given.out / "distillation" / "table.md").write_text(told)
    say(told)


if __name__ == "__main__":
    main()
