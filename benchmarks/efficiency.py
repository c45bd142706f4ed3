"""Time per multiply-accumulate of our networks beside plain convolutions and what a user might pick instead.

Everything goes through the same rewrites and converters, and runs one tile on one thread, in turns. Peers are
untrained; their int8 ranges are those of one picture. With ``--page`` table and plot go into the documentation.
"""

from __future__ import annotations

import argparse
import json
from functools import partial
from pathlib import Path

import torch
from int8 import RUNTIMES, artifact
from page import markdown, picture, put
from peers import NAFNet, Peer, PlainStack, UNet
from rich.console import Console
from timing import instructions, interleaved, machine

from edgeisp.engines import ENGINES
from edgeisp.export import TARGETS
from edgeisp.export.rewrites import prepare
from edgeisp.export.verification import example
from edgeisp.models import checkpoint, cost
from edgeisp.models.functions import ISPNetwork
from edgeisp.profile.plots import bars
from edgeisp.quantize.layers import Affine, Ranges
from edgeisp.quantize.network import convolutions, deployable, with_qdq
from edgeisp.quantize.precision import Name, parse_precision

OURS = ("metaisp", "metaisp-npu", "lwisp")
PEERS = {"plain 3x3 stack": PlainStack, "U-Net": UNet, "NAFNet blocks": NAFNet}
BASE = "plain 3x3 stack"
PRECISIONS: tuple[Name, ...] = ("fp32", "w8a8")
HEAD = (
    "network",
    "runtime",
    "precision",
    "parameters, M",
    "MACs, M",
    "ms",
    "GMAC/s",
    "time per MAC, stack = 1",
)
IMAGE = Path("images/efficiency.svg")
notes = Console(stderr=True)


def main() -> None:
    """Export what is missing, open everything, take turns, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=256, help="side of the tile in picture pixels")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument(
        "--artifacts", type=Path, default=Path("build/bench-int8"), help="folder to keep them in"
    )
    parser.add_argument("--targets", default=",".join(RUNTIMES))
    parser.add_argument("--networks", default=",".join((*OURS, *PEERS)), help="beside the plain stack")
    parser.add_argument("--page", type=Path, help="page to put the table into, such as docs/speed.md")
    chosen = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    half = chosen.side // 2
    wanted = {*chosen.networks.split(","), BASE}
    networks: dict[str, ISPNetwork] = {
        **{name: checkpoint.load(name).network for name in OURS if name in wanted},
        **{name: deployable(kind()) for name, kind in PEERS.items() if name in wanted},
    }
    calls = {}
    for target in chosen.targets.split(","):
        for precision in PRECISIONS:
            for name, network in networks.items():
                if isinstance(network, Peer):
                    path = peer(network, name, target, precision, half, chosen.artifacts)
                else:
                    path = artifact(name, target, precision, chosen.side, chosen.artifacts)
                shapes = network.functions(half, half)["tile"].inputs
                inputs = {key: example(key, shape, 0) for key, shape in shapes.items()}
                program = ENGINES.get(TARGETS.get(target).engine()).open(path, threads=1)
                calls[target, precision, name] = partial(program.run, "tile", inputs)
    interleaved(calls, 2)
    seconds = interleaved(calls, chosen.rounds)
    macs = {name: cost.macs(network.functions(half, half)["tile"]) for name, network in networks.items()}
    sizes = {name: sum(p.numel() for p in network.parameters()) for name, network in networks.items()}
    rows, shares = [], {}
    for (target, precision, name), took in seconds.items():
        per_mac = took / macs[name] / (seconds[target, precision, BASE] / macs[BASE])
        shares[target, precision, name] = per_mac
        cells = (f"{sizes[name] / 1e6:.2f}", f"{macs[name] / 1e6:.0f}", f"{took * 1e3:.1f}")
        rows.append((name, target, precision, *cells, f"{macs[name] / took / 1e9:.1f}", f"{per_mac:.2f}"))
    said = f"One tile of {chosen.side}×{chosen.side}, one thread, medians of {chosen.rounds} interleaved rounds; "
    lines = [said + f"{machine()}; {instructions()}.", "", *markdown(HEAD, rows)]
    print("\n".join(lines))  # noqa: T201
    if chosen.page:
        lines += ["", f"![Time per MAC of each network over that of the plain stack]({IMAGE})"]
        put(chosen.page, "efficiency", lines)
        shown = [(f"{name}, {target} {kind}", share) for (target, kind, name), share in shares.items()]
        picture(bars([row for row in shown if not row[0].startswith(BASE)], "x"), chosen.page.parent / IMAGE)


def peer(network: Peer, name: str, target: str, precision: Name, half: int, folder: Path) -> Path:
    """The artifact of a peer, converted where ``folder`` holds none of that size."""
    chosen = TARGETS.get(target)
    path = folder / f"{name.replace(' ', '-')}-{precision}-{2 * half}{chosen.suffix}"
    if path.exists():
        return path
    notes.print(f"converting {name} to {target} {precision}")
    folder.mkdir(parents=True, exist_ok=True)
    shipped = network if precision == "fp32" else with_qdq(network, ranges(network))
    function = shipped.functions(half, half)["tile"]
    described = {"tile": {"inputs": [{"name": "raw"}], "outputs": [{"name": "rgb"}], "file": path.name}}
    ready = {"tile": prepare(function, chosen.rewrites, precision).function}
    chosen.convert(ready, path, parse_precision(precision), {"edgeisp": json.dumps({"functions": described})})
    return path


def ranges(network: Peer) -> dict[str, Ranges]:
    """Extremes of every convolution but the first and the last, which stay in float as ours do; on one picture."""
    found: dict[str, Ranges] = {}

    def look(name: str, x: torch.Tensor, y: torch.Tensor) -> None:
        found[name] = Ranges(*(Affine.covering(float(t.min()), float(t.max())) for t in (x, y)))

    _, *named, _ = convolutions(network).items()
    handles = [
        conv.register_forward_hook(lambda m, args, y, n=name: look(n, args[0], y)) for name, conv in named
    ]
    with torch.no_grad():
        network(torch.from_numpy(example("raw", (1, 4, 128, 128), 0)))
    for handle in handles:
        handle.remove()
    return found


if __name__ == "__main__":
    main()
