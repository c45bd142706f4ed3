"""``edgeisp quantize``: from fp32 weights to a checkpoint whose convolutions are int8."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeisp.cli.console import Console, one_of
from edgeisp.cli.options import RawFormatOptions, ThreadOptions
from edgeisp.cli.quantize_layers import measured, mixed, report
from edgeisp.cli.train import watched
from edgeisp.errors import BadInputError

if TYPE_CHECKING:
    from edgeisp.models.functions import ISPNetwork
    from edgeisp.quantize.recipe import Plan

PANEL = "How it is quantized"
TRAINED = "How it is trained"


@dataclass(frozen=True)
class QuantizeOptions:
    """Settings by the fields of `edgeisp.quantize.config.QuantizeConfig`."""

    calibration: Annotated[
        int,
        typer.Option(
            "--calibration",
            rich_help_panel=PANEL,
            help="Pictures that ranges are read from, at least 5: as recorded, dark, bright, saturated, noisy.",
        ),
    ] = 20
    estimator: Annotated[
        str,
        typer.Option(
            "--ranges",
            rich_help_panel=PANEL,
            help="minmax: the true extremes; percentile: without the outermost 0.01 % of each picture.",
            callback=one_of("range estimator", ("minmax", "percentile")),
        ),
    ] = "minmax"
    steps: Annotated[int, typer.Option("--steps", rich_help_panel=TRAINED, help="Optimizer steps.")] = 600
    batch: Annotated[int, typer.Option("--batch", rich_help_panel=TRAINED, help="Patches in a step.")] = 4
    patch: Annotated[
        int,
        typer.Option("--patch", rich_help_panel=TRAINED, help="Packed pixels; pictures are twice as large."),
    ] = 64
    lr: Annotated[float, typer.Option("--lr", rich_help_panel=TRAINED, help="Peak learning rate.")] = 1e-4
    distill_output: Annotated[
        float,
        typer.Option(
            "--distill-output", rich_help_panel=TRAINED, help="Weight of the error to the fp32 picture."
        ),
    ] = 1.0
    distill_features: Annotated[
        float,
        typer.Option(
            "--distill-features", rich_help_panel=TRAINED, help="Weight of the error to the fp32 features."
        ),
    ] = 0.1
    task: Annotated[
        float,
        typer.Option("--task", rich_help_panel=TRAINED, help="Weight of the error to the true picture."),
    ] = 0.1
    seed: Annotated[int, typer.Option("--seed", rich_help_panel=TRAINED, help="Of calibration and data.")] = 0
    workers: Annotated[
        int, typer.Option("--workers", rich_help_panel=TRAINED, help="Processes that make batches.")
    ] = 1
    save_every: Annotated[
        int, typer.Option("--save-every", rich_help_panel=TRAINED, help="Steps between checkpoints.")
    ] = 100


def quantize(
    console: Console,
    options: QuantizeOptions,
    raw: RawFormatOptions,
    threading: ThreadOptions,
    model: Annotated[str, typer.Argument(help="Network; `edgeisp models` lists them.")],
    precision: Annotated[str, typer.Option("--precision", help="w8a8.")] = "w8a8",
    data: Annotated[
        str,
        typer.Option("--data", "-d", help="Training data: synthetic, or a set on disk such as pairs:DIR."),
    ] = "synthetic",
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            "--checkpoint", "--teacher", help="fp32 weights, also the teacher; default the bundled ones."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Checkpoint to write; default MODEL-w8a8.safetensors.")
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option("--start", help="Quantized checkpoint whose weights and ranges training goes on from."),
    ] = None,
    ptq: Annotated[bool, typer.Option("--ptq", help="Post-training only: no training steps.")] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on with the training that stopped: the same settings, maybe another --lr."
        ),
    ] = False,
    keep_float: Annotated[
        str, typer.Option("--keep-float", rich_help_panel=PANEL, help="Layers to leave in float: L1,L2.")
    ] = "",
    budget_db: Annotated[
        float | None,
        typer.Option(
            "--budget-db",
            rich_help_panel=PANEL,
            help="Leave as few layers in float as keep the loss against the truth within so many dB.",
        ),
    ] = None,
    sensitivity: Annotated[
        bool,
        typer.Option(
            "--sensitivity", help="Measure each layer alone in int8; write a table and a plot, stop."
        ),
    ] = False,
) -> None:
    """Make the convolutions of a network int8: NNCF inserts the quantizers, training with the fp32 network follows.

    The checkpoint holds int8 weights and all ranges; `edgeisp export MODEL --precision w8a8 --checkpoint F` takes it to
    every target. The training's log and state lie in a folder beside it. At the end the pictures that it makes of the
    synthetic test, which training never sees, are compared with those of the fp32 network.

    Examples:

    edgeisp quantize metaisp --ptq -o q.safetensors

    edgeisp quantize metaisp --data pairs:my_phone --steps 1000 -o q.safetensors

    edgeisp quantize metaisp --sensitivity -o layers.csv

    edgeisp quantize metaisp --ptq --budget-db 0.1
    """
    if precision != "w8a8":
        raise BadInputError(
            f"nothing to prepare for {precision}",
            where="--precision",
            cure="quantize takes w8a8; `edgeisp export` makes all others from fp32 weights",
        )
    ptq = ptq or options.steps == 0
    for name, given in (("--start", start), ("--resume", resume)):
        if given and ptq:
            raise BadInputError("nothing to train", where="--ptq", cure=f"leave it or {name} out")
    if out is not None and not sensitivity and out.suffix != ".safetensors":
        raise BadInputError("a checkpoint is a .safetensors file", where=out, cure="name it so")
    if budget_db is not None and budget_db < 0:
        raise BadInputError(
            f"a loss of {budget_db:g} dB", where="--budget-db", cure="give what may be lost, such as 0.1"
        )
    from edgeisp.extras import require
    from edgeisp.models import MODELS

    MODELS.get(model)
    require("quantize")
    require("train")
    from edgeisp.quantize import recipe
    from edgeisp.quantize.config import QuantizeConfig
    from edgeisp.training.config import check

    layers = tuple(name.strip() for name in keep_float.split(",") if name.strip())
    settings = {**vars(options), "steps": 0 if ptq else options.steps}
    config = check(QuantizeConfig(model=model, data=data, reader=raw.reader(), keep_float=layers, **settings))
    path = out or Path(f"{model}-{precision}.{'csv' if sensitivity else 'safetensors'}")
    run = path.with_suffix(".run")
    if not ptq and not sensitivity:
        from edgeisp.training.loop import check_run

        check_run(config.training(), run, resume)
    threading.apply()
    plan = recipe.plan(config, checkpoint, start, console.note)
    if sensitivity or budget_db is not None:
        losses = measured(console, plan)
        if sensitivity:
            report(console, losses, path)
            return
        plan = mixed(plan, losses, budget_db or 0.0)
    network = plan.post_training() if ptq else _trained(console, plan, run, resume)
    recipe.write(path, plan, network, "ptq" if ptq else "qat")
    _tell(console, plan, network, path, "ptq" if ptq else "qat")


def _tell(console: Console, plan: Plan, network: ISPNetwork, path: Path, method: str) -> None:
    """What was written, how near it is to the fp32 network, and what to do with it."""
    from edgeisp.data.synthetic_test import shots
    from edgeisp.quantize.quality import nearness

    taken = list(shots())
    with console.progress("comparing with fp32", total=len(taken)) as advance:
        near = nearness(plan.network, network, taken, lambda name: advance())
    facts = {
        "checkpoint": str(path),
        "precision": "w8a8",
        "method": method,
        "int8": len(plan.scheme),
        "float": plan.float_layers,
        "calibration_sha256": plan.calibrated.sha256,
        "to_fp32": asdict(near),
        "next": f"edgeisp export {plan.config.model} --target tflite --precision w8a8 --checkpoint {path}",
    }
    lines = [
        f"{path}  {len(plan.scheme)} convolutions in int8",
        *(f"float: {name}: {reason}" for name, reason in plan.float_layers.items()),
        f"quality: {near}",
        f"next: {facts['next']}",
    ]
    console.result(facts, "\n".join(lines))


def _trained(console: Console, plan: Plan, folder: Path, resume: bool) -> Any:
    from edgeisp.quantize.distillation import distil

    what = f"{plan.config.model} in int8"
    with watched(console, what, plan.config.steps, folder) as (report, _):
        return distil(plan, folder, resume=resume, report=report)
