"""``edgeisp runners``: the programs that `edgeisp profile --on adb` runs on phones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from edgeisp.cli.console import Console


def runners(
    console: Console,
    abi: Annotated[
        str | None, typer.Argument(help="Build for this processor: arm64-v8a or x86_64; default: only list.")
    ] = None,
) -> None:
    """List the runners, or build those of one processor from the runtimes' own wheels; they are kept in the cache.

    Building needs a compiler for that processor (`apt-get install g++-aarch64-linux-gnu`) and, once, the network.

    Examples:

    edgeisp runners

    edgeisp runners arm64-v8a
    """
    from rich.table import Table

    from edgeisp.profile.runners import ABIS, RUNTIMES, abi_of, build, find, home

    if abi is not None:
        wanted = abi_of(abi)
        with console.progress(f"runners for {abi}", total=len(RUNTIMES)) as advance:
            for runtime in RUNTIMES.values():
                advance(0, f"{runtime.name} runner for {abi}")
                console.detail(str(build(runtime, wanted)))
                advance(1)
    rows: list[dict[str, Any]] = []
    for runtime in RUNTIMES.values():
        for kind in ABIS.values():
            folder = _found(find, runtime, kind)
            rows.append(
                {
                    "runtime": runtime.name,
                    "version": runtime.version,
                    "abi": kind.name,
                    "opens": runtime.suffix,
                    "folder": None if folder is None else str(folder),
                    "built": folder == home(runtime, kind),
                }
            )
    table = Table("runtime", "version", "processor", "opens", "where", box=None)
    for row in rows:
        where = row["folder"] or f"not built: edgeisp runners {row['abi']}"
        table.add_row(row["runtime"], row["version"], row["abi"], row["opens"], where)
    console.result({"runners": rows}, table)


def _found(find: Any, runtime: Any, abi: Any) -> Path | None:
    from edgeisp.errors import UnavailableError

    try:
        folder: Path = find(runtime, abi)
    except UnavailableError:
        return None
    return folder
