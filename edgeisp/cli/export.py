"""``edgeisp export``: from a checkpoint to a verified artifact."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeisp.cli.console import Console
from edgeisp.cli.options import parse_size

if TYPE_CHECKING:
    from edgeisp.export.conversion import Job
    from edgeisp.models.halo import Halo

STAGES = 3
"""Converting, verifying, writing."""


def export(
    console: Console,
    model: Annotated[str, typer.Argument(help="Network; `edgeisp models` lists them.")],
    target: Annotated[str, typer.Option("--target", "-t", help="Format; `edgeisp targets` lists them.")],
    checkpoint: Annotated[
        Path | None, typer.Option("--checkpoint", help="Weights (.safetensors); default the bundled ones.")
    ] = None,
    precision: Annotated[
        str | None, typer.Option("--precision", help="fp32, fp16, w8 or w8a8; default the target's own.")
    ] = None,
    tile: Annotated[
        str, typer.Option("--tile", help="Picture pixels that one call makes: a number or WIDTHxHEIGHT.")
    ] = "512x512",
    packaging: Annotated[
        str,
        typer.Option(
            "--packaging",
            help="split: context and tile apart; of posisp also baked: one graph, or modules: each apart.",
        ),
    ] = "split",
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the artifact.")] = Path("build"),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check all that is cheap, print the plan, stop.")
    ] = False,
    allow_portable: Annotated[
        bool,
        typer.Option("--allow-portable", help="Take an artifact of which the delegate runs less than 95 %."),
    ] = False,
) -> None:
    """Convert a network, run the artifact on pictures, compare with PyTorch, and only then give it its name.

    Examples:

    edgeisp export metaisp --target coreml

    edgeisp export metaisp --target tflite --precision fp16 --tile 1024x512 -o models

    edgeisp export posisp --target onnx --packaging baked

    edgeisp export posisp --target tflite --packaging modules
    """
    import msgspec

    from edgeisp import extras
    from edgeisp.cli.artifact import summary
    from edgeisp.export import exporter, manifest
    from edgeisp.files import check_folder

    for line in extras.untested(target):
        console.warn(line)
    size = parse_size(tile, "--tile")
    job = exporter.plan(
        model, target, weights=checkpoint, precision=precision, tile=size, packaging=packaging
    )
    check_folder(out)
    if not dry_run:
        job = exporter.measured(job, console.progress)
    if job.halo and not job.halo.fits(size):
        console.warn(_coreless(job, job.halo))
    if dry_run:
        planned = _planned(job, out)
        console.result(planned, "\n".join(f"{key}: {value}" for key, value in planned.items()))
        return
    with console.progress(job.name, total=STAGES) as advance:
        begun: list[str] = []

        def stage(what: str) -> None:
            advance(min(len(begun), 1), f"{job.name}: {what}")
            begun.append(what)
            console.detail(what)

        done = exporter.export(job, out, allow_portable=allow_portable, stage=stage)
    for log in filter(None, done.logs):
        console.detail(log)
    facts = {"artifact": str(done.path), "manifest": str(manifest.path_of(done.path))}
    console.result(facts | msgspec.to_builtins(done.manifest), summary(done.path, done.manifest))


def _coreless(job: Job, halo: Halo) -> str:
    from edgeisp.models.halo import frugal_tile, least_tile

    return (
        f"a tile of {min(job.tile)} pixels has no core within the halo of {halo.auto} that `edgeisp render` takes: "
        f"export one of at least {least_tile(halo.auto, job.step)}, better {frugal_tile(halo.auto, job.step)}, or give "
        "a smaller --halo there"
    )


def _planned(job: Job, out: Path) -> dict[str, Any]:
    from edgeisp.export import TARGETS
    from edgeisp.export.verification import PICTURES, THRESHOLDS_DB

    target = TARGETS.get(job.target)
    return {
        "artifact": str(out / job.name),
        "model": job.model,
        "checkpoint": str(job.weights),
        "target": job.target,
        "precision": job.precision,
        "tile": "{1}x{0}".format(*job.tile),
        "halo": f"{job.halo.auto} pixels, exact from {job.halo.exact}" if job.halo else "not measured yet",
        "rewrites": ", ".join(rewrite.name for rewrite in target.rewrites),
        "made by": ", ".join(f"{name} {version}" for name, version in target.versions().items()),
        "verified by": f"{target.engine()}, {PICTURES} pictures, at least {THRESHOLDS_DB[job.precision]:g} dB",
    }
