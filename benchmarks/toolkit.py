"""What edgeisp adds to a converter: `edgeisp export` without its verification over the converter's own call.

Each in a process of its own, from start to written file, in turns. The bare call converts the same two functions of
MetaISP as they are, by the fewest lines that its documentation asks for.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from page import markdown, put
from rich.console import Console
from timing import machine

from edgeisp.models.functions import Function

SIDE, MODEL = 256, "metaisp"
HEAD = ("target", "bare call, s", "edgeisp export without verification, s", "ratio", "verification, s")
notes = Console(stderr=True)


def main() -> None:
    """Take turns, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", default="tflite,executorch,onnx")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--page", type=Path, help="page to put the table into")
    parser.add_argument("--one", nargs=2, metavar=("HOW", "TARGET"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        with tempfile.TemporaryDirectory() as folder:
            {"bare": bare, "edgeisp": ours}[chosen.one[0]](chosen.one[1], Path(folder))
        return
    rows = []
    for target in chosen.targets.split(","):
        found: dict[str, list[float]] = {"bare": [], "edgeisp": []}
        verifying = []
        for _ in range(chosen.rounds):
            for how, times in found.items():
                command = [sys.executable, __file__, "--one", how, target]
                began = time.perf_counter()
                said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
                spent = float(said.splitlines()[-1]) if how == "edgeisp" else 0.0
                times.append(time.perf_counter() - began - spent)
                verifying += [spent] if how == "edgeisp" else []
                notes.print(f"{target} {how}: {times[-1]:.1f} s")
        plain, whole, checked = (statistics.median(v) for v in (*found.values(), verifying))
        rows.append((target, f"{plain:.1f}", f"{whole:.1f}", f"{whole / plain:.2f}", f"{checked:.1f}"))
    said = f"MetaISP fp32, tile {SIDE}×{SIDE}; medians of {chosen.rounds} interleaved rounds; {machine()}."
    lines = [said, "", *markdown(HEAD, rows)]
    sys.stdout.write("\n".join(lines) + "\n")
    if chosen.page:
        put(chosen.page, "toolkit", lines)


def ours(target: str, folder: Path) -> None:
    """`edgeisp export`; its last word is how long it verified."""
    from edgeisp.export.exporter import export, plan

    stages: list[tuple[str, float]] = []
    job = plan(MODEL, target, precision="fp32", tile=(SIDE, SIDE))
    export(job, folder, stage=lambda what: stages.append((what.split()[0], time.perf_counter())))
    at = dict(stages)
    sys.stdout.write(f"{at['writing'] - at['verifying']}\n")


def bare(target: str, folder: Path) -> None:
    """The converter alone."""
    import torch

    from edgeisp.models import checkpoint

    functions = checkpoint.load(MODEL).network.functions(SIDE // 2, SIDE // 2)
    examples = {n: tuple(torch.zeros(s) for s in f.inputs.values()) for n, f in functions.items()}
    for function in functions.values():
        function.module.eval().requires_grad_(False)
    {"tflite": _tflite, "executorch": _executorch, "onnx": _onnx}[target](functions, examples, folder)


def _tflite(functions: Mapping[str, Function], examples: Mapping[str, Any], folder: Path) -> None:
    import litert_torch

    converter: Any = litert_torch
    for name, function in functions.items():
        converter = converter.signature(name, function.module, examples[name])
    converter.convert().export(str(folder / "a.tflite"))


def _executorch(functions: Mapping[str, Function], examples: Mapping[str, Any], folder: Path) -> None:
    import torch
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import to_edge_transform_and_lower

    captured = {name: torch.export.export(f.module, examples[name]) for name, f in functions.items()}
    lowered = to_edge_transform_and_lower(captured, partitioner=[XnnpackPartitioner()])
    (folder / "a.pte").write_bytes(lowered.to_executorch().buffer)


def _onnx(functions: Mapping[str, Function], examples: Mapping[str, Any], folder: Path) -> None:
    import torch

    for name, function in functions.items():
        path = str(folder / f"{name}.onnx")
        torch.onnx.export(function.module, examples[name], path, dynamo=True, external_data=False)


if __name__ == "__main__":
    main()
