"""The choice of a tile: fastest within memory, halo included; and its price, measured."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from edgeisp.errors import BadInputError
from edgeisp.models.checkpoint import save
from edgeisp.models.metaisp import MetaISP
from edgeisp.models.task import ISP
from edgeisp.profile.tiles import Cut, Making, Price, best, extrapolated, measure

CUT = Cut(halo=32, stride=8, scale=2, frame=(1500, 2000))
MANY = 10**12


def price(side: int, megabytes: int = 100) -> Price:
    """Of a tile whose time goes with its area."""
    return Price((side, side), side * side * 1e-6, megabytes * 10**6)


def test_larger_tile_is_chosen_when_the_halo_costs_less() -> None:
    chosen, why = best([price(128), price(256), price(512)], CUT, MANY)
    assert chosen.tile == (512, 512)
    assert "1024x1024" in why
    assert "256x256: about" in why


def test_smaller_tile_is_chosen_when_the_larger_one_does_not_fit_into_memory() -> None:
    chosen, why = best([price(128), price(512, 60_000)], CUT, 50 * 10**9)
    assert chosen.tile == (128, 128)
    needed = re.search(r"1024x1024 would need (\d+) MB", why)
    assert needed is not None and int(needed[1]) > 60_000


def test_refusal_gives_the_figure_that_is_enough_and_that_auto_gives_when_no_tile_fits() -> None:
    prices = [price(128, 300), price(512, 6_000)]
    with pytest.raises(BadInputError) as refused:
        best(prices, CUT, 10**6)
    told = re.fullmatch(
        "a run with tiles of 256x256 needs about ([0-9]+) MB, --memory allows 1 MB", refused.value.what
    )
    assert told is not None
    assert str(refused.value.cure) == f"give {told[1]} MB"
    chosen, why = best(prices, CUT, int(told[1]) * 10**6)
    assert chosen.tile == (128, 128)
    assert re.match(f"tile 256x256: about [0-9.]+ s and {told[1]} MB, of {told[1]} MB", why)


@pytest.mark.parametrize(
    ("most", "cure"),
    [(20_000, "give [0-9]+ MB, or a smaller --tile, or fewer --threads"), (1, "give [0-9]+ MB")],
)
def test_cures_are_those_that_help_when_memory_is_too_little(most: int, cure: str) -> None:
    with pytest.raises(BadInputError) as caught:
        best([price(128, 60_000)], CUT, most * 10**6, cures=["a smaller --tile", "fewer --threads"])
    assert re.fullmatch(cure, str(caught.value.cure))


def test_price_of_a_tile_follows_from_two_others() -> None:
    small, large = Price((128, 128), 0.1, 10**8), Price((256, 256), 0.4, 2 * 10**8)
    found = extrapolated(small, large, (512, 256))
    assert found.seconds == pytest.approx(0.8)
    assert found.bytes == pytest.approx(2 * 10**8 + 256 * 256 * 10**8 / (3 * 128 * 128), rel=1e-6)


def test_larger_tile_takes_longer_and_more_memory_when_it_is_measured(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = MetaISP()
    save(tmp_path / "a.safetensors", network, {"model": "metaisp"})
    sizes = [{n: dict(f.inputs) for n, f in network.functions(s, s).items()} for s in (32, 256)]
    making = Making("torch", tmp_path / "a.safetensors", 1, 1, ISP, stride=8, opened=True)
    small, large = measure(making, sizes)
    assert (small.tile, large.tile) == ((32, 32), (256, 256))
    assert 0 < small.seconds < large.seconds
    assert small.bytes < large.bytes
    assert large.bytes > 4 * 32 * 256 * 256  # one activation at least


def test_what_an_artifact_is_rendered_with_loads_no_pytorch() -> None:
    modules = "edgeisp.profile.tiles, edgeisp.cli.artifacts, edgeisp.cli.photo, edgeisp.render.renderer"
    program = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-P", "-c", program]).returncode == 0
