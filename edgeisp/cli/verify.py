"""``edgeisp verify``: the check of an export again, from the manifest alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeisp.cli.console import Console


def verify(
    console: Console,
    artifact: Annotated[
        Path, typer.Argument(help="What `edgeisp export` wrote, with its manifest beside it.")
    ],
    checkpoint: Annotated[
        Path | None,
        typer.Option("--checkpoint", help="Weights it was made from; default the bundled ones."),
    ] = None,
    engine: Annotated[
        str | None, typer.Option("--engine", "-e", help="Default: the one its target is verified by.")
    ] = None,
    threads: Annotated[int, typer.Option("--threads", min=0, help="0 leaves it to the engine.")] = 0,
) -> None:
    """Hash an artifact's files again, run it on pictures, and compare with PyTorch; exit code 5 if it does not agree.

    Examples:

    edgeisp verify build/metaisp.tflite

    edgeisp verify build/metaisp.tflite --engine tflite-runtime
    """
    import msgspec

    from edgeisp.cli.artifact import verdict
    from edgeisp.errors import VerificationError
    from edgeisp.export import exporter
    from edgeisp.export.records import Failed

    with console.progress(f"verifying {artifact.name}"):
        outcome, log = exporter.recheck(artifact, weights=checkpoint, engine=engine, threads=threads)
    console.detail(log)
    if isinstance(outcome, Failed):
        raise VerificationError(outcome.reason, where=artifact, cure="export it again; do not ship it")
    facts = {"artifact": str(artifact), "verification": msgspec.to_builtins(outcome)}
    console.result(facts, f"{artifact}: {verdict(outcome)}")
