"""Which layers cost what in int8, and which of them a budget keeps in float."""

from __future__ import annotations

import csv
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch
from torch import Tensor

from edgeisp.errors import EdgeISPError
from edgeisp.models.functions import ISPNetwork
from edgeisp.quantize.layers import Affine, Ranges
from edgeisp.quantize.network import with_qdq
from edgeisp.quantize.sensitivity import (
    LayerLoss,
    Probe,
    decibels,
    sensitivity,
    within_budget,
    write_plot,
    write_table,
)

COARSE = "head"
"""The layer that is given far too wide a range."""


@pytest.fixture(scope="module")
def scheme(ranges: dict[str, Ranges]) -> dict[str, Ranges]:
    return {**ranges, COARSE: Ranges(Affine(0.2, 0), Affine(0.2, 0))}


@pytest.fixture(scope="module")
def probe(tiny: ISPNetwork, picture: tuple[Tensor, Tensor]) -> Probe:
    """The truth is a little off what the network makes: 40 dB in one picture, 60 dB in the other."""
    raw, color = picture
    nothing = torch.zeros(2, 3, 32, 32)
    made = Probe(raw, color, nothing, nothing).run(tiny)
    off = torch.tensor([0.01, 0.001])[:, None, None, None]
    return Probe(raw, color, made + off, torch.ones_like(made[:, :1]))


@pytest.fixture(scope="module")
def losses(tiny: ISPNetwork, scheme: dict[str, Ranges], probe: Probe) -> list[LayerLoss]:
    return sensitivity(tiny, scheme, probe)


def test_pictures_count_alike_whatever_their_error(tiny: ISPNetwork, probe: Probe) -> None:
    assert probe.task_db(probe.run(tiny)) == pytest.approx(50, abs=0.01)


def test_each_layer_is_measured_alone_and_the_coarse_one_is_the_worst(
    tiny: ISPNetwork, scheme: dict[str, Ranges], probe: Probe, losses: list[LayerLoss]
) -> None:
    assert {loss.name for loss in losses} == set(scheme)
    assert losses[0].name == COARSE
    alone = with_qdq(tiny, {COARSE: scheme[COARSE]})
    error = (probe.run(alone) - probe.run(tiny)).square().mean()
    assert losses[0].psnr_db == pytest.approx(decibels(float(error)))
    assert losses[0].macs == 12 * 4 * 9 * 16 * 16


def test_budget_keeps_in_float_what_costs_most_and_is_met(
    tiny: ISPNetwork, scheme: dict[str, Ranges], probe: Probe, losses: list[LayerLoss]
) -> None:
    def lost(kept: list[str]) -> float:
        mixed = with_qdq(tiny, {name: r for name, r in scheme.items() if name not in kept})
        return probe.task_db(probe.run(tiny)) - probe.task_db(probe.run(mixed))

    budget = (lost([]) + lost([COARSE])) / 2
    assert within_budget(tiny, scheme, losses, probe, lost([]) + 0.01) == []
    assert within_budget(tiny, scheme, losses, probe, budget) == [COARSE]
    assert lost([COARSE]) <= budget


def test_error_when_half_of_the_layers_in_float_are_not_enough(
    tiny: ISPNetwork, scheme: dict[str, Ranges], probe: Probe, losses: list[LayerLoss]
) -> None:
    with pytest.raises(EdgeISPError, match="2 of 5 convolutions in float"):
        within_budget(tiny, scheme, losses, probe, -1.0)


def test_table_and_plot_show_every_layer(losses: list[LayerLoss], tmp_path: Path) -> None:
    write_table(losses, tmp_path / "layers.csv")
    write_plot(losses, tmp_path / "layers.svg")
    rows = list(csv.DictReader((tmp_path / "layers.csv").open()))
    assert [row["layer"] for row in rows] == [loss.name for loss in losses]
    drawn = ElementTree.parse(tmp_path / "layers.svg").getroot()
    shown = [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {loss.name for loss in losses} <= set(shown)
    bars = [float(bar.get("width", "0")) for bar in list(drawn.iter("{http://www.w3.org/2000/svg}rect"))[1:]]
    assert bars == sorted(bars, reverse=True)
