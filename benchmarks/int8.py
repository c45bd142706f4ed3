"""Int8 against fp32 in each runtime: one run, one thread, interleaved medians, and where an int8 tile spends its time.

Exports both precisions where ``--artifacts`` does not hold them yet. Which instructions the processor has decides the
ratio: it is named under the table.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table
from timing import instructions, interleaved, machine

from edgeisp.engines import ENGINES
from edgeisp.export import TARGETS, manifest
from edgeisp.export.exporter import export, plan
from edgeisp.export.verification import example
from edgeisp.files import sha256
from edgeisp.models import checkpoint

RUNTIMES = {"tflite": 2.5, "executorch": 2.0, "onnx": 2.0}
"""Targets that a runtime of this host runs in int8, with the ratio that we ask for."""
notes = Console(stderr=True)


def main() -> None:
    """Export what is missing, open everything, take turns, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="metaisp")
    parser.add_argument("--side", type=int, default=256, help="side of the tile in picture pixels")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument(
        "--artifacts", type=Path, default=Path("build/bench-int8"), help="folder to keep them in"
    )
    parser.add_argument("--targets", default=",".join(RUNTIMES))
    chosen = parser.parse_args()
    names = [name for name in chosen.targets.split(",") if not TARGETS.get(name).missing()]
    half = chosen.side // 2
    shapes = checkpoint.load(chosen.model).network.functions(half, half)["tile"].inputs
    inputs = {name: example(name, shape, 0) for name, shape in shapes.items()}
    calls = {}
    for name in names:
        for precision in ("fp32", "w8a8"):
            path = artifact(chosen.model, name, precision, chosen.side, chosen.artifacts)
            program = ENGINES.get(TARGETS.get(name).engine()).open(path, threads=1)
            calls[f"{name} {precision}"] = partial(program.run, "tile", inputs)
    interleaved(calls, 2)
    seconds = interleaved(calls, chosen.rounds)
    table = Table("runtime", "fp32 ms", "int8 ms", "ratio", "asked", caption=f"{machine()}; {instructions()}")
    table.title = (
        f"{chosen.model}, one tile of {chosen.side}x{chosen.side}, one thread, {chosen.rounds} rounds"
    )
    for name in names:
        full, small = (seconds[f"{name} {precision}"] for precision in ("fp32", "w8a8"))
        row = (f"{full * 1e3:.1f}", f"{small * 1e3:.1f}", f"{full / small:.2f}", f"{RUNTIMES[name]:g}")
        table.add_row(name, *row)
    Console().print(table)


def artifact(model: str, target: str, precision: str, side: int, folder: Path) -> Path:
    """The artifact in ``folder`` if it is the one that is wanted, else a fresh one."""
    job = plan(model, target, precision=precision, tile=(side, side))
    path = folder / job.name
    if manifest.path_of(path).is_file():
        found = manifest.read(path)
        wanted = sha256(job.weights)
        if found.tile == (side, side) and found.checkpoint.sha256 == wanted and found.precision == precision:
            return path
    notes.print(f"exporting to {target} {precision}")
    return export(job, folder).path


if __name__ == "__main__":
    main()
