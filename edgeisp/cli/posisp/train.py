"""``edgeisp posisp train``: a policy for a task."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeisp.cli.console import Console
from edgeisp.cli.options import RawFormatOptions, parse_names
from edgeisp.cli.posisp.options import TaskData, TaskNetwork, TaskWeights

if TYPE_CHECKING:
    from edgeisp.training.posisp.run import PolicyProgress

PANEL = "How it is trained; defaults are those of the recipe"


def _knob(name: str, help: str) -> Any:
    return typer.Option(name, rich_help_panel=PANEL, help=help)


@dataclass(frozen=True)
class PolicyOptions:
    """Settings of a run, by the fields of `edgeisp.training.posisp.config.PolicyConfig`; None: the recipe's."""

    steps: Annotated[int | None, _knob("--steps", "Optimizer steps: 1500; 15000 with --paper.")] = None
    batch: Annotated[int | None, _knob("--batch", "Examples in a step, over all processes: 8; 2.")] = None
    sequences: Annotated[
        int | None, _knob("--sequences", "Sequences drawn in a step, each run on the whole batch: 6.")
    ] = None
    patch: Annotated[
        int | None, _knob("--patch", "Packed pixels of an example; pictures are twice as large: 32; 256.")
    ] = None
    lr_parameters: Annotated[
        float | None, _knob("--lr-parameters", "Of the parameter predictor: 1e-3; 1e-4.")
    ] = None
    lr_order: Annotated[float | None, _knob("--lr-order", "Of the sequence predictor: 1e-3; 1e-5.")] = None
    entropy: Annotated[
        float | None,
        _knob("--entropy", "Least entropy of the policy as it learns, 0 to 1, against collapse: 0.6; none."),
    ] = None
    penalty: Annotated[
        float | None, _knob("--penalty", "Reward lost per ms of the modules, for shorter sequences: 0.")
    ] = None
    settle: Annotated[
        float | None,
        _knob("--settle", "Share of the run, at its end, with the best order found so far: 0.25; 0."),
    ] = None
    seed: Annotated[int, _knob("--seed", "Of weights, data and sequences.")] = 0
    workers: Annotated[int, _knob("--workers", "Processes that make examples.")] = 1
    save_every: Annotated[int, _knob("--save-every", "Steps between states to resume from.")] = 200
    log_every: Annotated[int, _knob("--log-every", "Steps between lines of the log.")] = 20


def train(
    console: Console,
    options: PolicyOptions,
    raw: RawFormatOptions,
    task: Annotated[
        str, typer.Option("--task", "-t", help="enhance, detect, segment, classify, or a plug-in's.")
    ],
    data: TaskData = "synthetic",
    network: TaskNetwork = None,
    weights: TaskWeights = None,
    modules: Annotated[
        str | None,
        typer.Option(
            "--modules",
            help="Names of modules to choose from, with commas; default the paper's ten, the denoiser a fast one.",
        ),
    ] = None,
    order: Annotated[
        str | None,
        typer.Option(
            "--order", help="Names of modules in their order, with commas: only parameters are learned."
        ),
    ] = None,
    paper: Annotated[
        bool, typer.Option("--paper", help="The paper's formulas, initialisation, objective and constants.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder of the run; default runs/posisp-TASK.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where the run in the folder stopped, to the same weights.")
    ] = False,
) -> None:
    """Learn in which order modules should run for a task, and their parameters for each picture.

    Writes posisp.safetensors, log.csv (reward and entropy of the policy) and the state to resume from. A policy that
    settles on something useless stops the run. Several processes: start it with torchrun.

    Examples:

    edgeisp posisp train --task enhance

    edgeisp posisp train --task detect --penalty 0.02

    edgeisp posisp train --task enhance --penalty 0.005 -o runs/short

    edgeisp posisp train --task detect --data lod:LOD --network torchvision:fcos_resnet50_fpn --weights fcos.pth

    edgeisp posisp train --task enhance --data pairs:my_phone --modules exposure,ccm,local-tone,gamma

    edgeisp posisp train --task detect --order fast-denoise,exposure,gamma -o runs/fixed

    edgeisp posisp train --task enhance --paper --steps 20000 -o runs/paper
    """
    from edgeisp.extras import require
    from edgeisp.training.tasks import TASKS

    TASKS.check(task, "--task")
    require("train")
    from edgeisp.training.posisp.config import configured
    from edgeisp.training.posisp.run import train_policy

    config = configured(
        paper=paper,
        task=task,
        data=data,
        network=network,
        weights=weights and str(weights),
        reader=raw.reader(),
        modules=None if modules is None else parse_names(modules, "--modules"),
        order=None if order is None else parse_names(order, "--order"),
        **vars(options),
    )
    folder = out or Path("runs") / f"posisp-{task}"
    last: list[PolicyProgress] = []
    with console.progress(f"policy for {task}", total=config.steps) as advance:

        def report(now: PolicyProgress) -> None:
            advance(
                now.step - (last[-1].step if last else 0),
                f"reward {now.reward:+.3f}, entropy {now.entropy:.2f}, {len(now.sequence)} modules",
            )
            last[:] = [now]

        path, figures = train_policy(config, folder, resume=resume, report=report, note=console.note)
    facts = {"weights": str(path), "log": str(folder / "log.csv"), "steps": config.steps, **figures}
    if last:
        facts |= {"sequence": list(last[-1].sequence), "reward": last[-1].reward}
    console.result(facts, f"{path}  {summary(figures)}")


def summary(figures: dict[str, Any]) -> str:
    """The figures of a policy in one line."""
    others = figures["random_orders"]
    return (
        f"{figures['metric']}: {figures['policy']:.2f}; linear RAW {figures['linear_raw']:.2f}, random orders "
        f"{min(others):.2f} to {max(others):.2f} ({figures['examples']} test examples)"
    )
