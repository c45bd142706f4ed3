"""``edgeisp posisp eval``: a policy on its task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeisp.cli.console import Console
from edgeisp.cli.options import RawFormatOptions
from edgeisp.cli.posisp.options import Policy, TaskData, TaskNetwork, TaskWeights
from edgeisp.errors import BadInputError

if TYPE_CHECKING:
    from rich.table import Table


def evaluate(
    console: Console,
    raw: RawFormatOptions,
    checkpoint: Policy = None,
    task: Annotated[
        str | None, typer.Option("--task", "-t", help="Default: the one that it was trained for.")
    ] = None,
    data: TaskData = "synthetic",
    network: TaskNetwork = None,
    weights: TaskWeights = None,
    patch: Annotated[int, typer.Option("--patch", help="Packed pixels of an example.")] = 32,
    random_orders: Annotated[
        int, typer.Option("--random-orders", min=1, help="Orders of all modules to compare with.")
    ] = 8,
    seed: Annotated[int, typer.Option("--seed", help="Of test examples and random orders.")] = 0,
) -> None:
    """Measure the task's metric of linear RAW, of the policy's sequence, and of the same parameters in random orders.

    Example:

    edgeisp posisp eval --checkpoint runs/posisp-enhance/posisp.safetensors
    """
    from edgeisp.extras import require

    require("train")
    import numpy as np

    from edgeisp.models import checkpoint as checkpoints
    from edgeisp.posisp.network import KEY, PosISP
    from edgeisp.training.posisp.evaluate import batches, figures
    from edgeisp.training.tasks import TASKS
    from edgeisp.training.tasks.base import TaskOptions

    loaded = checkpoints.load("posisp", checkpoint)
    assert isinstance(loaded.network, PosISP)
    name = task or loaded.card[KEY].get("task")
    if not name:
        raise BadInputError("its card names no task", where=loaded.path, cure="name one with --task")
    goal = TASKS.get(name)(
        TaskOptions(
            data=data,
            network=network,
            weights=weights,
            patch=patch,
            seed=seed,
            reader=raw.reader(),
            note=console.note,
        )
    )
    goal.eval().requires_grad_(False)
    test = list(batches(goal.examples("test"), range(goal.test_size)))
    found = figures(loaded.network, goal, test, random_orders, seed)
    rows = {
        "linear RAW": found["linear_raw"],
        f"policy: {', '.join(loaded.card[KEY]['sequence'])}": found["policy"],
        f"{random_orders} random orders, mean": float(np.mean(found["random_orders"])),
        f"{random_orders} random orders, best": max(found["random_orders"]),
    }
    facts = {"task": name, "data": data, "checkpoint": str(loaded.path), "sha256": loaded.sha256, **found}
    console.result(facts, _table(f"{name}, {data}, {found['examples']} examples", goal.metric, rows))


def _table(title: str, metric: str, rows: dict[str, Any]) -> Table:
    from rich.table import Table

    table = Table("", metric, title=title, title_justify="left", box=None)
    for name, value in rows.items():
        table.add_row(name, f"{value:.2f}")
    return table
