"""MetaISP for accelerators: no larger than MetaISP, and of nothing but what they run at full speed."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from edgeisp.export import TARGETS
from edgeisp.export.rewrites import prepare
from edgeisp.models.metaisp import MetaISP
from edgeisp.models.metaisp_npu import MetaISPNPU

IDENTITY = torch.eye(3).reshape(1, 9, 1, 1)
FIRST_CLASS = {
    "conv2d",
    "relu",
    "relu6",
    "hardtanh",
    "clamp",
    "add",
    "sub",
    "mul",
    "abs",
    "neg",
    "sqrt",
    "cat",
    "slice",
    "split",
    "chunk",
    "split_with_sizes",
    "getitem",
    "reshape",
    "permute",
    "view",
    "unsqueeze",
    "pixel_shuffle",
}
"""What docs/models.md names, and how pixel shuffles and the 576 numbers of the context are laid out."""


@pytest.fixture(scope="module")
def network() -> MetaISPNPU:
    torch.manual_seed(0)
    made = MetaISPNPU().eval()
    for parameter in made.parameters():
        parameter.data += 0.02 * torch.randn_like(parameter)
    return made


def test_budget_is_that_of_metaisp(network: MetaISPNPU) -> None:
    assert sum(p.numel() for p in network.parameters()) <= sum(p.numel() for p in MetaISP().parameters())


def test_every_inner_convolution_has_multiples_of_32_channels(network: MetaISPNPU) -> None:
    outer = {"mfeb.0", "head", "demosaic"}
    for name, conv in network.named_modules():
        inner = isinstance(conv, nn.Conv2d) and name not in outer and ".predictor." not in name
        if inner and not name.endswith(".sum"):
            assert conv.in_channels % 32 == conv.out_channels % 32 == 0, name  # type: ignore[union-attr]


@pytest.mark.parametrize("target", TARGETS.names())
def test_tile_is_made_of_first_class_operations(network: MetaISPNPU, target: str) -> None:
    prepared = prepare(network.functions(16, 16)["tile"], TARGETS.get(target).rewrites)
    calls = [node for node in prepared.function.module.graph.nodes if node.op == "call_function"]  # type: ignore[union-attr]
    names = {str(getattr(node.target, "overloadpacket", node.target.__name__)) for node in calls}
    assert {name.rpartition(".")[2].rstrip("_") for name in names} <= FIRST_CLASS


def test_given_context_of_the_same_frame_changes_nothing(network: MetaISPNPU) -> None:
    raw = torch.rand(1, 4, 24, 24)
    with torch.inference_mode():
        context = network.context(raw)
        assert context.shape == (1, 576)
        assert torch.equal(network(raw, IDENTITY), network(raw, IDENTITY, context))
        assert not torch.allclose(
            network(raw, IDENTITY), network(raw, IDENTITY, context.roll(1, 1)), atol=1e-5
        )


@pytest.mark.parametrize("target", TARGETS.names())
@pytest.mark.parametrize("entry", ["tile", "context"])
def test_rewrites_are_exact(network: MetaISPNPU, target: str, entry: str) -> None:
    original = network.functions(16, 16)[entry]
    prepared = prepare(original, TARGETS.get(target).rewrites)
    inputs = [0.5 + 0.1 * torch.randn(shape) for shape in original.inputs.values()]
    with torch.no_grad():
        before, after = original.module(*inputs), prepared.function.module(*inputs)
    assert float((before - after).abs().max()) < 2e-5


def test_maps_of_the_spatial_correction_are_from_0_to_1(network: MetaISPNPU) -> None:
    maps = network.inspect(torch.rand(1, 4, 16, 16)).maps
    assert len(maps) == 7
    assert all(0 <= float(m.min()) <= float(m.max()) <= 1 for m in maps.values())
