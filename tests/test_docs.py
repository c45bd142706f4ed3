"""The documentation tells the truth about links, verbs, options and fields."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgeisp.cli.command import command
from edgeisp.cli.console import Console
from edgeisp.cli.main import VERBS

CHECKOUT = Path(__file__).resolve().parent.parent
PAGES = sorted([*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").rglob("*.md")])


def name(page: Path) -> str:
    return page.relative_to(CHECKOUT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())
    dead = [
        target for target in targets if "://" not in target and not (page.parent / target).resolve().exists()
    ]
    assert not dead


def commands(page: Path) -> Iterator[list[str]]:
    """What stands after ``edgeisp`` in shell blocks and in inline code."""
    text = page.read_text()
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith("edgeisp "):
                yield shlex.split(line, comments=True)[1:]
    for inline in re.findall(r"`edgeisp ([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        yield shlex.split(inline)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_exists_with_its_options(page: Path) -> None:
    for verb, *arguments in commands(page):
        if verb in {"--help", "--version", "VERB"}:
            continue
        assert verb in VERBS, f"edgeisp {verb}"
        meant = VERBS[verb]
        if meant.verbs:
            inner, *arguments = arguments or ["--help"]
            if inner == "--help":
                continue
            assert inner in meant.verbs, f"edgeisp {verb} {inner}"
            meant = meant.verbs[inner]
        parsed: Any = command(verb, meant.function, Console())
        known = {
            option for parameter in parsed.params for option in (*parameter.opts, *parameter.secondary_opts)
        }
        used = {word.split("=")[0] for word in arguments if re.match(r"--?[a-z]", word)}
        assert used <= known | {"--help", "-h"}, f"edgeisp {verb} {' '.join(arguments)}"


def test_manifest_page_names_every_field() -> None:
    from edgeisp.export.records import Manifest

    page = (CHECKOUT / "docs" / "manifest.md").read_text()
    missing = [field for field in msgspec.structs.fields(Manifest) if f"`{field.name}`" not in page]
    assert not missing


def test_exit_code_page_matches_the_errors() -> None:
    from edgeisp import errors

    rows = re.findall(
        r"^\| (\d+) \|.*\| `edgeisp\.errors\.(\w+)` \|$",
        (CHECKOUT / "docs" / "exit-codes.md").read_text(),
        re.M,
    )
    said = {kind: int(code) for code, kind in rows}
    real = {
        kind.__name__: kind.exit_code
        for kind in errors.EdgeISPError.__subclasses__()
        if kind.__module__ == errors.__name__
    }
    assert said == real
