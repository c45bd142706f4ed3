"""``edgeisp models``: the networks, their size, their checkpoints, and what is known of each."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeisp.cli.console import Console
from edgeisp.errors import BadInputError, EdgeISPError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from edgeisp.models.card import ModelCard

SECTIONS = {
    "from_paper": "What the paper says",
    "from_third_parties": "What third parties say",
    "reconstruction": "Our reconstruction",
}
LONG = 20
"""Entries from which on a part of a card is counted and not shown."""


def models(
    console: Console,
    name: Annotated[str | None, typer.Argument(help="Show the card of this network.")] = None,
) -> None:
    """List the networks with their size and bundled checkpoints, or show the card of one.

    Example:

    edgeisp models metaisp
    """
    from edgeisp.models import MODELS

    if name is None:
        described = []
        for known in MODELS.names():
            try:
                described.append(describe(MODELS.get(known)))
            except EdgeISPError as error:
                console.warn(str(error))
        console.result({"models": described}, _table(described))
    else:
        if name not in MODELS.names() and (network := MODELS.owner(name)):
            raise BadInputError(
                f"{name} are bundled weights of {network}", cure=f"`edgeisp models {network}` shows them"
            )
        described_one = describe(MODELS.get(name))
        console.result(described_one, _card(described_one))


def describe(card: ModelCard) -> dict[str, Any]:
    """Everything that is known of a network, JSON-able."""
    from edgeisp.checkpoints import bundled
    from edgeisp.models import MODELS
    from edgeisp.models.checkpoint import load, read
    from edgeisp.models.cost import frame_macs, parameters

    network = card.build()
    path = bundled(card.name)
    loaded = None if path is None else load(card.name, path)
    facts = {
        field.name: getattr(card, field.name) for field in dataclasses.fields(card) if field.name != "build"
    }
    return {
        **facts,
        "claims": [dataclasses.asdict(claim) for claim in card.claims],
        "parameters": parameters(network),
        "macs": frame_macs(network, card.reference_input),
        "checkpoint": loaded and {"path": str(loaded.path), "sha256": loaded.sha256, "card": loaded.card},
        "other_checkpoints": {p.stem: read(p)[1] for p in MODELS.bundled_for(card.name) if p != path},
    }


def _table(models: list[dict[str, Any]]) -> RenderableType:
    from rich.console import Group
    from rich.table import Table

    columns = ("network", "parameters", "MACs", "at input", "checkpoint", "others by name", "claims")
    table = Table(*columns, box=None)
    for model in models:
        checkpoint = model["checkpoint"]
        table.add_row(
            model["name"],
            f"{model['parameters'] / 1e6:.3f} M",
            f"{model['macs'] / 1e9:.2f} G",
            "x".join(map(str, model["reference_input"][1:])),
            checkpoint["sha256"][:12] if checkpoint else "none",
            ", ".join(model["other_checkpoints"]),
            str(len(model["claims"])),
        )
    return Group(
        table,
        "",
        " `edgeisp models NAME` shows a card, `edgeisp claims` checks what papers claim; other checkpoints are for",
        " --checkpoint NAME.",
    )


def _card(model: dict[str, Any]) -> RenderableType:
    from rich.console import Group
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    def section(title: str, *body: RenderableType) -> list[RenderableType]:
        return [Text(), Text(title, "bold"), *(Padding(part, (0, 0, 0, 2)) for part in body)]

    def pairs(rows: dict[str, Any]) -> Table:
        table = Table(box=None, show_header=False, pad_edge=False)
        for key, value in rows.items():
            table.add_row(Text(key, "dim"), Text(str(value)))
        return table

    def bullets(lines: Sequence[str]) -> Table:
        table = Table(box=None, show_header=False, pad_edge=False)
        for line in lines:
            table.add_row("-", Text(line))
        return table

    claims = Table("", "the paper", "source", "how to measure ours", box=None, pad_edge=False)
    for claim in model["claims"]:
        claims.add_row(claim["what"], claim["paper"], claim["source"], claim["command"] or "-")
    size = {
        "parameters": f"{model['parameters']:,}",
        "MACs": f"{model['macs']:,} at {'x'.join(map(str, model['reference_input'][1:]))} (one tile, packed Bayer)",
    }
    checkpoint = model["checkpoint"]
    weights = _flat({key: checkpoint[key] for key in ("sha256", "card")}) if checkpoint else {"": "none"}
    return Group(
        Text(model["title"], "bold"),
        Text(model["paper"]),
        *section("Size, counted on the graph", pairs(size)),
        *section("Claims", claims),
        *(part for key, title in SECTIONS.items() for part in section(title, bullets(model[key]))),
        *section("Bundled checkpoint", pairs(weights)),
        *(
            part
            for name, card in model["other_checkpoints"].items()
            for part in section(f"Bundled too: --checkpoint {name}", pairs(_flat(card)))
        ),
    )


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested keys joined by dots, without a ``card`` at the top and unset settings; long parts are counted."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        name = key if key != "card" or prefix else ""
        joined = f"{prefix}.{name}" if prefix and name else prefix or name
        if isinstance(value, dict) and len(value) > LONG:
            flat[joined] = f"{len(value)} entries; --json has them"
        elif isinstance(value, dict):
            flat |= _flat(value, joined)
        elif value is not None:
            flat[joined] = value
    return flat
