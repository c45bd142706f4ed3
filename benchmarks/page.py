"""Where benchmarks leave what they found: between the marks of a page, and as plots beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgeisp.files import whole


def put(page: Path, mark: str, lines: Sequence[str]) -> None:
    """Replace what stands in ``page`` between ``<!-- MARK -->`` and ``<!-- end of MARK -->``."""
    begin, end = f"<!-- {mark} -->", f"<!-- end of {mark} -->"
    before, rest = page.read_text().split(begin, 1)
    with whole(page) as part:
        part.write_text("\n".join([f"{before}{begin}", *lines, f"{end}{rest.split(end, 1)[1]}"]))


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table; all columns but the first are set to the right."""
    lines = [f"| {' | '.join(head)} |", "|---|" + "---:|" * (len(head) - 1)]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows)]


def picture(svg: str, path: Path) -> None:
    """A plot of `edgeisp.profile.plots` as a file of its own: on white, with a font."""
    style = 'xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="13"'
    head, rest = svg.split(">", 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as part:
        part.write_text(f'{head} {style}>\n<rect width="100%" height="100%" fill="#fff"/>{rest}\n')
