"""``edgeisp claims``: what papers say of the networks, checked."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from edgeisp.cli.console import Console
from edgeisp.errors import BadInputError, MissedError


def claims(
    console: Console,
    models: Annotated[
        list[str] | None, typer.Argument(metavar="[MODEL...]", help="Default: all networks.")
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option("--data", "-d", help="A set to measure PSNR on, such as zrr:DIR or mai21:DIR."),
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option("--checkpoint", help="Weights (.safetensors); default the bundled ones.")
    ] = None,
    report: Annotated[
        list[Path] | None,
        typer.Option("--report", help="What `edgeisp profile -o` wrote on a device, for claims of latency."),
    ] = None,
) -> None:
    """Measure every claim of the networks' papers that can be measured here, beside the paper's figure.

    Each line says measured, needs data, or needs device. Exit code 6 if a measured claim fails.

    Examples:

    edgeisp claims

    edgeisp claims metaisp --data zrr:/data/zrr --checkpoint runs/zrr/metaisp.safetensors
    """
    from edgeisp.models import MODELS
    from edgeisp.profile import claims as checking
    from edgeisp.profile import report as store
    from edgeisp.profile.rendering import terminal

    names = models or MODELS.names()
    if checkpoint is not None and len(names) != 1:
        raise BadInputError(
            "weights belong to one network",
            where="--checkpoint",
            cure="name the network: `edgeisp claims MODEL`",
        )
    claims = [claim for name in names for claim in MODELS.get(name).claims]
    sets = _by_kind(data or [], {claim.check.data for claim in claims if claim.check and claim.check.data})
    reports = [store.read(path) for path in report or []]
    lines: list[checking.Line] = []
    with console.progress("checking", total=len(claims)) as advance:
        evidence = checking.Evidence(checkpoint, sets, reports, lambda what: advance(1, what))
        for name in names:
            lines += checking.check(name, evidence)
    goals = checking.real_time(names, reports)
    facts = {"claims": [asdict(line) for line in lines], "budgets": [asdict(goal) for goal in goals]}
    console.result(facts, terminal([checking.table(lines), checking.budgets(goals)]))
    failed = [line for line in lines if line.holds is False]
    if failed:
        first = failed[0]
        raise MissedError(
            f"{len(failed)} of {sum(line.holds is not None for line in lines)} measured claims fail; {first.what}: "
            f"{first.shown}, the paper says {first.paper}",
            where=first.model,
            cure="read the card (`edgeisp models NAME`) for what is a reconstruction, and with which weights",
        )


def _by_kind(given: list[str], wanted: set[str]) -> dict[str, str]:
    known = " or ".join(f"{kind}:DIR" for kind in sorted(wanted)) or "no set"
    for text in given:
        kind, _, folder = text.partition(":")
        if kind not in wanted or not folder:
            raise BadInputError(f"no claim is about {text!r}", where="--data", cure=f"give {known}")
    return {text.partition(":")[0]: text for text in given}
