"""What an exact halo costs, and what ways around it would: multiply-accumulates for each pixel written.

Counted on graphs, nothing is computed. ``tiles``: every tile with the whole receptive field. ``deep level once``: the
lowest level of the network once per frame, from a pass of its own over tiles, and handed to every tile; what lies above
it is computed twice, with the smaller fields that are left. ``rows reused``: a bound, nothing computed twice but the
mirrored border of the frame. ``auto``: tiles with the halo ``auto``, under half an 8-bit code off on the test pictures.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch
from page import markdown, put
from torch import Tensor, nn

from edgeisp.models import cost
from edgeisp.models.checkpoint import load
from edgeisp.models.functions import Function
from edgeisp.models.metaisp import MetaISP
from edgeisp.models.reach import halo
from edgeisp.render.halo import halo_of

PROBE = 512
"""Packed side at which graphs are captured."""
SIDES = (512, 1024, 1536, 2048, 3072)
FRAME = (3000, 4000)
HEAD = ("tile", "tiles", "deep level once", "rows reused", "auto")


class Above(nn.Module):
    """What lies above the lowest level on the way down: RAW to what the lowest level takes."""

    def __init__(self, network: MetaISP) -> None:
        super().__init__()
        self.network = network

    def forward(self, raw: Tensor, context: Tensor) -> Tensor:
        n = self.network
        parts = iter(context.split(n.parts, 1))
        x: Tensor = n.mfeb(n.compand(raw))
        for pair, down in zip(n.encoder, n.down, strict=False):
            for block in pair:  # type: ignore[attr-defined]
                x, _ = block(x, next(parts))
            x = down(x)
        return x


class Rest(nn.Module):
    """The tile function, handed what comes out of the lowest level."""

    def __init__(self, network: MetaISP) -> None:
        super().__init__()
        self.network = network

    def forward(self, raw: Tensor, color: Tensor, context: Tensor, deep: Tensor) -> Tensor:
        n = self.network
        parts = context.split(n.parts, 1)
        companded = n.compand(raw)
        x, skips, at = n.mfeb(companded), [], 0
        for pair, down in zip(n.encoder, n.down, strict=False):
            for block in pair:  # type: ignore[attr-defined]
                x, _ = block(x, parts[at])
                at += 1
            skips.append(x)
            x = down(x)
        at += len(n.encoder[-1]) + len(n.decoder[0])  # type: ignore[arg-type]
        x = n.up[0](deep) + skips.pop()
        for pair, up in zip(n.decoder[1:], n.up[1:], strict=True):  # type: ignore[arg-type]
            for block in pair:  # type: ignore[attr-defined]
                x, _ = block(x, parts[at])
                at += 1
            x = up(x) + skips.pop()
        made = n.compand.inverse(n.head(x) + n.demosaic(companded))
        return nn.functional.pixel_shuffle(n.rendering(made, color), 2)


def main() -> None:
    """Derive the fields, count, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", type=Path, help="page to put the table into")
    chosen = parser.parse_args()
    loaded = load("metaisp")
    network = loaded.network
    assert isinstance(network, MetaISP)
    known = halo_of(loaded)
    whole = network.functions(PROBE, PROBE)["tile"]
    raw, deep = (1, 4, PROBE, PROBE), (1, network.down[-1].conv.out_channels, PROBE // 8, PROBE // 8)  # type: ignore[union-attr]
    context = {"context": whole.inputs["context"]}
    above = Function("above", Above(network), {"raw": raw, **context}, {"deep": deep})
    rest = Function(
        "rest", Rest(network), {"raw": raw, "color": (1, 9, 1, 1), **context, "deep": deep}, whole.outputs
    )
    everything, again, left = (cost.macs(function) for function in (whole, above, rest))
    fields = {name: 2 * _up(halo(f, "raw"), 8) for name, f in (("above", above), ("rest", rest))}
    fields["rest"] = max(fields["rest"], 2 * _up(8 * halo(rest, "deep"), 8))
    lowest = 2 * _up(known.exact // 2 - fields["above"] // 2, 8)
    share = {"above": again / everything, "rest": left / everything, "lowest": 1 - left / everything}
    height, width = FRAME
    rows = (height + 2 * known.exact) * (width + 2 * known.exact) / (height * width)
    table = []
    for side in SIDES:
        plain = _over(side, known.exact)
        once = [share[part] * (factor or 0) for part, factor in ((p, _over(side, fields[p])) for p in fields)]
        possible = all(_over(side, fields[part]) for part in fields)
        cells = (
            f"{plain:.1f}" if plain else "no core",
            f"{sum(once) + share['lowest']:.1f}" if possible else "no core",
            f"{rows:.2f}",
            f"{_over(side, known.auto):.2f}",
        )
        table.append((f"{side}×{side}", *cells))
    said = (
        f"`metaisp`, halo exact {known.exact}, auto {known.auto} picture pixels. With the deep level once: "
        f"{fields['above']} for the pass above it ({share['above']:.0%} of the MACs), {fields['rest']} for the "
        f"tiles ({share['rest']:.0%}), {lowest} at most for the level itself ({share['lowest']:.0%}). Rows "
        "reused: a 12 MP frame."
    )
    lines = [said, "", *markdown(HEAD, table)]
    sys.stdout.write("\n".join(lines) + "\n")
    if chosen.page:
        put(chosen.page, "exactness", lines)


def _over(side: int, width: int) -> float | None:
    """Pixels computed for each one written; None where nothing is."""
    return side**2 / (side - 2 * width) ** 2 if side > 2 * width else None


def _up(length: int, step: int) -> int:
    return -(-length // step) * step


if __name__ == "__main__":
    with torch.no_grad():
        main()
