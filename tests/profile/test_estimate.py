"""Estimates: the data file is what it says, and the fit finds what it should."""

from __future__ import annotations

import numpy as np
import pytest

from edgeisp.profile import estimate as e


@pytest.mark.parametrize("network", e.published().networks, ids=lambda network: network.name)
def test_layers_give_the_published_parameters(network: e.Network) -> None:
    weights = [c.times * (c.kernel**2 * c.into * c.out // c.groups + c.out) for c in network.layers]
    assert sum(weights) == pytest.approx(network.parameters, rel=0.01)


def test_every_latency_has_its_network_chip_and_source() -> None:
    data = e.published()
    for latency in data.measurements:
        assert latency.network in {network.name for network in data.networks}
        assert latency.chip in {chip.name for chip in data.chips}
        assert latency.source in data.sources
    assert {network.source for network in data.networks} <= set(data.sources)


def test_fit_finds_the_roof_that_made_the_times() -> None:
    real = e.Roof("x", "fp16", float(e.RATES[20]), float(e.BANDWIDTHS[30]), float(e.OVERHEADS[8]))
    rng = np.random.default_rng(0)
    works = [e.Work(rng.uniform(1e6, 1e9, 9), rng.uniform(1e5, 1e8, 9)) for _ in range(6)]
    found = e.fit("x", "fp16", [(work, real.ms(work)) for work in works])
    assert found == real


def test_a_layer_takes_the_longer_of_its_two_times() -> None:
    roof = e.Roof("x", "w8a8", 1e12, 1e9, 1e-3)
    busy, moving = e.Work(np.array([2e9]), np.array([1e3])), e.Work(np.array([2e3]), np.array([3e6]))
    assert roof.ms(busy) == pytest.approx(1 + 2)
    assert roof.ms(moving) == pytest.approx(1 + 3)


def test_estimate_names_the_range_of_the_errors_on_all_chips() -> None:
    chip = e.published().chips[0].name
    _, held = e.fitted(chip, "w8a8")
    assert [one.latency.network for one in held] == [
        m.network for m in e.published().measurements if (m.chip, m.precision) == (chip, "w8a8")
    ]
    work = e.Work.of_network(e.published().networks[2])
    (found,) = [x for x in e.estimates(work, [chip]) if x.roof.precision == "w8a8"]
    ratios = [one.ratio for chip in e.published().chips for one in e.fitted(chip.name, "w8a8")[1]]
    assert len(ratios) > len(held)
    assert (found.low, found.high) == (found.ms / max(ratios), found.ms / min(ratios))
    assert "ESTIMATE, not measured" in e.table("net", (1, 4, 128, 128), [found]).title
