"""A network with a picture's context in its weights computes what it computes when the context is given."""

from __future__ import annotations

import pytest
import torch

from edgeisp.models import cost
from edgeisp.models.contextual import ContextNetwork
from edgeisp.models.lwisp import LWISP, LWISPConfig
from edgeisp.models.metaisp import MetaISP, MetaISPConfig
from edgeisp.models.metaisp_npu import MetaISPNPU

NETWORKS = {
    "metaisp": lambda: MetaISP(MetaISPConfig(width=8, k=8, n_basis=3)),
    "metaisp-npu": lambda: MetaISPNPU(MetaISPConfig(width=8, k=8, n_basis=3)),
    "lwisp": lambda: LWISP(LWISPConfig(widths=(8, 16), bottom=2)),
}


@pytest.fixture(params=NETWORKS)
def network(request: pytest.FixtureRequest) -> ContextNetwork:
    """With no weight as it is born."""
    torch.manual_seed(0)
    made: ContextNetwork = NETWORKS[request.param]()
    for parameter in made.parameters():
        parameter.data += 0.05 * torch.randn(parameter.shape)
    return made.eval()


def test_folded_network_makes_the_same_picture(network: ContextNetwork) -> None:
    raw, color = torch.rand(1, 4, 32, 40), torch.eye(3).view(1, 9, 1, 1)
    with torch.inference_mode():
        context = network.context(torch.rand(1, 4, 48, 48))
    folded = network.folded(context)
    with torch.inference_mode():
        expected = network(raw, color, context)
        assert torch.allclose(folded(raw, color, context), expected, atol=1e-5)
        other = network(raw, color, context.flip(1))
    assert not torch.allclose(other, expected, atol=1e-3)  # the context matters here


def test_folding_leaves_the_network_as_it_was_and_saves_work(network: ContextNetwork) -> None:
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with torch.inference_mode():
        context = network.context(torch.rand(1, 4, 48, 48))
    folded = network.folded(context)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    macs = [cost.macs(one.functions(32, 32)["tile"]) for one in (network, folded)]
    assert macs[1] <= macs[0]
    assert macs[1] < macs[0] or isinstance(network, (LWISP, MetaISPNPU))  # whose gates and gains were no MACs
    nodes = [_products(one, context) for one in (network, folded)]
    assert nodes[1] < nodes[0]


def _products(network: ContextNetwork, context: torch.Tensor) -> int:
    given = (torch.rand(1, 4, 32, 40), torch.eye(3).view(1, 9, 1, 1), context.clone())
    with torch.no_grad():
        graph = torch.export.export(network, given, strict=False).graph
    return sum("mul" in str(node.target) or "bmm" in str(node.target) for node in graph.nodes)
