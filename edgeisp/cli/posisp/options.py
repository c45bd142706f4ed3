"""Arguments that several verbs of ``edgeisp posisp`` take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Policy = Annotated[
    Path | None, typer.Option("--checkpoint", help="Of `edgeisp posisp train`; default the bundled one.")
]
TaskData = Annotated[
    str, typer.Option("--data", "-d", help="synthetic, or a data set that the task takes, as KIND:DIR.")
]
TaskWeights = Annotated[
    Path | None, typer.Option("--weights", help="Of the task's frozen network; default: it has its own.")
]
TaskNetwork = Annotated[
    str | None,
    typer.Option(
        "--network",
        help="The task's frozen network, torchvision:NAME with --weights; default: a small one of its own.",
    ),
]
