"""Counts on the captured graph, against counts by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from edgeisp.models import cost
from edgeisp.models.functions import Function
from edgeisp.profile.liveness import Step, peak
from edgeisp.profile.static import of_function

Hand = dict[str, dict[str, int]]


def test_macs_of_each_layer_are_those_counted_by_hand(countable: Function, by_hand: Hand) -> None:
    counted = of_function(countable)
    assert {layer.name: layer.macs for layer in counted.layers if layer.macs} == by_hand["macs"]
    assert {layer.name: layer.widths for layer in counted.layers if layer.macs} == {
        "first": (4, 8),
        "depthwise": (1, 8),
        "gain": (8, 8),
        "last": (8, 12),
    }


def test_total_is_torchs_own_and_unused_work_is_named(countable: Function, by_hand: Hand) -> None:
    counted = of_function(countable)
    used, unused = sum(by_hand["macs"].values()), by_hand["unused"]["macs"]
    assert counted.macs == cost.macs(countable) == used + unused
    assert counted.note is not None and counted.note.startswith(f"{unused} MACs")


def test_bytes_are_those_counted_by_hand(countable: Function, by_hand: Hand) -> None:
    counted = of_function(countable)
    assert counted.weight_bytes == by_hand["weights"]["bytes"]
    layers = {layer.name: layer for layer in counted.layers if layer.macs}
    plane = 4 * 16 * 16
    assert (layers["first"].read_bytes, layers["first"].written_bytes) == (4 * plane, 8 * plane)
    assert counted.moved_bytes == sum(x.weight_bytes + x.read_bytes + x.written_bytes for x in counted.layers)
    assert counted.intensity == counted.macs / counted.moved_bytes


class Chain(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = torch.exp(x)
        z = torch.sin(y.view(1, -1))
        return z + y.view(1, -1)


def test_peak_memory_holds_what_is_still_wanted(countable: Function) -> None:
    function = Function("tile", Chain(), {"x": (1, 10, 10)}, {"y": (1, 100)})
    assert of_function(function).peak_activation_bytes == 3 * 400  # y, z and the sum


@pytest.mark.parametrize(
    ("steps", "most"),
    [
        ([Step("a", (), 8), Step("b", ("a",), 8), Step("c", ("b",), 8)], 16),
        ([Step("a", (), 8), Step("b", ("a",), 8), Step("c", ("a", "b"), 8)], 24),
        ([Step("a", (), 8), Step("v", ("a",), 8, view=True), Step("c", ("v",), 8)], 16),
        ([Step("a", (), 8), Step("unread", (), 100), Step("c", ("a",), 8)], 108),
        ([], 0),
    ],
)
def test_peak_follows_the_lives_of_results(steps: list[Step], most: int) -> None:
    assert peak(steps) == most
