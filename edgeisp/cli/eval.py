"""``edgeisp eval``: a network beside LibRaw on the same RAW files."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeisp.cli.console import Console
from edgeisp.cli.options import RawFormatOptions

if TYPE_CHECKING:
    from rich.table import Table

    from edgeisp.training.evaluate import Score


def evaluate(
    console: Console,
    raw: RawFormatOptions,
    model: Annotated[str, typer.Argument(help="Network; `edgeisp models` lists them.")],
    data: Annotated[
        str, typer.Option("--data", "-d", help="synthetic-test, or pairs:DIR.")
    ] = "synthetic-test",
    checkpoint: Annotated[
        Path | None, typer.Option("--checkpoint", help="Weights (.safetensors); default the bundled ones.")
    ] = None,
    record: Annotated[
        bool, typer.Option("--record", help="Write the figures into the card of the checkpoint.")
    ] = False,
) -> None:
    """Measure PSNR, SSIM and CIEDE2000 of a network, and of LibRaw on the very same RAW files.

    LibRaw runs every demosaic that it offers, with and without its FBDD noise reduction, with the same white
    balance, colour matrix and tone curve; the setting with the best PSNR stands in the table.

    Examples:

    edgeisp eval metaisp --data synthetic-test

    edgeisp eval metaisp --data pairs:my_phone --checkpoint runs/mine/metaisp.safetensors
    """
    from edgeisp.extras import require
    from edgeisp.models import checkpoint as checkpoints

    loaded = checkpoints.load(model, checkpoint)
    require("train")
    from edgeisp.training import evaluate as evaluation

    pictures = evaluation.evaluation_set(data, raw.reader())
    with console.progress("evaluating", total=len(pictures)) as advance:
        scores = evaluation.evaluate(loaded.network, pictures, lambda picture: advance(1, picture.name))
    if record:
        figures = {**loaded.card.get("figures", {}), data: [_figures(score) for score in scores]}
        checkpoints.save(loaded.path, loaded.network, {**loaded.card, "figures": figures})
    facts = {
        "model": model,
        "checkpoint": str(loaded.path),
        "sha256": loaded.sha256,
        "data": data,
        "scores": [{**asdict(score), "gain_db": score.gain} for score in scores],
    }
    console.result(facts, _table(model, scores))


def _figures(score: Score) -> str:
    ours, theirs = score.network, score.libraw
    return (
        f"ISO {score.iso}, {score.pictures} {score.what}: {ours.psnr:.2f} dB, SSIM {ours.ssim:.4f}, "
        f"ΔE2000 {ours.delta_e:.2f}; LibRaw {score.best_libraw} {theirs.psnr:.2f} dB"
    )


def _table(model: str, scores: list[Score]) -> Table:
    from rich.table import Table

    table = Table(title="Against the ground truth; PSNR in dB, higher is better; ΔE2000, lower is better")
    for column in ("ISO", "pictures", "", "PSNR", "SSIM", "ΔE2000", "gain"):
        table.add_column(column, justify="left" if column in ("pictures", "") else "right")
    for score in scores:
        rows = ((model, score.network), (f"LibRaw {score.best_libraw}", score.libraw))
        for name, figures in rows:
            first = name == model
            table.add_row(
                str(score.iso or "?") if first else "",
                f"{score.pictures} {score.what}" if first else "",
                name,
                f"{figures.psnr:.2f}",
                f"{figures.ssim:.4f}",
                f"{figures.delta_e:.2f}",
                f"{score.gain:+.2f} dB" if first else "",
                end_section=not first,
            )
    return table
