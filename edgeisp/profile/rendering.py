"""Plain tables for people: on a terminal, and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgeisp.profile.table import Table

if TYPE_CHECKING:
    from rich.console import RenderableType


def terminal(found: Sequence[Table], lines: Sequence[str] = ()) -> RenderableType:
    """Tables for rich."""
    from rich import box
    from rich.console import Group
    from rich.table import Table as RichTable
    from rich.text import Text

    parts: list[RenderableType] = [Text(line) for line in lines]
    for table in found:
        drawn = RichTable(
            title=table.title,
            title_justify="left",
            title_style="bold",
            caption=table.note or None,
            caption_justify="left",
            box=box.SIMPLE_HEAD,
            pad_edge=False,
        )
        for column in table.columns:
            drawn.add_column(
                column.removeprefix(">"),
                justify="right" if column.startswith(">") else "left",
                overflow="fold",  # a number cut short would be another number
            )
        for row in table.rows:
            drawn.add_row(*row)
        parts += [Text(), drawn]
    return Group(*parts)


def markdown(found: Sequence[Table], lines: Sequence[str] = (), title: str = "") -> str:
    """Tables in GitHub's Markdown."""
    text = [f"# {title}", ""] if title else []
    text += [f"* {_escaped(line)}" for line in lines]
    for table in found:
        rules = ["---:" if column.startswith(">") else "---" for column in table.columns]
        text += ["", f"## {_escaped(table.title)}", ""]
        text.append(_row([column.removeprefix(">") for column in table.columns]))
        text.append(_row(rules))
        text += [_row([_escaped(cell) for cell in row]) for row in table.rows]
        text += ["", _escaped(table.note)] if table.note else []
    return "\n".join(text).strip() + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
