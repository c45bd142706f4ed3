"""``edgeisp models``: the networks, their size, their checkpoints, and what is known of each."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeisp.cli.console import Console


def models(
    console: Console,
    name: Annotated[str | None, typer.Argument(help="Show the card of this network.")] = None,
) -> None:
    """List the networks with their size and checkpoints, or show the card of one.

    Example: edgeisp models metaisp
    """
    console.result({"models": []}, "nothing yet")
