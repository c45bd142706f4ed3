"""MetaISP: its size, its context, its curves."""

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from edgeisp.models import MODELS
from edgeisp.models.blocks import ColorRendering, Companding, haar_dwt, haar_idwt
from edgeisp.models.metaisp import MetaISP
from edgeisp.raw.color import encode_srgb

IDENTITY = torch.eye(3).reshape(1, 9, 1, 1)


@pytest.fixture(scope="module")
def network() -> MetaISP:
    torch.manual_seed(0)
    return MetaISP().eval()


def test_size_matches_the_papers_claims(network: MetaISP) -> None:
    parameters = sum(p.numel() for p in network.parameters())
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network(torch.rand(1, 4, 224, 224), IDENTITY)
    assert 1.05e6 <= parameters <= 1.12e6
    assert 7.5e9 <= counter.get_total_flops() / 2 <= 8.0e9


def test_output_is_twice_as_large_as_the_planes(network: MetaISP) -> None:
    with torch.inference_mode():
        assert network(torch.rand(2, 4, 16, 24), IDENTITY.repeat(2, 1, 1, 1)).shape == (2, 3, 32, 48)


def test_given_context_of_the_same_frame_changes_nothing(network: MetaISP) -> None:
    raw = torch.rand(1, 4, 24, 24)
    with torch.inference_mode():
        context = network.context(raw)
        assert torch.equal(network(raw, IDENTITY), network(raw, IDENTITY, context))


def test_context_steers_the_picture(network: MetaISP) -> None:
    raw = torch.rand(1, 4, 24, 24)
    with torch.inference_mode():
        other = network.context(torch.zeros(1, 4, 24, 24)).roll(1, 1)
        assert not torch.allclose(network(raw, IDENTITY), network(raw, IDENTITY, other), atol=1e-5)


def test_context_holds_soft_weights_of_every_block(network: MetaISP) -> None:
    with torch.inference_mode():
        weights = network.context(torch.rand(2, 4, 16, 16)).view(2, len(network.blocks), -1)
    assert weights.shape == (2, 14, 8)
    assert torch.allclose(weights.sum(2), torch.ones(2, 14), atol=1e-6)


def test_new_network_renders_grey_as_grey_in_srgb() -> None:
    network = MetaISP().eval()
    torch.nn.init.zeros_(network.head.weight)
    with torch.inference_mode():
        rgb = network(torch.full((1, 4, 16, 16), 0.18), IDENTITY)[0, :, 8:-8, 8:-8]
    expected = float(encode_srgb(np.array([0.18]))[0])
    assert torch.allclose(rgb, torch.full_like(rgb, expected), atol=4e-4)


def test_functions_describe_what_the_network_takes(network: MetaISP) -> None:
    for function in network.functions(16, 32).values():
        with torch.inference_mode():
            out = function.module(*(torch.rand(shape) for shape in function.inputs.values()))
        assert [tuple(out.shape)] == list(function.outputs.values())


def test_haar_transform_is_orthonormal_and_inverted() -> None:
    x = torch.rand(2, 5, 8, 12)
    y = haar_dwt(x)
    assert torch.allclose(haar_idwt(y), x, atol=1e-6)
    assert torch.allclose(y.pow(2).sum(), x.pow(2).sum(), rtol=1e-5)
    assert torch.allclose(y[:, :5], x.unfold(2, 2, 2).unfold(3, 2, 2).sum((4, 5)) / 2, atol=1e-6)


def test_companding_keeps_negatives_and_inverts() -> None:
    x = torch.linspace(-0.5, 1.5, 401)
    compand = Companding()
    assert torch.allclose(compand.inverse(compand(x)), x, atol=1e-6)
    assert bool((compand(x).diff() > 0).all())


def test_srgb_curve_is_within_a_tenth_of_a_code_of_the_standard() -> None:
    x = torch.linspace(0, 1, 10_001)
    error = ColorRendering().encode(x).numpy() - encode_srgb(x.numpy())
    assert np.abs(error).max() * 255 < 0.1


def test_color_matrix_is_applied_row_by_row() -> None:
    matrix = torch.tensor([[1.6, -0.4, -0.2], [-0.3, 1.5, -0.2], [0.1, -0.6, 1.5]])
    linear = torch.rand(1, 12, 4, 4) * 0.5 + 0.25
    out = ColorRendering()(linear, matrix.reshape(1, 9, 1, 1))
    pixels = torch.einsum("ij,bjphw->biphw", matrix, linear.view(1, 3, 4, 4, 4)).reshape(1, 12, 4, 4)
    assert torch.allclose(out, ColorRendering().encode(pixels), atol=1e-6)


def test_every_registered_card_builds_its_network() -> None:
    for name in MODELS.names():
        card = MODELS.get(name)
        network = card.build()
        assert "tile" in network.functions(2 * network.stride, 2 * network.stride)
        assert card.reconstruction
