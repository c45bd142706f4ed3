"""Tables and plot of what `policy_evidence` found, into docs/posisp.md.

    python benchmarks/policy_page.py OUT docs/posisp.md
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from page import markdown, picture, put
from policy_evidence import BATCH, METHODS, PATCH, PENALTIES, SEEDS, STEPS
from timing import interleaved, machine

from edgeisp.posisp.network import PosISP
from edgeisp.profile.plots import Curve, over_time

Run = dict[str, Any]
PLOT = Path("images/penalty.svg")
SIDE = 512
"""Of the picture on which chains are timed."""
LEARN = METHODS[2:]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("page", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    found = [json.loads(path.read_text()) for path in sorted(given.out.glob("*.json"))]
    put(given.page, "evidence", evidence(found))
    swept = [run for run in found if run["task"] == "detect" and run["method"] == "POS-ISP"]
    lines, curves = sweep(swept)
    put(given.page, "sweep", [*lines, "", f"![mAP over the time of the chain]({PLOT})"])
    picture(over_time(curves, "mAP, %", "ms"), given.page.parent / PLOT)


def evidence(found: Sequence[Run]) -> list[str]:
    """Every method on both tasks."""
    rows = []
    for method in METHODS:
        of = {
            task: [r for r in found if r["method"] == method and r["task"] == task and not r["penalty"]]
            for task in ("detect", "enhance")
        }
        taken = [run["seconds"] for runs in of.values() for run in runs if "seconds" in run]
        time = f"{statistics.mean(taken):.0f} s" if taken else "–"
        each = ", ".join(f"{run['metric']:.1f}" for run in of["detect"])
        rows.append(
            (method, spread(of["detect"]), each, gain(of["detect"], found), spread(of["enhance"]), gain(of["enhance"], found), time)
        )
    head = ("", "detection, mAP %", "by seed", "POS-ISP is ahead by", "enhancement, PSNR dB", "POS-ISP is ahead by", "training")
    budget = (
        f"{len(SEEDS)} seeds, mean ± standard deviation; {2 * PATCH}×{2 * PATCH} pixels, batches of {BATCH}. Steps: "
        f"{STEPS['order']} of an order that is given, {STEPS['search']} + {STEPS['settle']} of POS-ISP, {STEPS['mixing']} + "
        f"{STEPS['settle']} of the mixture, {STEPS['agent']} of step-wise RL. Training: mean processor time of one thread, "
        f"on a core that others used too; {machine()}."
    )
    return [budget, "", *markdown(head, rows)]


def spread(runs: Sequence[Run], key: Callable[[Run], float] = lambda run: run["metric"], digits: int = 1) -> str:
    """Mean and standard deviation."""
    values = [key(run) for run in runs]
    if not values:
        return "–"
    deviation = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.{digits}f}{deviation}"


def gain(runs: Sequence[Run], found: Sequence[Run]) -> str:
    """What POS-ISP is ahead by, paired by seed."""
    best = {r["seed"]: r["metric"] for r in found if r["method"] == "POS-ISP" and not r["penalty"] and r["task"] == runs[0]["task"]} if runs else {}
    pairs = [{"metric": best[run["seed"]] - run["metric"]} for run in runs if run["seed"] in best]
    return spread(pairs) if pairs and runs[0]["method"] != "POS-ISP" else ""


def sweep(swept: Sequence[Run]) -> tuple[list[str], list[Curve]]:
    """POS-ISP for detection by penalty: length and time of its chain against the metric."""
    isp = PosISP()
    chains = {tuple(run["sequence"]): isp.pipeline.ids(run["sequence"]) for run in swept}
    x, raw = torch.rand(1, 3, SIDE, SIDE), isp.pipeline.identity[None]

    def timed(ids: tuple[int, ...]) -> Callable[[], object]:
        return lambda: isp.pipeline.run(x, raw, ids)

    with torch.inference_mode():
        seconds = interleaved({" ".join(names): timed(ids) for names, ids in chains.items()}, 5)
    ms = {names: 1e3 * seconds[" ".join(names)] for names in chains}
    rows, points = [], []
    for penalty in (0.0, *PENALTIES):
        runs = [run for run in swept if run["penalty"] == penalty]
        if not runs:
            continue
        table = [float(isp.pipeline.costs[list(chains[tuple(run["sequence"])])].sum()) for run in runs]
        length = spread(runs, lambda run: len(run["sequence"]))
        took = spread(runs, lambda run: ms[tuple(run["sequence"])], 0)
        orders = "; ".join(", ".join(f"`{name}`" for name in run["sequence"]) for run in runs if len(run["sequence"]) < 4)
        rows.append((f"{penalty:g}", length, f"{statistics.mean(table):.1f}", took, spread(runs), orders or "–"))
        points.append((statistics.mean(ms[tuple(r["sequence"])] for r in runs), statistics.mean(r["metric"] for r in runs)))
    head = ("`--penalty`, 1/ms", "modules", "ms of the table", f"ms at {SIDE}×{SIDE}", "mAP %", "short orders")
    curves = [Curve("mean of three seeds", tuple(sorted(points)))]
    for seed in SEEDS:
        of = sorted((ms[tuple(r["sequence"])], r["metric"]) for r in swept if r["seed"] == seed)
        curves.append(Curve(f"seed {seed}", tuple(of)))
    said = f"PyTorch, one thread, medians of 5 interleaved rounds; {machine()}."
    return [said, "", *markdown(head, rows)], curves


if __name__ == "__main__":
    main()
