"""Int8 against fp32 in each runtime: one run, one thread, interleaved medians.

Exports both precisions where ``--artifacts`` does not hold them yet. Which instructions the processor has decides the
ratio: the table names them. With ``--page`` table and plot go into the documentation.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from page import markdown, picture, put
from rich.console import Console
from timing import instructions, interleaved, machine

from edgeisp.engines import ENGINES
from edgeisp.export import TARGETS, manifest
from edgeisp.export.exporter import export, plan
from edgeisp.export.verification import example
from edgeisp.files import sha256
from edgeisp.models import checkpoint
from edgeisp.profile.plots import bars

NETWORKS = ("metaisp", "metaisp-npu", "lwisp")
RUNTIMES = {"tflite": 2.5, "executorch": 2.0, "onnx": 2.0}
"""Targets that a runtime of this host runs in int8, with the ratio that we ask for."""
HEAD = ("network", "runtime", "fp32, ms", "int8, ms", "ratio", "asked")
IMAGE = Path("images/int8.svg")
notes = Console(stderr=True)


def main() -> None:
    """Export what is missing, open everything, take turns, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--side", type=int, default=256, help="side of the tile in picture pixels")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument(
        "--artifacts", type=Path, default=Path("build/bench-int8"), help="folder to keep them in"
    )
    parser.add_argument("--targets", default=",".join(RUNTIMES))
    parser.add_argument(
        "--page", type=Path, help="page to put table and plot into, such as docs/quantization.md"
    )
    chosen = parser.parse_args()
    targets = [name for name in chosen.targets.split(",") if not TARGETS.get(name).missing()]
    half, calls = chosen.side // 2, {}
    for network in chosen.networks.split(","):
        shapes = checkpoint.load(network).network.functions(half, half)["tile"].inputs
        inputs = {name: example(name, shape, 0) for name, shape in shapes.items()}
        for target in targets:
            for precision in ("fp32", "w8a8"):
                path = artifact(network, target, precision, chosen.side, chosen.artifacts)
                program = ENGINES.get(TARGETS.get(target).engine()).open(path, threads=1)
                calls[network, target, precision] = partial(program.run, "tile", inputs)
    interleaved(calls, 2)
    seconds = interleaved(calls, chosen.rounds)
    rows, ratios = [], []
    for network, target, precision in seconds:
        if precision == "fp32":
            full, small = (seconds[network, target, kind] for kind in ("fp32", "w8a8"))
            asked = f"{RUNTIMES[target]:g}" if network == NETWORKS[0] else ""
            rows.append(
                (network, target, f"{full * 1e3:.1f}", f"{small * 1e3:.1f}", f"{full / small:.2f}", asked)
            )
            ratios.append((f"{network}, {target}", full / small))
    said = f"One tile of {chosen.side}×{chosen.side}, one thread, medians of {chosen.rounds} interleaved rounds; "
    lines = [said + f"{machine()}; {instructions()}.", "", *markdown(HEAD, rows)]
    sys.stdout.write("\n".join(lines) + "\n")
    if chosen.page:
        put(chosen.page, "int8", [*lines, "", f"![How many times as fast int8 is as fp32]({IMAGE})"])
        picture(bars(ratios, "x"), chosen.page.parent / IMAGE)


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
