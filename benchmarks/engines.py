"""Latency of one tile in each engine of this host, on one thread, as ratios to PyTorch in the same run.

Exports MetaISP to every target that can be made here (each export verifies its artifact), then takes turns. The MIL
interpreter is left out: it checks what a file means and is no runtime.
"""

from __future__ import annotations

import argparse
import tempfile
from functools import partial
from pathlib import Path

from rich.console import Console
from timing import interleaved, show

from edgeisp.engines import ENGINES
from edgeisp.export import TARGETS
from edgeisp.export.exporter import export, plan
from edgeisp.export.verification import example
from edgeisp.models import checkpoint

MODEL = "metaisp"
ROUNDS = 15
notes = Console(stderr=True)


def main() -> None:
    """Export, open, warm up, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, help="weights; default: the bundled ones")
    parser.add_argument("--side", type=int, default=256, help="side of the tile in picture pixels")
    chosen = parser.parse_args()
    loaded = checkpoint.load(MODEL, chosen.checkpoint)
    half = chosen.side // 2
    shapes = loaded.network.functions(half, half)["tile"].inputs  # type: ignore[operator]
    inputs = {name: example(name, shape, 0) for name, shape in shapes.items()}
    with tempfile.TemporaryDirectory() as folder:
        paths = {"torch": loaded.path, **artifacts(Path(folder), loaded.path, chosen.side)}
        programs = {name: ENGINES.get(engine_of(name)).open(path, threads=1) for name, path in paths.items()}
        calls = {
            f"{name} ({program.ran_on})": partial(program.run, "tile", inputs)
            for name, program in programs.items()
        }
        interleaved(calls, 2)
        medians = interleaved(calls, ROUNDS)
    title = f"{MODEL}, one tile of {chosen.side}x{chosen.side}, one thread, {ROUNDS} interleaved runs"
    show(title, medians, next(iter(calls)))


def engine_of(name: str) -> str:
    """The engine that runs a target's artifacts here."""
    return name if name == "torch" else TARGETS.get(name).engine()


def artifacts(folder: Path, weights: Path, side: int) -> dict[str, Path]:
    """An fp32 artifact for each target that can be made and run here, by target."""
    made = {}
    for name in TARGETS.names():
        target = TARGETS.get(name)
        lack = target.missing() or ENGINES.get(target.engine()).missing()
        if lack or target.engine() == "mil" or "fp32" not in target.precisions:
            notes.print(f"without {name}: {lack or 'no runtime on this system'}")
            continue
        notes.print(f"exporting to {name}")
        job = plan(MODEL, name, weights=weights, precision="fp32", tile=(side, side))
        made[name] = export(job, folder).path
    return made


if __name__ == "__main__":
    main()
