"""``edgeisp data``: what a data set on disk holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeisp.cli.console import Console, one_of
from edgeisp.cli.options import RawFormatOptions

if TYPE_CHECKING:
    from rich.table import Table

    from edgeisp.data.check import PairReport, SetReport
    from edgeisp.data.pairset import PairSet
    from edgeisp.data.picture_pairs import PictureSet

ACTIONS = ("check",)
SHOWN = 10
"""Files that a table names; --json and -v name all."""
UNUSABLE = 2


def data(
    console: Console,
    raw: RawFormatOptions,
    action: Annotated[
        str, typer.Argument(help="check: decode every pair once.", callback=one_of("action", ACTIONS))
    ],
    name: Annotated[
        str, typer.Argument(metavar="SET", help="pairs:DIR, dng:DIR, zrr:DIR, mai21:DIR or sidd:DIR.")
    ],
) -> None:
    """Check a data set: counts, sizes, levels, unreadable files, files without a partner, pairs that do not fit.

    Shifts between RAW and picture are estimated by phase correlation of their edges; they and doubtful CFA layouts are
    told and no more. Exit code 2 if training would refuse the set as it is, without --skip-bad.

    Examples:

    edgeisp data check zrr:Zurich-RAW-to-DSLR-Dataset

    edgeisp data check sidd:SIDD_Medium_Srgb

    edgeisp data check mai21:raw_images --assume-white-level 4095 --json

    edgeisp data check pairs:my_phone --raw-size 4000x3000 --bits 10 --cfa RGGB \\
        --assume-white-balance gray-world --assume-color-matrix srgb
    """
    from edgeisp.extras import require

    require("train")
    from edgeisp.data.check import check
    from edgeisp.data.open import open_set
    from edgeisp.data.picture_pairs import holds_pictures, open_pictures
    from edgeisp.data.sidd_raw import holds_raws, open_raws

    assert action in ACTIONS
    pairs: PairSet | PictureSet
    if holds_raws(name):
        pairs = open_raws(name)
    elif holds_pictures(name):
        pairs = open_pictures(name)
    else:
        pairs = open_set(name, raw.reader(), "sidd:DIR")
    with console.progress("checking", total=len(pairs.entries)) as advance:
        report = check(pairs, advance)
    console.result(_facts(name, report), _table(name, report, None if console.verbose else SHOWN))
    if not report.usable:
        first = report.unreadable[0] if report.unreadable else f"{report.unpaired[0]} has no partner"
        told = {"pairs cannot be read": len(report.unreadable), "files have no partner": len(report.unpaired)}
        counts = " and ".join(f"{count} {what}" for what, count in told.items() if count)
        console.warn(
            f"{counts}; mend them, or leave them out by --skip-bad of train and eval; first: {first}"
        )
        raise typer.Exit(UNUSABLE)


def _facts(name: str, report: SetReport) -> dict[str, Any]:
    return {
        "data": name,
        "usable": report.usable,
        "pairs": report.counts,
        "sizes": report.sizes,
        "levels": _levels(report.pairs),
        "unreadable": [{"where": bad.where, "what": bad.what, "cure": bad.cure} for bad in report.unreadable],
        "unpaired": report.unpaired,
        "shift_px": _shifts(report.pairs),
        "misaligned": [{"name": pair.name, "shift": pair.shift} for pair in report.misaligned],
        "doubtful_cfa": [{"name": pair.name, "why": pair.doubt} for pair in report.doubtful],
        "notes": list(report.notes),
    }


def _levels(pairs: list[PairReport]) -> dict[str, float] | None:
    if not pairs:
        return None
    return {
        "lowest": min(pair.lowest for pair in pairs),
        "highest": max(pair.highest for pair in pairs),
        "at_or_above_white": sum(pair.clipped for pair in pairs) / len(pairs),
        "at_or_below_black": sum(pair.black for pair in pairs) / len(pairs),
    }


def _shifts(pairs: list[PairReport]) -> dict[str, float] | None:
    import numpy as np

    known = [pair.distance for pair in pairs if pair.shift is not None]
    if not known:
        return None
    return {
        "known": len(known),
        "median": float(np.median(known)),
        "p95": float(np.quantile(known, 0.95)),
        "largest": max(known),
    }


def _table(name: str, report: SetReport, most: int | None) -> Table:
    from rich.table import Table

    from edgeisp.data.check import MISALIGNED

    table = Table("", "", title=name, title_justify="left", show_header=False, box=None)
    levels, shifts = _levels(report.pairs), _shifts(report.pairs)
    table.add_row("pairs", _counted(report.counts))
    table.add_row("sizes", _counted(report.sizes))
    for note in report.notes:
        table.add_row("found out", note)
    if levels:
        table.add_row(
            "samples",
            f"{levels['lowest']:g} to {levels['highest']:g}; {levels['at_or_above_white']:.2%} at white or above, "
            f"{levels['at_or_below_black']:.2%} at black or below",
        )
    if shifts:
        table.add_row(
            "shift",
            f"median {shifts['median']:.2f} px, 95 % within {shifts['p95']:.2f} px, "
            f"known for {shifts['known']:g} of {len(report.pairs)} pairs",
        )
    lists = {
        "unreadable": [f"{bad.where}: {bad.what}" for bad in report.unreadable],
        "without a partner": report.unpaired,
        f"shifted by {MISALIGNED} px or more": [
            f"{pair.name}: {pair.shift[0]:+.1f} right, {pair.shift[1]:+.1f} down"
            for pair in report.misaligned
            if pair.shift
        ],
        "doubtful CFA": [f"{pair.name}: {pair.doubt}" for pair in report.doubtful],
    }
    for title, lines in lists.items():
        table.add_row(title, str(len(lines)))
        for line in lines[:most]:
            table.add_row("", line)
        if most is not None and len(lines) > most:
            table.add_row("", f"and {len(lines) - most} more: -v or --json names them")
    return table


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counts.items()) or "none"
