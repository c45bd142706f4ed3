"""LW-ISP: its size, its context, its upsampling block."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from edgeisp.models.blocks import SubpixelUp
from edgeisp.models.cost import frame_macs, parameters
from edgeisp.models.lwisp import CARD, LWISP
from edgeisp.models.metaisp import MetaISP, MetaISPConfig
from edgeisp.raw.color import encode_srgb

IDENTITY = torch.eye(3).reshape(1, 9, 1, 1)


@pytest.fixture(scope="module")
def network() -> LWISP:
    torch.manual_seed(0)
    return LWISP().eval()


def test_size_is_what_the_papers_ratios_imply(network: LWISP) -> None:
    assert 2.0e6 <= parameters(network) <= 2.1e6
    assert 4.2e9 <= frame_macs(network, CARD.reference_input) <= 4.3e9


def test_output_is_twice_as_large_as_the_planes(network: LWISP) -> None:
    with torch.inference_mode():
        assert network(torch.rand(2, 4, 16, 24), IDENTITY.repeat(2, 1, 1, 1)).shape == (2, 3, 32, 48)


def test_tile_computes_nothing_global_when_given_a_context(network: LWISP) -> None:
    raw = torch.rand(1, 4, 24, 256)
    changed = raw.clone()
    changed[..., 248:] = 1
    with torch.inference_mode():
        context = network.context(raw)
        assert torch.equal(network(raw, IDENTITY), network(raw, IDENTITY, context))
        near, far = network(raw, IDENTITY, context), network(changed, IDENTITY, context)
        alone = network(changed, IDENTITY)
    assert torch.equal(near[..., :16], far[..., :16])
    assert not torch.equal(near[..., :16], alone[..., :16])


def test_context_holds_the_gates_of_every_channel(network: LWISP) -> None:
    with torch.inference_mode():
        context = network.context(torch.rand(2, 4, 16, 16))
    assert context.shape == (2, sum(network.parts), 1, 1)
    assert bool(((context > 0) & (context < 1)).all())


def test_new_network_renders_grey_as_grey_in_srgb() -> None:
    network = LWISP().eval()
    torch.nn.init.zeros_(network.rgb.weight)
    with torch.inference_mode():
        rgb = network(torch.full((1, 4, 16, 16), 0.18), IDENTITY)[0, :, 8:-8, 8:-8]
    expected = float(encode_srgb(np.array([0.18]))[0])
    assert torch.allclose(rgb, torch.full_like(rgb, expected), atol=4e-4)


def test_inspection_shows_a_map_and_the_gates_of_every_block(network: LWISP) -> None:
    with torch.inference_mode():
        shown = network.inspect(torch.rand(1, 4, 32, 32))
    assert list(shown.maps) == list(shown.weights)
    assert [len(w) for w in shown.weights.values()] == network.parts
    assert all(float(m.min()) >= 0 and float(m.max()) <= 1 for m in shown.maps.values())


def test_upsampling_block_is_a_shuffle_plus_bilinear_interpolation() -> None:
    block, x = SubpixelUp(3, 2), torch.rand(1, 3, 4, 5)
    smooth = F.interpolate(block.smooth(x), size=(8, 10), mode="bilinear")
    with torch.no_grad():
        assert torch.allclose(block(x), F.pixel_shuffle(block.detail(x), 2) + smooth, atol=1e-6)


def test_other_network_takes_the_upsampling_block_by_config() -> None:
    network = MetaISP(MetaISPConfig(up="subpixel")).eval()
    assert all(isinstance(up, SubpixelUp) for up in network.up)
    assert parameters(network) < parameters(MetaISP())
    with torch.inference_mode():
        assert network(torch.rand(1, 4, 16, 16), IDENTITY).shape == (1, 3, 32, 32)
