"""``edgeisp distill``: weights from data and a teacher."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from edgeisp.cli.console import Console
from edgeisp.cli.options import DataOptions, RawFormatOptions, ThreadOptions
from edgeisp.cli.train import TrainOptions, check_trainable, shown

PANEL = "How it is taught"


@dataclass(frozen=True)
class TeacherOptions:
    """What is added to plain training, by the fields of `edgeisp.training.distill.DistillConfig`."""

    teacher: Annotated[
        str,
        typer.Option(
            "--teacher",
            rich_help_panel=PANEL,
            help="clean: an auto-encoder of the clean picture, trained first. Or a network, or a checkpoint.",
        ),
    ] = "clean"
    teacher_steps: Annotated[
        int | None,
        typer.Option(
            "--teacher-steps", rich_help_panel=PANEL, help="Of a clean teacher; default --steps / 2."
        ),
    ] = None
    alpha: Annotated[
        float, typer.Option("--alpha", rich_help_panel=PANEL, help="Weight of the teacher's features.")
    ] = 0.001
    beta: Annotated[
        float, typer.Option("--beta", rich_help_panel=PANEL, help="Weight of the teacher's picture.")
    ] = 0.5
    fade: Annotated[
        float,
        typer.Option("--fade", rich_help_panel=PANEL, help="Share of the run, at its end, without teacher."),
    ] = 0.2


def distill(
    console: Console,
    options: TrainOptions,
    teaching: TeacherOptions,
    raw: RawFormatOptions,
    given: DataOptions,
    threading: ThreadOptions,
    model: Annotated[str, typer.Argument(help="Student; `edgeisp models` lists the networks.")],
    data: Annotated[
        str,
        typer.Option("--data", "-d", help="synthetic, pairs:DIR, dng:DIR, zrr:DIR or mai21:DIR."),
    ] = "synthetic",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder of the run; default runs/MODEL-distilled.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where the run in the folder stopped, to the same weights.")
    ] = False,
) -> None:
    """Train a network under a teacher: by its features and its picture, beside the target.

    Writes what `edgeisp train` writes; a clean teacher goes to the folder teacher/ of the run.

    Examples:

    edgeisp distill lwisp --data synthetic --steps 2000 -o runs/taught

    edgeisp distill lwisp --teacher metaisp --alpha 0.01

    edgeisp train metaisp-large --data synthetic -o runs/large

    edgeisp distill lwisp --data synthetic --teacher runs/large/metaisp-large.safetensors
    """
    from edgeisp.extras import require

    check_trainable(model)
    require("train")
    from edgeisp.data.open import GENERATED, check_name
    from edgeisp.training.config import DistillConfig, check_teacher, settings

    check_name(data, *GENERATED)
    check_teacher(teaching.teacher)
    config = settings(
        DistillConfig,
        model=model,
        data=data,
        reader=raw.reader(),
        **vars(given),
        **vars(options),
        **vars(teaching),
    )
    folder = out or Path("runs") / f"{model}-distilled"
    from edgeisp.training.distill import distill as run  # torch, for which no typing error should wait

    threading.apply()
    with shown(console, f"{model} under {teaching.teacher}", config, folder) as report:
        run(config, folder, resume=resume, report=report)
