"""``edgeisp eval``: a network beside LibRaw on the same RAW files."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeisp.cli.console import Console
from edgeisp.cli.eval_subtask import evaluate_subtask
from edgeisp.cli.options import DataOptions, RawFormatOptions

if TYPE_CHECKING:
    from rich.table import Table

    from edgeisp.training.evaluate import Score
    from edgeisp.training.metrics import Distance, Quality

PROTOCOLS = {"exact": "", "original": "original GT", "aligned": "aligned GT"}


def evaluate(
    console: Console,
    raw: RawFormatOptions,
    given: DataOptions,
    model: Annotated[str, typer.Argument(help="Network; `edgeisp models` lists them.")],
    data: Annotated[
        str,
        typer.Option("--data", "-d", help="synthetic-test, pairs:DIR, dng:DIR, zrr:DIR or mai21:DIR."),
    ] = "synthetic-test",
    checkpoint: Annotated[
        Path | None, typer.Option("--checkpoint", help="Weights (.safetensors); default the bundled ones.")
    ] = None,
    record: Annotated[
        bool, typer.Option("--record", help="Write the figures into the card of the checkpoint.")
    ] = False,
) -> None:
    """Measure PSNR, SSIM, MS-SSIM, CIEDE2000 and LPIPS of a network, and of LibRaw on the very same RAW files.

    Real pairs are measured twice: against the picture as it is (original GT), and against the picture warped onto
    the RAW by optical flow, with a mask (aligned GT). LibRaw runs every demosaic that it offers, with and without its
    FBDD noise reduction, with the same white balance, colour matrix and tone curve; the setting with the best PSNR
    stands in the table. It is not asked where the RAW files have no white balance (zrr, mai21), unless you give one.

    Networks that denoise or enhance are measured beside non-local means and BM3D instead, on synthetic-test, sidd:DIR
    or pairs:DIR.

    Examples:

    edgeisp eval metaisp --data synthetic-test

    edgeisp eval metaisp --checkpoint metaisp-w8a8

    edgeisp eval metaisp --data pairs:my_phone --checkpoint runs/mine/metaisp.safetensors

    edgeisp eval metaisp --data zrr:Zurich-RAW-to-DSLR-Dataset --checkpoint runs/zrr/metaisp.safetensors --skip-bad
    """
    from edgeisp.extras import require
    from edgeisp.models import checkpoint as checkpoints
    from edgeisp.models.task import ISP
    from edgeisp.processes import Processes
    from edgeisp.quantize.checkpoint import load_any

    loaded = load_any(model, checkpoint)
    require("train")
    if loaded.task != ISP:
        evaluate_subtask(console, loaded, data, record, given.skip_bad)
        return
    from edgeisp.training import evaluate as evaluation
    from edgeisp.training.evalset import evaluation_set

    pictures = evaluation_set(data, raw.reader(), given.skip_bad)
    for note in pictures.notes:
        console.note(note)
    here = Processes.here()
    lpips = _lpips(console)
    with console.progress("evaluating", total=len(here.share(range(len(pictures))))) as advance:
        outcome = evaluation.evaluate(
            loaded.network,
            pictures,
            lambda picture: advance(1, picture),
            lpips=lpips,
            skip_bad=given.skip_bad,
            processes=here,
        )
    if outcome.left_out and here.first:
        console.warn(
            f"{len(outcome.left_out)} of {len(pictures)} pairs left out, first: {outcome.left_out[0]}"
        )
    scores = outcome.scores
    if record and here.first:
        from edgeisp.render.halo import carded

        figures = {**loaded.card.get("figures", {}), data: [_figures(score) for score in scores]}
        card = carded(loaded.network, loaded.card, console.progress)
        checkpoints.save(loaded.path, loaded.network, {**card, "figures": figures})
    facts = {
        "model": model,
        "checkpoint": str(loaded.path),
        "sha256": loaded.sha256,
        "data": data,
        "left_out": outcome.left_out,
        "scores": [{**asdict(score), "gain_db": score.gain} for score in scores],
    }
    console.result(facts, _table(model, scores))


def _lpips(console: Console) -> Distance | None:
    """The perceptual distance, or a line that says why there is none."""
    from edgeisp.training import lpips

    weights = lpips.local_weights()
    if weights is None:
        console.note(lpips.absent())
        return None
    return lpips.Lpips(weights).between


def _figures(score: Score) -> str:
    ours, theirs = score.network, score.libraw
    protocol = PROTOCOLS.get(score.protocol, score.protocol)
    against = "" if theirs is None else f"; LibRaw {score.best_libraw} {theirs.psnr:.2f} dB"
    return (
        f"ISO {score.iso or '?'}, {score.pictures} {score.what}{protocol and ', '}{protocol}: {ours.psnr:.2f} dB, "
        f"SSIM {ours.ssim:.4f}, ΔE2000 {ours.delta_e:.2f}{against}"
    )


def _table(model: str, scores: list[Score]) -> Table:
    from rich.table import Table

    table = Table(title="Means over pictures; PSNR in dB; ΔE2000 and LPIPS: lower is better")
    for column in ("ISO", "pictures", "against", "", "PSNR", "SSIM", "MS-SSIM", "ΔE2000", "LPIPS", "gain"):
        left = column in ("pictures", "against", "")
        table.add_column(column, justify="left" if left else "right")
    for score in scores:
        rows = [(model, score.network)]
        if score.libraw is not None:
            rows.append((f"LibRaw {score.best_libraw}", score.libraw))
        for name, quality in rows:
            first = quality is score.network
            valid = f", {score.valid:.0%} valid" if score.protocol == "aligned" else ""
            head = (
                str(score.iso or "?"),
                f"{score.pictures} {score.what}",
                PROTOCOLS.get(score.protocol, score.protocol) + valid,
            )
            gain = f"{score.gain:+.2f} dB" if first and score.gain is not None else ""
            cells = (*(head if first else ("", "", "")), name, *_cells(quality), gain)
            table.add_row(*cells, end_section=quality is rows[-1][1])
    return table


def _cells(quality: Quality) -> list[str]:
    shown = (
        (quality.psnr, 2),
        (quality.ssim, 4),
        (quality.ms_ssim, 4),
        (quality.delta_e, 2),
        (quality.lpips, 4),
    )
    return ["–" if value is None else f"{value:.{digits}f}" for value, digits in shown]
