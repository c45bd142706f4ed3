from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from edgeisp.models.functions import ISPNetwork
from edgeisp.models.lwisp import LWISP, LWISPConfig
from edgeisp.quantize.layers import HIGH, LOW, Affine, LearnedConv2d, QDQConv2d, Ranges
from edgeisp.quantize.network import (
    convolutions,
    frozen,
    joined,
    scheme_of,
    shared_places,
    with_learned,
    with_qdq,
)


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


def test_tensor_has_one_quantizer_when_one_convolution_reads_what_another_puts_out(
    tiny: ISPNetwork, picture: tuple[Tensor, Tensor], ranges: dict[str, Ranges]
) -> None:
    assert shared_places(tiny, ranges) == {"window": ("stem", "output")}
    learned = with_learned(tiny, ranges)
    stem, window = (learned.get_submodule(name) for name in ("stem", "window"))
    assert isinstance(stem, LearnedConv2d) and isinstance(window, LearnedConv2d)
    assert not [key for key in learned.state_dict() if key.startswith(("window.own", "window.others"))]
    with torch.no_grad():
        stem.output.log_scale += 0.1
    trained = scheme_of(frozen(copy.deepcopy(learned)))
    assert trained["window"].input == trained["stem"].output != ranges["stem"].output


def test_tensor_has_one_quantizer_when_several_convolutions_read_it() -> None:
    network = LWISP(LWISPConfig(widths=(4, 4, 4, 4), bottom=1)).eval()
    places = shared_places(network, list(convolutions(network)))
    assert places["up.0.detail"] == ("up.0.smooth", "input")
    assert places["decoder.0.0.conv"] == ("fuse.0", "output")
    scheme = {
        name: Ranges(Affine(0.01 * (i + 1), 0), Affine(0.02, i))
        for i, name in enumerate(convolutions(network))
    }
    one = joined(network, scheme)
    assert one["up.0.detail"].input == one["up.0.smooth"].input == scheme["up.0.smooth"].input
    assert one["decoder.0.0.conv"].input == scheme["fuse.0"].output
    assert {name: r.output for name, r in one.items()} == {name: r.output for name, r in scheme.items()}
