"""Post-training quantization, training on the truth, and training under the fp32 network: several seeds, equal budget.

Each seed draws its own calibration pictures and its own training patches. A run that is done is kept in ``--work`` and
not made again.
"""

from __future__ import annotations

import argparse
import json
import statistics
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from rich.console import Console

from edgeisp.data.synthetic_test import ISOS
from edgeisp.files import whole
from edgeisp.models.functions import ISPNetwork
from edgeisp.quantize import recipe
from edgeisp.quantize.config import QuantizeConfig
from edgeisp.quantize.distillation import distil
from edgeisp.training import gradients
from edgeisp.training.evalset import EvalPicture, synthetic_test
from edgeisp.training.evaluate import render_whole
from edgeisp.training.metrics import psnr

METHODS = {
    "calibrated only": None,
    "trained on the truth": {"distill_output": 0.0, "distill_features": 0.0, "task": 1.0},
    "trained under the fp32 network": {"distill_output": 0.5, "distill_features": 0.1, "task": 1.0},
}
notes = Console(stderr=True)


@dataclass(frozen=True)
class Figures:
    """Of one int8 network, each by ISO but the banding."""

    to_fp32: dict[str, float]
    """PSNR to the fp32 network's picture, of the mean squared error over the pictures."""
    task: dict[str, float]
    """Change of PSNR to the truth, mean over the pictures."""
    banding: float


def main() -> None:
    """Make what is missing, print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="metaisp")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--work", type=Path, default=Path("build/bench-recipes"))
    chosen = parser.parse_args()
    chosen.work.mkdir(parents=True, exist_ok=True)
    pictures: list[EvalPicture] = []
    full: list[np.ndarray] = []
    results: dict[str, list[Figures]] = {name: [] for name in METHODS}
    for seed in range(chosen.seeds):
        plan: recipe.Plan | None = None
        for number, (name, weights) in enumerate(METHODS.items()):
            folder = chosen.work / f"{chosen.model}-{chosen.steps}-{number}-{seed}"
            kept = folder.with_suffix(".json")
            if not kept.is_file():
                config = QuantizeConfig(
                    model=chosen.model,
                    seed=seed,
                    steps=chosen.steps,
                    lr=2e-4,
                    save_every=50,
                    **(weights or {}),
                )
                notes.print(f"seed {seed}: {name}")
                plan = recipe.plan(config, None) if plan is None else replace(plan, config=config)
                network = distil(plan, folder, resume=folder.is_dir()) if weights else plan.post_training()
                if not pictures:
                    pictures = list(synthetic_test())
                    full = [render_whole(plan.source.network, picture.raw) for picture in pictures]
                found = measured(network, pictures, full)
                with whole(kept) as part:
                    part.write_text(json.dumps(asdict(found)))
            results[name].append(Figures(**json.loads(kept.read_text())))
    Console(width=200, highlight=False).print("\n".join(table(chosen.model, chosen.steps, results)))


def table(model: str, steps: int, results: dict[str, list[Figures]]) -> list[str]:
    """Markdown."""
    seeds = len(next(iter(results.values())))
    lines = [
        f"`{model}`, {steps} steps where trained, {seeds} seeds, mean ± standard deviation:",
        "",
        "| | ISO | PSNR to fp32 | PSNR to the truth, against fp32 | false step on the chart |",
        "|---|---|---|---|---|",
    ]
    for name, runs in results.items():
        for iso in map(str, ISOS):
            near = spread([run.to_fp32[iso] for run in runs], 1, "")
            task = spread([run.task[iso] for run in runs], 2)
            band = spread([run.banding for run in runs], 1, "") if iso == str(ISOS[0]) else ""
            lines.append(f"| {name} | {iso} | {near} dB | {task} dB | {band} |")
    return lines


def measured(network: ISPNetwork, pictures: list[EvalPicture], full: list[np.ndarray]) -> Figures:
    """Of a frozen network against the fp32 pictures in ``full``."""
    errors: dict[str, list[float]] = {str(iso): [] for iso in ISOS}
    losses: dict[str, list[float]] = {str(iso): [] for iso in ISOS}
    for picture, expected in zip(pictures, full, strict=True):
        got, iso = render_whole(network, picture.raw), str(picture.iso)
        errors[iso].append(float(np.square(got - expected).mean()))
        truth, how = picture.truth, picture.measure
        losses[iso].append(psnr(got, truth, how) - psnr(expected, truth, how))
    chart = gradients.banding(render_whole(network, gradients.chart()))
    decibels = {iso: -10 * float(np.log10(np.mean(values))) for iso, values in errors.items()}
    return Figures(decibels, {iso: statistics.mean(values) for iso, values in losses.items()}, chart)


def spread(values: list[float], digits: int, sign: str = "+") -> str:
    """Mean and standard deviation."""
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):{sign}.{digits}f} ± {deviation:.{digits}f}"


if __name__ == "__main__":
    main()
