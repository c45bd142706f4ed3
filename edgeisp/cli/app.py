"""``edgeisp app``: an artifact put into a copy of a sample app."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from edgeisp.cli.console import Console, one_of


def app(
    console: Console,
    platform: Annotated[
        str, typer.Argument(callback=one_of("platform", ("android", "ios")), help="android or ios.")
    ],
    artifact: Annotated[
        Path,
        typer.Option("--artifact", help="What `edgeisp export` wrote, with its manifest beside it."),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder of the copy; default build/PLATFORM_demo.")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--app", help="The app to copy; default the one of the checkout that edgeisp runs from."
        ),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option("--checkpoint", help="Weights the artifact was made from; default the bundled ones."),
    ] = None,
) -> None:
    """Copy a sample app with an artifact, its manifest and its self-test inside, and say what to run next.

    The artifact must fit the app: its target, its task, a tile with a core, files with the hashes of the manifest. The
    self-test is one call of each function with PyTorch's answers; the app runs it whenever it starts.

    Examples:

    edgeisp app android --artifact build/metaisp.tflite

    edgeisp app ios --artifact build/metaisp.mlpackage

    edgeisp app ios --artifact build/metaisp.mlpackage -o ~/MyCamera --json
    """
    from edgeisp.export import app as apps
    from edgeisp.export.records import Unverified

    described = apps.fit(platform, artifact)
    if isinstance(described.verification, Unverified):
        console.warn(f"nobody has run {artifact.name}: {described.verification.reason}")
    chosen = apps.APPS[platform]
    copy = output or Path("build") / chosen.folder
    with console.progress(f"{artifact.name} into {copy}"):
        place = apps.put(platform, artifact, apps.source(platform, folder), copy, checkpoint)
    command = f"cd {shlex.quote(str(copy))} && {chosen.next}"
    facts = {"app": str(copy), "artifact": str(place), "platform": platform, "next": command}
    console.result(facts, f"{copy}\nnext, {chosen.needs}: {command}")
