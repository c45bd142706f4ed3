"""``edgeisp posisp show``: what a policy does to a photograph, step by step."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeisp.cli.console import Console
from edgeisp.cli.options import RawOptions
from edgeisp.cli.posisp.options import Policy

PIXELS = 640 * 640
"""About the size at which the steps are shown, in packed pixels."""


def show(
    console: Console,
    source: RawOptions,
    checkpoint: Policy = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="PNG; default PHOTO.posisp.png beside it.")
    ] = None,
) -> None:
    """Show the sequence, its parameters in physical units, the picture after each module, and the policy's odds.

    The steps are shown of the frame at reduced size; the parameters are those of `edgeisp render --model posisp`.

    Example:

    edgeisp posisp show IMG.dng --checkpoint runs/posisp-enhance/posisp.safetensors -o steps.png
    """
    import numpy as np
    import torch

    from edgeisp.files import whole
    from edgeisp.models.checkpoint import load
    from edgeisp.posisp.network import KEY, PosISP
    from edgeisp.posisp.policy import SIDE
    from edgeisp.render.frame import Frame
    from edgeisp.render.steps import steps_sheet

    loaded = load("posisp", checkpoint)
    network = loaded.network
    assert isinstance(network, PosISP)
    path = output or source.photo.with_suffix(".posisp.png")
    frame = Frame.of(source.read())
    with torch.inference_mode():
        color = torch.from_numpy(frame.color)
        raw = network.context(torch.from_numpy(frame.thumbnail(SIDE, SIDE))[None], color)
        x = network.linear(torch.from_numpy(frame.reduced(PIXELS, network.stride))[None], color)
        pictures = [x]
        for i in network.sequence:
            pictures.append(network.pipeline.run(pictures[-1], raw, (i,)))
        odds = network.order.distribution(network.sequence)
    decided = network.pipeline.physical(raw[0], network.sequence)
    turned = [np.stack([frame.upright(plane) for plane in y[0].clamp(0, 1).numpy()], 2) for y in pictures]
    shown = [np.round(y * 255).astype(np.uint8) for y in turned]
    names = network.pipeline.names
    title = f"{source.photo.name} through posisp ({loaded.path.name}, {loaded.sha256[:12]})"
    sheet = steps_sheet(title, shown, decided, [*names, "stop"], odds.numpy())
    with whole(path) as part:
        sheet.save(part, "PNG")
    facts = {
        "output": str(path),
        "task": loaded.card[KEY].get("task"),
        "sequence": decided,
        "odds": [dict(zip([*names, "stop"], row, strict=True)) for row in odds.tolist()],
    }
    lines = [f"{i}. {described(step)}" for i, step in enumerate(decided, 1)]
    console.result(facts, "\n".join([f"{path}  {sheet.width}x{sheet.height}", *lines]))


def described(step: dict[str, object]) -> str:
    """A module and its parameters in one line."""
    from edgeisp.render.steps import parameters_text

    return f"{step['module']}: {parameters_text(step)}"
