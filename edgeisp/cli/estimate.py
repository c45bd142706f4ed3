"""``edgeisp estimate``: what a network may take on chips that are not here, and how far to trust that."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from edgeisp.cli.console import Console
from edgeisp.cli.profile import packed_size
from edgeisp.errors import BadInputError
from edgeisp.registry import did_you_mean


def estimate(
    console: Console,
    model: Annotated[
        str | None, typer.Argument(help="Network; without one, only the table of errors is shown.")
    ] = None,
    input: Annotated[
        str | None, typer.Option("--input", help="Packed input, such as 1x4x544x960; default the card's.")
    ] = None,
    chip: Annotated[
        list[str] | None, typer.Option("--chip", help="Default: all that we have published latencies of.")
    ] = None,
) -> None:
    """Estimate a network's latency on phone chips, and show the error that such estimates make.

    A roofline fitted to published latencies; nothing is measured. The second table leaves each published network out
    and estimates it from the others.

    Examples:

    edgeisp estimate metaisp --input 1x4x544x960

    edgeisp estimate
    """
    from edgeisp.profile import estimate as estimating
    from edgeisp.profile.rendering import terminal

    known = [one.name for one in estimating.published().chips]
    for name in chip or []:
        if name not in known:
            raise BadInputError(f"no chip is called {name!r}", where="--chip", cure=did_you_mean(name, known))
    packed = packed_size(input)
    tables = [estimating.validation()]
    facts = []
    if model is not None:
        from edgeisp.models import MODELS
        from edgeisp.profile.static import of_function

        card = MODELS.get(model)
        height, width = packed or card.reference_input[-2:]
        network = card.build()
        if height % network.stride or width % network.stride:
            raise BadInputError(
                f"packed input of {height}x{width}",
                where="--input",
                cure=f"height and width must be multiples of {network.stride} for {model}",
            )
        with console.progress(f"counting {model}"):
            work = estimating.Work.of_static(of_function(network.functions(height, width)["tile"]))
            found = estimating.estimates(work, chip or known)
        tables.insert(0, estimating.table(model, (1, 4, height, width), found))
        facts = [asdict(one) for one in found]
    errors = [
        {"network": h.latency.network, "chip": h.latency.chip, "precision": h.latency.precision}
        | {"published_ms": h.latency.ms, "estimate_ms": h.ms, "ratio": h.ratio}
        for name in known
        for precision in estimating.BYTES
        for h in estimating.fitted(name, precision)[1]
    ]
    console.result({"estimates": facts, "validation": errors}, terminal(tables))
