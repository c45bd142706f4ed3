"""``edgeisp targets``: what can be exported, in which precision, and what verifies it."""

from __future__ import annotations

from typing import Any

from edgeisp.cli.console import Console
from edgeisp.errors import EdgeISPError


def targets(console: Console) -> None:
    """Print target x precision x verified-by, for this machine.

    Example:

    edgeisp targets --json
    """
    from rich.table import Table

    from edgeisp.export import TARGETS
    from edgeisp.export.verification import THRESHOLDS_DB

    rows: list[dict[str, Any]] = []
    for name in TARGETS.names():
        try:
            target = TARGETS.get(name)
        except EdgeISPError as error:
            console.warn(str(error))
            continue
        for precision in target.precisions:
            rows.append(
                {
                    "target": name,
                    "precision": precision,
                    "default": precision == target.precisions[0],
                    "suffix": target.suffix,
                    "verified_by": target.engine(),
                    "least_db": THRESHOLDS_DB[precision],
                    "missing": target.missing(),
                }
            )
    table = Table("target", "precision", "file", "verified by", "at least", "here", box=None)
    for row in rows:
        default = " (default)" if row["default"] else ""
        parity = f"{row['least_db']:g} dB to PyTorch"
        own = (row["target"], row["precision"] + default, row["suffix"], row["verified_by"])
        table.add_row(*own, parity, row["missing"] or "yes")
    console.result({"targets": rows}, table)
