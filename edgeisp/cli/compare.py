"""``edgeisp compare``: checkpoints and artifacts side by side."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeisp.cli.console import Console
from edgeisp.cli.engine import EngineOptions
from edgeisp.cli.fit import start
from edgeisp.cli.options import NetworkOptions, RawFormatOptions
from edgeisp.errors import BadInputError

if TYPE_CHECKING:
    from rich.table import Table

    from edgeisp.raw import RawImage
    from edgeisp.raw.image import Floats
    from edgeisp.render.frame import Frame
    from edgeisp.render.renderer import Renderer
    from edgeisp.training.comparison import Comparison, Render

HEAD = ("what", "ISO", "PSNR to 1st", "SSIM", "ΔE2000", "PSNR to truth", "SSIM", "ΔE2000", "band")


def compare(
    console: Console,
    raw: RawFormatOptions,
    subjects: Annotated[
        list[str],
        typer.Argument(help="Checkpoints (files, or bundled ones by name) and artifacts; two or more."),
    ],
    data: Annotated[
        str, typer.Option("--data", "-d", help="synthetic-test, pairs:DIR, dng:DIR, zrr:DIR or mai21:DIR.")
    ] = "synthetic-test",
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the sheet (PNG) and the page (HTML).")
    ] = Path("compare"),
    threads: Annotated[int, typer.Option("--threads", min=0, help="0 leaves it to the engines.")] = 0,
) -> None:
    """Render the same RAW files by several checkpoints and artifacts and compare them with the first one and the truth.

    PSNR, SSIM and CIEDE2000 for each; a sheet of the crops in which they differ most from the first one, with maps of
    the difference; and a chart of smooth gradients, on which the largest false step is measured: a band.

    Examples:

    edgeisp compare metaisp metaisp-w8a8

    edgeisp compare metaisp build/metaisp-w8a8.tflite build/metaisp-w8a8.onnx --data pairs:my_phone -o compare
    """
    from edgeisp.extras import require
    from edgeisp.files import check_folder, make_folder, whole

    require("train")
    check_folder(out)
    if len(subjects) < 2 or len(set(subjects)) < len(subjects):
        raise BadInputError(
            "nothing to compare", where=" ".join(subjects), cure="name two or more, each of them once"
        )
    renders = {name: _render(console, name, threads) for name in subjects}
    from edgeisp.training.comparison import compare as run
    from edgeisp.training.comparison_sheet import page, sheet
    from edgeisp.training.evalset import evaluation_set

    pictures = evaluation_set(data, raw.reader())
    for note in pictures.notes:
        console.note(note)
    with console.progress("comparing", total=len(pictures)) as advance:
        found = run(renders, pictures, lambda name: advance(1, name))
    make_folder(out)
    title = f"{', '.join(subjects)} on {data}"
    image = sheet(title, found)
    with whole(out / "compare.png") as part:
        image.save(part, "PNG", optimize=True)
    lines = _lines(found)
    with whole(out / "compare.html") as part:
        part.write_text(page(title, HEAD, lines, image), encoding="utf-8")
    facts = {
        "data": data,
        "page": str(out / "compare.html"),
        "sheet": str(out / "compare.png"),
        "subjects": [asdict(row) for row in found.rows],
        "worst": [
            {key: getattr(crop, key) for key in ("picture", "iso", "top", "left", "subject", "psnr")}
            for crop in found.worst
        ],
    }
    console.result(facts, _table(lines, f"{out / 'compare.html'}, {out / 'compare.png'}"))


def _render(console: Console, name: str, threads: int) -> Render:
    """What turns RAW into pictures for a checkpoint or an artifact, through the renderer that users have."""
    from edgeisp.checkpoints import bundled
    from edgeisp.models import checkpoint
    from edgeisp.models.task import ISP
    from edgeisp.render.frame import Frame

    path = Path(name)
    weights = path if path.suffix == ".safetensors" else bundled(name)
    if weights is None and not path.exists():
        raise BadInputError(
            "neither a file nor a bundled checkpoint",
            where=name,
            cure="`edgeisp models` lists what is bundled",
        )
    network = NetworkOptions() if weights is None else NetworkOptions(checkpoint.network_of(weights), weights)
    options = EngineOptions(artifact=path if weights is None else None, threads=threads, given=False)
    if options.task(network) != ISP:
        raise BadInputError("takes no RAW picture to sRGB", where=name, cure="name networks that do")
    fit = start(options, network, console.progress)

    def run(raw: RawImage) -> Floats:
        frame = Frame.of(raw)
        return _picture(fit(frame.size), frame)

    return run


def _picture(renderer: Renderer, frame: Frame) -> Floats:
    import numpy as np

    from edgeisp.render.quantize import Quantizer

    picture = renderer.render(frame, Quantizer(16)).transpose(2, 0, 1)
    return (picture / np.float32(65535)).astype(np.float32)


def _lines(found: Comparison) -> list[list[str]]:
    lines = []
    for row in found.rows:
        for iso, truth in row.to_truth.items():
            first = row.to_first.get(iso)
            lines.append(
                [
                    row.name,
                    str(iso or "?"),
                    *(f"{first.psnr:.2f} {first.ssim:.4f} {first.delta_e:.2f}".split() if first else "–––"),
                    *f"{truth.psnr:.2f} {truth.ssim:.4f} {truth.delta_e:.2f}".split(),
                    f"{row.banding:.2f}",
                ]
            )
    return lines


def _table(lines: list[list[str]], caption: str) -> Table:
    from rich.table import Table

    table = Table(title="Means over pictures; PSNR in dB; band in 8-bit codes", caption=caption)
    for index, column in enumerate(HEAD):
        table.add_column(column, justify="right" if index else "left")
    for line in lines:
        table.add_row(*line)
    return table
