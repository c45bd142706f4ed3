"""``edgeisp doctor``: which targets and engines work on this machine, and what to do about the others."""

from __future__ import annotations

from typing import Any

from edgeisp.cli.console import Console
from edgeisp.errors import EdgeISPError


def doctor(console: Console) -> None:
    """Say which targets and engines work here, and the one command that installs what is missing.

    Example:

    edgeisp doctor
    """
    from rich.table import Table

    from edgeisp.engines import ENGINES
    from edgeisp.export import TARGETS

    rows: list[dict[str, Any]] = []
    registries: dict[str, Any] = {"target": TARGETS, "engine": ENGINES}
    for kind, registry in registries.items():
        for name in registry.names():
            try:
                lack = registry.get(name).missing()
            except EdgeISPError as error:
                lack = str(error)
            rows.append({"kind": kind, "name": name, "works": lack is None, "missing": lack})
    table = Table("", "name", "works here", "what to do", box=None)
    for row in rows:
        table.add_row(row["kind"], row["name"], "yes" if row["works"] else "no", row["missing"] or "")
    untested = _untested(TARGETS.names())
    console.result({"parts": rows, "untested": untested}, table)
    for line in untested:
        console.warn(line)


def _untested(names: list[str]) -> list[str]:
    from edgeisp import extras

    return sorted({line for name in names for line in extras.untested(name)})
