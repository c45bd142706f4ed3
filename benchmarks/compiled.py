"""Whether `torch.compile` pays in rendering: how long it compiles, what a tile then takes, and after how many it pays.

One thread, channels last, nothing cached. What is compiled takes the context as an input: in the weights it would be
another program for each photograph. So it competes with the folded network.
"""

from __future__ import annotations

import argparse
import sys
import time
from functools import partial
from pathlib import Path

import torch
import torch._inductor.config
from page import markdown, put
from timing import interleaved, machine

from edgeisp.engines.torch import ENGINE
from edgeisp.export.verification import example
from edgeisp.models.checkpoint import load

HEAD = (
    "network",
    "eager, ms",
    "folded, ms",
    "compiled, ms",
    "compiling, s",
    "tiles after which it pays",
    "largest difference",
)


def main() -> None:
    """Compile, take turns, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", default="metaisp,lwisp")
    parser.add_argument("--side", type=int, default=512, help="of the tile, in picture pixels")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--page", type=Path, help="page to put the table into")
    chosen = parser.parse_args()
    torch._inductor.config.force_disable_caches = True
    rows = []
    for name in chosen.models.split(","):
        program = ENGINE.program(load(name).network.eval().requires_grad_(False), threads=1)
        function = program.network.functions(chosen.side // 2, chosen.side // 2)["tile"]
        inputs = {key: example(key, shape, 0) for key, shape in function.inputs.items()}
        folded = program.folded({"context": inputs["context"]})
        compiled = torch.compile(function.module)
        given = tuple(map(torch.from_numpy, inputs.values()))
        with torch.inference_mode():
            began = time.perf_counter()
            made = compiled(*given)
            spent = time.perf_counter() - began
            apart = float((made - function.module(*given)).abs().max())
            calls = {
                "eager": partial(program.run, "tile", inputs),
                "folded": partial(folded.run, "tile", inputs),
                "compiled": partial(compiled, *given),
            }
            interleaved(calls, 2)
            took = interleaved(calls, chosen.rounds)
        gained = took["folded"] - took["compiled"]
        pays = f"{spent / gained:.0f}" if gained > 0 else "never"
        rows.append(
            (
                name,
                *(f"{seconds * 1e3:.0f}" for seconds in took.values()),
                f"{spent:.0f}",
                pays,
                f"{apart:.1e}",
            )
        )
    said = f"One tile of {chosen.side}×{chosen.side}, fp32, one thread, medians of {chosen.rounds} interleaved rounds"
    lines = [f"{said}; {machine()}.", "", *markdown(HEAD, rows)]
    sys.stdout.write("\n".join(lines) + "\n")
    if chosen.page:
        put(chosen.page, "compiled", lines)


if __name__ == "__main__":
    main()
