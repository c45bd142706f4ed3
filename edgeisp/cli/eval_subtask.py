"""What ``edgeisp eval`` does for networks that denoise or enhance."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from edgeisp.cli.console import Console

if TYPE_CHECKING:
    from rich.table import Table

    from edgeisp.models.checkpoint import LoadedModel
    from edgeisp.training.denoise import Score


def evaluate_subtask(console: Console, loaded: LoadedModel, data: str, record: bool, skip_bad: bool) -> None:
    """Measure PSNR and SSIM beside non-local means and BM3D."""
    from edgeisp import extras
    from edgeisp.models import checkpoint as checkpoints
    from edgeisp.processes import Processes
    from edgeisp.training import denoise

    if lack := extras.missing("bm3d"):
        console.note(f"without BM3D: {lack}")
    cases, processes = denoise.cases(loaded.task, data, skip_bad), Processes.here()
    with console.progress("evaluating", total=len(processes.share(range(len(cases))))) as advance:
        outcome = denoise.evaluate(
            loaded.network, cases, loaded.name, skip_bad=skip_bad, step=lambda name: advance(1, name)
        )
    scores = outcome.scores
    if outcome.left_out and processes.first:
        console.warn(f"{len(outcome.left_out)} of {len(cases)} pairs left out, first: {outcome.left_out[0]}")
    if record and processes.first:
        from edgeisp.render.halo import carded

        figures = {**loaded.card.get("figures", {}), data: [_line(score) for score in scores]}
        card = carded(loaded.network, loaded.card, console.progress)
        checkpoints.save(loaded.path, loaded.network, {**card, "figures": figures})
    facts = {
        "model": loaded.name,
        "checkpoint": str(loaded.path),
        "sha256": loaded.sha256,
        "data": data,
        "left_out": outcome.left_out,
        "scores": [asdict(score) for score in scores],
    }
    console.result(facts, _table(scores))


def _line(score: Score) -> str:
    each = ", ".join(f"{name} {f.psnr:.2f} dB / {f.ssim:.4f}" for name, f in score.methods.items())
    return f"ISO {score.iso or '?'}, {score.pictures} pictures: {each}"


def _table(scores: list[Score]) -> Table:
    from rich.table import Table

    table = Table(title="Against the clean picture; PSNR in dB")
    for column in ("ISO", "pictures", "", "PSNR", "SSIM"):
        table.add_column(column, justify="left" if column == "" else "right")
    for score in scores:
        for number, (method, found) in enumerate(score.methods.items(), 1):
            first = number == 1
            table.add_row(
                str(score.iso or "?") if first else "",
                str(score.pictures) if first else "",
                method,
                f"{found.psnr:.2f}",
                f"{found.ssim:.4f}",
                end_section=number == len(score.methods),
            )
    return table
