"""What ``edgeisp quantize`` does layer by layer: the table of sensitivities, and mixed precision chosen from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeisp.cli.console import Console

if TYPE_CHECKING:
    from edgeisp.quantize.recipe import Plan
    from edgeisp.quantize.sensitivity import LayerLoss

PROBES, PROBE_PATCH, PROBE_SEED = 12, 64, 20240803


def measured(console: Console, plan: Plan) -> list[LayerLoss]:
    from edgeisp.quantize.sensitivity import sensitivity

    what = "each layer alone in int8"
    with console.progress(what, total=len(plan.scheme)) as advance:
        return sensitivity(
            plan.network, plan.scheme, _probe(plan), lambda name: advance(1, f"{what}, {name}")
        )


def _probe(plan: Plan) -> Any:
    from edgeisp.quantize.sensitivity import Probe

    return Probe.of(plan.config.data, PROBES, PROBE_PATCH, PROBE_SEED, plan.config.reader)


def mixed(plan: Plan, losses: list[LayerLoss], budget_db: float) -> Plan:
    from edgeisp.quantize.sensitivity import within_budget

    names = within_budget(plan.network, plan.scheme, losses, _probe(plan), budget_db)
    return plan.keeping(names, f"chosen by --budget-db {budget_db:g}")


def report(console: Console, losses: list[LayerLoss], path: Path) -> None:
    from rich.table import Table

    from edgeisp.quantize.sensitivity import write_plot, write_table

    write_table(losses, path)
    plot = path.with_suffix(".svg")
    write_plot(losses, plot)
    shown = losses[:20]
    table = Table("layer", "dB to fp32", "MACs", box=None)
    table.title = "Each quantized convolution alone in int8, the worst first"
    table.caption = f"{len(shown)} of {len(losses)}; all of them in {path} and {plot}"
    for loss in shown:
        table.add_row(loss.name, f"{loss.psnr_db:.1f}", f"{loss.macs / 1e6:.2f} M")
    rows = [{"layer": loss.name, "psnr_db": loss.psnr_db, "macs": loss.macs} for loss in losses]
    console.result({"table": str(path), "plot": str(plot), "layers": rows}, table)
