"""What it gains to have a picture's context in the weights: one tile with the context given, and with it folded in.

One thread, in turns. ``ONNX`` is what `edgeisp export --target onnx --precision fp32` wrote; without it, PyTorch alone.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from page import markdown, put
from timing import interleaved, machine

from edgeisp.engines.base import Folding, Program
from edgeisp.engines.onnx import ENGINE as ONNX
from edgeisp.engines.torch import ENGINE as TORCH
from edgeisp.export import manifest
from edgeisp.export.verification import example
from edgeisp.models.checkpoint import load

HEAD = ("network", "runtime", "given, ms", "folded, ms", "ratio", "folding itself, ms", "largest difference")


def main() -> None:
    """Fold, take turns, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("artifact", type=Path, nargs="*", metavar="ONNX", help="of metaisp, metaisp-npu")
    parser.add_argument("--side", type=int, default=256, help="of PyTorch's tile, in picture pixels")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--page", type=Path, help="page to put the table into")
    chosen = parser.parse_args()
    programs: dict[tuple[str, str], Program] = {
        (name, "torch"): TORCH.program(load(name).network, threads=1)
        for name in ("metaisp", "metaisp-npu", "lwisp")
    }
    for path in chosen.artifact:
        programs[manifest.read(path).model, "onnxruntime"] = ONNX.open(path, threads=1)
    calls: dict[str, Callable[[], object]] = {}
    rows = []
    for (name, runtime), program in programs.items():
        side = chosen.side // 2
        functions = load(name).network.functions(side, side)
        inputs = {key: example(key, shape, 0) for key, shape in functions["tile"].inputs.items()}
        crop = {key: example(key, shape, 0) for key, shape in functions["context"].inputs.items()}
        inputs["context"] = program.run("context", crop)["context"]
        assert isinstance(program, Folding)
        began = time.perf_counter()
        folded = program.folded({"context": inputs["context"]})
        spent = time.perf_counter() - began
        one, other = (p.run("tile", inputs)["rgb"] for p in (program, folded))
        for how, which in (("given", program), ("folded", folded)):
            calls[f"{name} {runtime} {how}"] = partial(which.run, "tile", inputs)
        rows.append((name, runtime, f"{spent * 1e3:.0f}", f"{np.abs(one - other).max():.1e}"))
    interleaved(calls, 2)
    seconds = interleaved(calls, chosen.rounds)
    table = []
    for name, runtime, spent_ms, difference in rows:
        given, folded_in = (seconds[f"{name} {runtime} {how}"] for how in ("given", "folded"))
        times = (f"{given * 1e3:.1f}", f"{folded_in * 1e3:.1f}", f"{given / folded_in:.2f}")
        table.append((name, runtime, *times, spent_ms, difference))
    said = f"One tile of {chosen.side}×{chosen.side}, fp32, one thread, medians of {chosen.rounds} interleaved rounds"
    lines = [f"{said}; {machine()}.", "", *markdown(HEAD, table)]
    sys.stdout.write("\n".join(lines) + "\n")
    if chosen.page:
        put(chosen.page, "folding", lines)


if __name__ == "__main__":
    main()
