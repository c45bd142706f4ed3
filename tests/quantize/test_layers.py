from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from edgeisp.models.functions import ISPNetwork
from edgeisp.quantize.layers import HIGH, LOW, Affine, LearnedConv2d, QDQConv2d, Ranges
from edgeisp.quantize.network import frozen, with_learned, with_qdq


@given(st.floats(-50, 50), st.floats(-50, 50))
def test_affine_covers_both_ends_and_has_an_exact_zero(a: float, b: float) -> None:
    low, high = min(a, b, 0.0), max(a, b, 0.0)
    affine = Affine.covering(low, high)
    assert LOW <= affine.zero_point <= HIGH
    ends = torch.tensor([low, 0.0, high])
    assert float(affine(ends)[1]) == 0
    assert (affine(ends) - ends).abs().max() <= affine.scale * 1.001


def test_weights_come_back_within_half_a_step_of_their_channel() -> None:
    torch.manual_seed(0)
    conv = nn.Conv2d(3, 5, 3)
    conv.weight.data *= torch.logspace(-3, 1, 5)[:, None, None, None]
    qdq = QDQConv2d(conv, Ranges(None, None))
    back = qdq.weight * qdq.weight_scale[:, None, None, None]
    assert qdq.weight.dtype is torch.int8
    error = (back - conv.weight).abs().flatten(1).amax(1)
    assert (error <= qdq.weight_scale * 0.501).all()


def test_bias_is_a_whole_number_of_products_so_that_kernels_hold_it_exactly() -> None:
    torch.manual_seed(0)
    qdq = QDQConv2d(nn.Conv2d(3, 5, 3), Ranges(Affine(0.013, 4), Affine(0.02, 0)))
    assert qdq.bias is not None
    steps = qdq.bias.double() / (qdq.weight_scale.double() * 0.013)
    assert (steps - steps.round()).abs().max() < 1e-2
    assert steps.abs().max() > 100


def test_frozen_network_computes_what_the_trained_one_did_before_rounding_differs(
    tiny: ISPNetwork, picture: tuple[Tensor, Tensor], ranges: dict[str, Ranges]
) -> None:
    learned = with_learned(tiny, ranges)
    direct, by_training = with_qdq(tiny, ranges), frozen(learned)
    with torch.no_grad():
        expected, got, trained = direct(*picture), by_training(*picture), learned(*picture)
    assert (got - expected).square().mean() < 1e-7
    assert (trained - got).square().mean() < 1e-5


def test_gradients_reach_weights_and_ranges(
    tiny: ISPNetwork, picture: tuple[Tensor, Tensor], ranges: dict[str, Ranges]
) -> None:
    learned = with_learned(tiny, ranges)
    learned(*picture).square().mean().backward()
    silent = [name for name, p in learned.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert silent == []
    assert isinstance(learned.get_submodule("head"), LearnedConv2d)


def test_quantized_picture_is_near_the_float_one(
    tiny: ISPNetwork, picture: tuple[Tensor, Tensor], ranges: dict[str, Ranges]
) -> None:
    with torch.no_grad():
        error = (with_qdq(tiny, ranges)(*picture) - tiny(*picture)).square().mean()
    assert 0 < float(error) < 1e-4


@pytest.mark.parametrize("name", ["skip"])
def test_layer_that_the_network_names_stays_in_float(
    tiny: ISPNetwork, ranges: dict[str, Ranges], name: str
) -> None:
    assert isinstance(with_qdq(tiny, ranges).get_submodule(name), nn.Conv2d)
