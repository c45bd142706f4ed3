"""``edgeisp posisp show``: what a policy does to a photograph, step by step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeisp.cli.console import Console
from edgeisp.cli.options import RawFormatOptions
from edgeisp.errors import BadInputError

if TYPE_CHECKING:
    from torch import Tensor

    from edgeisp.posisp.network import PosISP
    from edgeisp.render.frame import Frame
    from edgeisp.render.sheet import Pixels

PAGES = (".html", ".htm")
PIXELS = 640 * 640
"""About the size at which the steps are shown, in packed pixels."""


def show(
    console: Console,
    raw: RawFormatOptions,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="[CHECKPOINT] PHOTO",
            help="Of `edgeisp posisp train`, default the bundled one; and a RAW file.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="PNG or, by its suffix, HTML; default PHOTO.posisp.png beside it."
        ),
    ] = None,
    cube: Annotated[
        Path | None,
        typer.Option("--cube", help="Also write point-wise modules in a row as a table of colours (.cube)."),
    ] = None,
) -> None:
    """Show the sequence, its parameters in physical units, the picture after each module, and the policy's odds.

    The steps are shown of the frame at reduced size; the parameters are those of `edgeisp render --model posisp`.

    Examples:

    edgeisp posisp show IMG.dng -o steps.png

    edgeisp posisp show runs/posisp-enhance/posisp.safetensors IMG.dng -o steps.html

    edgeisp posisp show IMG.dng --cube look.cube
    """
    import torch

    from edgeisp.files import whole
    from edgeisp.models.checkpoint import load
    from edgeisp.posisp.network import KEY, PosISP
    from edgeisp.posisp.policy import SIDE
    from edgeisp.render.frame import Frame
    from edgeisp.render.steps import steps_sheet
    from edgeisp.render.steps_page import steps_page

    if len(files) > 2:
        raise BadInputError(f"{len(files)} files", where="posisp show", cure="give [CHECKPOINT] PHOTO")
    photo = files[-1]
    path = output or photo.with_suffix(".posisp.png")
    if path.suffix.lower() not in (".png", *PAGES):
        raise BadInputError(
            f"cannot write {path.suffix or 'this'}", where=path, cure="name a .png or .html file"
        )
    loaded = load("posisp", files[0] if len(files) == 2 else None)
    network = loaded.network
    assert isinstance(network, PosISP)
    frame = Frame.of(raw.reader().read(photo))
    with torch.inference_mode():
        color = torch.from_numpy(frame.color)
        values = network.context(torch.from_numpy(frame.thumbnail(SIDE, SIDE))[None], color)
        x = network.linear(torch.from_numpy(frame.reduced(PIXELS, network.stride))[None], color)
        pictures = [x]
        for i in network.sequence:
            pictures.append(network.pipeline.run(pictures[-1], values, (i,)))
        odds = network.order.distribution(network.sequence).numpy()
        cubes = _cubes(network, values, photo.stem, cube) if cube else {}
    decided = network.pipeline.physical(values[0], network.sequence)
    shown = [_shown(frame, y) for y in pictures]
    tokens = [*network.pipeline.names, "stop"]
    title = f"{photo.name} through posisp ({loaded.path.name}, {loaded.sha256[:12]})"
    with whole(path) as part:
        if path.suffix.lower() in PAGES:
            part.write_text(steps_page(title, shown, decided, tokens, odds))
        else:
            steps_sheet(title, shown, decided, tokens, odds).save(part, "PNG")
    for name, text in cubes.items():
        with whole(name) as part:
            part.write_text(text)
    facts = {
        "output": str(path),
        "task": loaded.card[KEY].get("task"),
        "sequence": decided,
        "odds": [dict(zip(tokens, row, strict=True)) for row in odds.tolist()],
        "cubes": [str(name) for name in cubes],
    }
    lines = [f"{i}. {described(step)}" for i, step in enumerate(decided, 1)]
    console.result(facts, "\n".join([" ".join(map(str, [path, *cubes])), *lines]))


def _shown(frame: Frame, picture: Tensor) -> Pixels:
    """Upright, ``H x W x 3``, 8 bit."""
    import numpy as np

    upright = np.stack([frame.upright(plane) for plane in picture[0].clamp(0, 1).numpy()], 2)
    return np.round(upright * 255).astype(np.uint8)


def _cubes(network: PosISP, values: Tensor, title: str, path: Path) -> dict[Path, str]:
    """The table of each run of point-wise modules, by its file: ``path``, numbered where there are several."""
    from edgeisp.posisp.cube import cube
    from edgeisp.posisp.table import bounded

    pipeline = network.pipeline
    found = [run for run in bounded(pipeline, values, network.sequence) if run.pointwise]
    if not found:
        names = ", ".join(network.card()["sequence"])
        raise BadInputError(f"no point-wise module among {names}", where="--cube", cure="leave it out")
    texts = [cube(title, pipeline, values, run.ids, run.peak) for run in found]
    if len(texts) == 1:
        return {path: texts[0]}
    return {path.with_stem(f"{path.stem}-{i}"): text for i, text in enumerate(texts, 1)}


def described(step: dict[str, object]) -> str:
    """A module and its parameters in one line."""
    from edgeisp.render.steps import parameters_text

    return f"{step['module']}: {parameters_text(step)}"
