"""``edgeisp inspect``: what a network sees in a photograph, on one sheet."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from edgeisp.cli.console import Console
from edgeisp.cli.engine import EngineOptions
from edgeisp.cli.fit import start
from edgeisp.cli.options import NetworkOptions, RawOptions
from edgeisp.errors import BadInputError

PLANE_PIXELS = 384 * 384
"""Size to which the planes are shrunk for the maps."""


def inspect(
    console: Console,
    source: RawOptions,
    network: NetworkOptions,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="PNG, JPEG or 16-bit TIFF by its suffix; default PHOTO.inspect.png beside it.",
        ),
    ] = None,
) -> None:
    """Show on one sheet the packed planes, the network's attention maps and basis weights, and the picture.

    The picture and the weights are those of `edgeisp render`; the maps are of the frame at reduced size.

    Example:

    edgeisp inspect IMG.dng -o sheet.png
    """
    import numpy as np
    import torch

    from edgeisp.models.checkpoint import load
    from edgeisp.models.inspection import Inspectable, Inspection
    from edgeisp.models.task import ISP
    from edgeisp.render.exif import Exif
    from edgeisp.render.frame import Frame
    from edgeisp.render.output import format_of, write_picture
    from edgeisp.render.quantize import Quantizer
    from edgeisp.render.sheet import compose

    engine = EngineOptions()
    if engine.task(network) != ISP:
        raise BadInputError(
            f"{network.model} takes no RAW picture to sRGB", where="--model", cure="name a network that does"
        )
    path = output or source.photo.with_suffix(".inspect.png")
    bits = format_of(path).bits
    raw = source.read()
    loaded = load(network.model, network.checkpoint)
    frame = Frame.of(raw)
    renderer = start(engine, network, console.progress)(frame.size)
    with console.progress("rendering", total=len(renderer.tiles(frame))) as advance:
        picture = dataclasses.replace(renderer, on_tile=advance).render(frame, Quantizer(8))
    planes = frame.reduced(PLANE_PIXELS, renderer.stride)
    seen = Inspection({}, {})
    if isinstance(loaded.network, Inspectable):
        context = [torch.from_numpy(value) for value in renderer.context(frame).values()]
        with torch.inference_mode():
            seen = loaded.network.inspect(torch.from_numpy(planes[None]), *context)
    maps = {name: frame.upright(values.numpy()) for name, values in seen.maps.items()}
    weights = {name: values.numpy() for name, values in seen.weights.items()}
    title = f"{source.photo.name} through {network.model} ({loaded.path.name}, {loaded.sha256[:12]})"
    sheet = compose(title, picture, [frame.upright(plane) for plane in planes], maps, weights)
    codes = np.asarray(sheet)
    if bits == 16:
        codes = codes.astype(np.uint16) * 257
    write_picture([codes], codes.shape[:2], path, Exif())
    facts = {
        "output": str(path),
        "width": sheet.width,
        "height": sheet.height,
        "weights": {name: [round(float(w), 4) for w in value] for name, value in weights.items()},
        "mean_attention": {name: round(float(value.mean()), 4) for name, value in maps.items()},
    }
    console.result(facts, f"{path}  {sheet.width}x{sheet.height}")
