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
from policy_agent import STAGES, Agent
from policy_evidence import BATCH, LONGER, METHODS, MORE, PATCH, PENALTIES, SEEDS, STEPS, TESTS
from timing import interleaved, machine

from edgeisp.models.cost import macs, parameters
from edgeisp.models.functions import Function
from edgeisp.posisp.network import PosISP
from edgeisp.posisp.policy import SIDE as THUMBNAIL
from edgeisp.profile.plots import Curve, over_time

Run = dict[str, Any]
PLOT = Path("images/penalty.svg")
UNITS = {"detect": "mAP, %", "enhance": "PSNR, dB"}
SIDE = 512
"""Of the picture on which chains are timed."""
ROUNDS = 30


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
    put(given.page, "controllers", controllers())
    swept = [run for run in found if run["task"] == "detect" and run["method"] == "POS-ISP"]
    lines, curves = sweep(swept)
    put(given.page, "sweep", [*lines, "", f"![mAP over the time of the chain]({PLOT})"])
    picture(over_time(curves, "mAP, %", "ms"), given.page.parent / PLOT)


def evidence(found: Sequence[Run]) -> list[str]:
    """Every method on both tasks."""
    head = ["", *(f"{task}: {unit} | POS-ISP is ahead by | training, s" for task, unit in UNITS.items())]
    rows = []
    for method in (*METHODS, *MORE):
        cells = []
        for task in TESTS:
            of = [r for r in found if r["method"] == method and r["task"] == task and not r["penalty"]]
            taken = spread([run for run in of if run["seconds"]], lambda run: run["seconds"], 0)
            cells += [spread(of), gain(of, found), taken]
        rows.append((method, *cells))
    budget = (
        f"{len(SEEDS)} seeds, mean ± standard deviation; {STEPS} steps of {BATCH} examples, {LONGER} in the last row; "
        f"{2 * PATCH}×{2 * PATCH} pixels; {TESTS['detect']} and {TESTS['enhance']} test examples. Training is "
        f"processor time of one thread on a core that others used too; {machine()}."
    )
    return [budget, "", *markdown(" | ".join(head).split(" | "), rows)]


def controllers() -> list[str]:
    """What decides, per picture: size, work and time."""
    isp = PosISP()
    agent, predictor = Agent(isp).eye.eval(), isp.parameters_of.eval()
    seen = {"picture": (1, 3, THUMBNAIL, THUMBNAIL)}
    state = {"state": (1, 4 + len(isp.pipeline.modules), THUMBNAIL, THUMBNAIL)}
    thumbnail, states = (torch.rand(next(iter(shape.values()))) for shape in (seen, state))
    with torch.inference_mode():
        seconds = interleaved(
            {"once": lambda: predictor(thumbnail), "stages": lambda: [agent(states) for _ in range(STAGES)]},
            ROUNDS,
        )
    once, stage = macs(Function("p", predictor, seen, {})), macs(Function("a", agent, state, {}))
    rows = [
        (
            "POS-ISP, soft mix, orders that are given",
            "1",
            count(parameters(predictor)),
            f"{once / 1e6:.1f}",
            seconds["once"],
        ),
        (
            "step-wise RL",
            f"{STAGES}",
            count(parameters(agent)),
            f"{STAGES * stage / 1e6:.1f}",
            seconds["stages"],
        ),
    ]
    head = ("", "runs for each picture", "parameters", "MACs, M", "ms")
    said = f"PyTorch, one thread, medians of {ROUNDS} interleaved rounds; {machine()}."
    return [said, "", *markdown(head, [(*row[:-1], f"{1e3 * row[-1]:.2f}") for row in rows])]


def count(number: int) -> str:
    """With commas."""
    return f"{number:,}"


def spread(
    runs: Sequence[Run], key: Callable[[Run], float] = lambda run: run["metric"], digits: int = 1
) -> str:
    """Mean and standard deviation."""
    values = [key(run) for run in runs]
    if not values:
        return "–"
    deviation = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.{digits}f}{deviation}"


def gain(runs: Sequence[Run], found: Sequence[Run]) -> str:
    """What POS-ISP is ahead by, paired by seed."""
    ours = {
        (run["task"], run["seed"]): run["metric"]
        for run in found
        if run["method"] == "POS-ISP" and not run["penalty"]
    }
    pairs = [
        {"metric": ours[key] - run["metric"]}
        for run in runs
        if run["method"] != "POS-ISP" and (key := (run["task"], run["seed"])) in ours
    ]
    return spread(pairs)


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
        orders = "; ".join(
            ", ".join(f"`{name}`" for name in run["sequence"]) for run in runs if len(run["sequence"]) < 4
        )
        rows.append(
            (f"{penalty:g}", length, f"{statistics.mean(table):.1f}", took, spread(runs), orders or "–")
        )
        points.append(
            (
                statistics.mean(ms[tuple(r["sequence"])] for r in runs),
                statistics.mean(r["metric"] for r in runs),
            )
        )
    head = (
        "`--penalty`, 1/ms",
        "modules",
        "ms of the table",
        f"ms at {SIDE}×{SIDE}",
        "mAP %",
        "short orders",
    )
    curves = [Curve("mean of three seeds", tuple(sorted(points)))]
    for seed in SEEDS:
        of = sorted((ms[tuple(r["sequence"])], r["metric"]) for r in swept if r["seed"] == seed)
        curves.append(Curve(f"seed {seed}", tuple(of)))
    said = f"PyTorch, one thread, medians of 5 interleaved rounds; {machine()}."
    return [said, "", *markdown(head, rows)], curves


if __name__ == "__main__":
    main()
