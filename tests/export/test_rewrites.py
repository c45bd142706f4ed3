from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from edgeisp.export import TARGETS, rewrites
from edgeisp.export.rewrites import Rewrite, prepare
from edgeisp.export.rewrites.haar import fold_down, fold_up
from edgeisp.models.blocks import ChannelLayerNorm, ColorRendering, HaarDown, HaarUp
from edgeisp.models.functions import Function
from edgeisp.models.metaisp import MCCB, MSCB, MetaISP
from edgeisp.quantize.layers import Affine, QDQConv2d, Ranges

ALL = [*rewrites.XNNPACK, rewrites.HALF_GELU, rewrites.HELD_SCALARS]
EXACT = 2e-6
"""A few roundings of fp32 at 1."""


def noise(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


def function(module: nn.Module, *shape: int) -> Function:
    return Function("tile", module.eval(), {"raw": shape}, {"rgb": ()})


def error(module: nn.Module, rewrite: Rewrite, x: Tensor) -> float:
    """Largest difference that a rewrite makes, relative to the largest output; it must apply."""
    prepared = prepare(function(module, *x.shape), [rewrite], "fp16")
    assert prepared.applied[rewrite.name] > 0
    with torch.no_grad():
        before, after = module(x), prepared.function.module(x)
    assert before.shape == after.shape
    return float((before - after).abs().max() / before.abs().max())


def operations(module: nn.Module) -> set[str]:
    assert isinstance(module, torch.fx.GraphModule)
    return {str(node.target) for node in module.graph.nodes if node.op == "call_function"}


@pytest.mark.parametrize(("c_in", "c_out"), [(1, 5), (6, 4)])
def test_fold_haar_down_is_exact_up_to_the_border(c_in: int, c_out: int) -> None:
    torch.manual_seed(0)
    assert (
        error(nn.Sequential(HaarDown(c_in, c_out)), rewrites.FOLD_HAAR_DOWN, noise(2, c_in, 12, 16)) < EXACT
    )


@pytest.mark.parametrize(("c_in", "c_out"), [(1, 5), (6, 4)])
def test_fold_haar_up_is_exact_with_a_bias_that_differs_between_phases(c_in: int, c_out: int) -> None:
    torch.manual_seed(0)
    block = HaarUp(c_in, c_out)
    block.conv.bias.data = noise(4 * c_out)  # type: ignore[union-attr]
    assert error(nn.Sequential(block), rewrites.FOLD_HAAR_UP, noise(2, c_in, 6, 8)) < EXACT


def test_folded_haar_blocks_cost_no_more_multiplications() -> None:
    down, up = HaarDown(6, 4), HaarUp(6, 4)
    assert fold_down(down).weight.numel() == down.conv.weight.numel()
    assert fold_up(up)[0].weight.numel() == up.conv.weight.numel()  # type: ignore[operator, union-attr]


def test_conv_layer_norm_is_exact_when_gains_and_biases_are_not_trivial() -> None:
    norm = ChannelLayerNorm(24)
    norm.weight.data, norm.bias.data = noise(24), noise(24) + 1
    assert error(nn.Sequential(norm), rewrites.CONV_LAYER_NORM, 3 * noise(2, 24, 5, 7) + 2) < EXACT


class ChannelStatistics(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        pooled = x.mean((2, 3))
        return (
            x * x.sum(1, keepdim=True)
            + x.mean(-3, keepdim=True)
            + pooled.sum(1, keepdim=True)[..., None, None]
        )


def test_channel_sums_are_exact_and_leave_other_reductions_alone() -> None:
    assert error(ChannelStatistics(), rewrites.CHANNEL_SUMS, noise(1, 9, 4, 6)) < EXACT
    prepared = prepare(function(ChannelStatistics(), 1, 9, 4, 6), [rewrites.CHANNEL_SUMS])
    assert prepared.applied == {"channel-sums": 3}
    assert "aten.mean.dim" in operations(prepared.function.module)


class Parts(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        a, b, c = x.split([1, 3, 2], 1)
        first, second = x.chunk(2, -1)
        return torch.cat([c, a, b], 1) + torch.cat([second, first], 3)


def test_slices_are_exact_and_leave_no_split() -> None:
    assert error(Parts(), rewrites.SLICES, noise(1, 6, 4, 6)) == 0
    prepared = prepare(function(Parts(), 1, 6, 4, 6), [rewrites.SLICES])
    assert not any("split" in name or "chunk" in name for name in operations(prepared.function.module))


class Basis(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.basis = nn.Parameter(noise(3, 2, 5))

    def forward(self, x: Tensor) -> Tensor:
        mixed = x.flatten(2)[:, :, 0] @ self.basis.flatten(1)
        return mixed @ mixed.T


def test_constant_matmuls_are_exact_and_leave_products_of_two_activations_alone() -> None:
    assert error(Basis(), rewrites.CONSTANT_MATMULS, noise(4, 3, 2, 2)) < EXACT
    prepared = prepare(function(Basis(), 4, 3, 2, 2), [rewrites.CONSTANT_MATMULS])
    assert prepared.applied == {"constant-matmuls": 1}
    assert "aten.matmul.default" in operations(prepared.function.module)


class Many(nn.Module):
    def __init__(self, dim: int, parts: int = 19) -> None:
        super().__init__()
        self.dim, self.parts = dim, parts

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x * i for i in range(1, self.parts)], self.dim)


def test_held_kernels_are_exact_and_leave_computed_ones_alone() -> None:
    class Blur(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            box = torch.ones(1, 1, 3, 3) / 9
            return F.conv2d(F.conv2d(x, box.repeat(4, 1, 1, 1), groups=4), x.mean((0, 2, 3)).view(1, 4, 1, 1))

    x = noise(1, 4, 6, 8)
    assert error(Blur(), rewrites.HELD_KERNELS, x) < EXACT
    graph = prepare(function(Blur(), *x.shape), [rewrites.HELD_KERNELS]).function.module
    kernels = [node.args[1].op for node in graph.graph.nodes if "conv2d" in str(node.target)]  # type: ignore[union-attr]
    assert kernels == ["get_attr", "call_function"]


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_narrow_concats_are_exact_and_keep_the_order(dim: int) -> None:
    assert error(Many(dim), rewrites.NARROW_CONCATS, noise(1, 2, 3, 5)) == 0
    for parts in (18, 19):
        graph = prepare(
            function(Many(dim, parts), 1, 2, 3, 5), [rewrites.NARROW_CONCATS]
        ).function.module.graph
        widths = [len(node.args[0]) for node in graph.nodes if str(node.target) == "aten.cat.default"]  # type: ignore[union-attr]
        assert min(widths) >= 2 and max(widths) <= 4


class Activated(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(x)


def test_half_gelu_stays_within_half_precision_over_the_whole_range() -> None:
    x = torch.linspace(-50, 50, 40001).view(1, 1, 1, -1)
    graph = prepare(function(Activated(), *x.shape), [rewrites.HALF_GELU], "fp16").function.module
    assert float((graph(x) - F.gelu(x)).abs().max()) < 2.6e-5
    assert torch.isfinite(graph.half()(torch.tensor([[[[-60000.0, 60000.0]]]]).half())).all()


def test_held_scalars_are_exact_and_have_the_axes_of_what_they_meet() -> None:
    module = nn.Sequential(nn.Conv2d(1, 1, 1), Scaled())
    assert error(module, rewrites.HELD_SCALARS, noise(1, 1, 4, 4)) == 0
    prepared = prepare(function(module, 1, 1, 4, 4), [rewrites.HELD_SCALARS])
    assert prepared.applied == {"held-scalars": 4}
    assert all(buffer.shape == (1, 1, 1, 1) for buffer in prepared.function.module.buffers())


class Scaled(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return (2 - ((x + 0.5) * 3 - 1)) * x


def test_rewrite_of_one_precision_is_left_out_when_another_is_prepared() -> None:
    assert prepare(function(Activated(), 1, 1, 2, 2), [rewrites.HALF_GELU], "fp32").applied == {}


def test_preparing_leaves_the_network_as_it_was(small: dict[str, Function]) -> None:
    before = {key: value.clone() for key, value in small["tile"].module.state_dict().items()}
    prepare(small["tile"], ALL, "fp16")
    assert all(torch.equal(value, before[key]) for key, value in small["tile"].module.state_dict().items())


@pytest.mark.parametrize("name", TARGETS.names())
@pytest.mark.parametrize("entry", ["tile", "context"])
def test_all_rewrites_of_a_target_together_are_exact_on_metaisp(name: str, entry: str) -> None:
    torch.manual_seed(0)
    network = MetaISP().eval()
    for parameter in network.parameters():
        parameter.data += 0.02 * torch.randn_like(parameter)
    original = network.functions(16, 16)[entry]
    prepared = prepare(original, TARGETS.get(name).rewrites)
    inputs = [0.5 + 0.1 * noise(*shape) for shape in original.inputs.values()]
    with torch.no_grad():
        before, after = original.module(*inputs), prepared.function.module(*inputs)
    assert float((before - after).abs().max()) < 2e-5
    assert prepared.applied["fold-haar-down"] == prepared.applied["fold-haar-up"] == 3


def test_constants_are_contiguous_because_a_converter_mixes_up_those_that_are_not(
    small: dict[str, Function],
) -> None:
    graph = prepare(small["tile"], ALL, "fp16").function.module
    assert all(tensor.is_contiguous() for tensor in (*graph.parameters(), *graph.buffers()))


def test_order_of_rewrites_on_the_graph_does_not_matter(small: dict[str, Function]) -> None:
    graph = [rewrite for rewrite in rewrites.XNNPACK if rewrite.on == "graph"]
    inputs = [0.5 + 0.1 * noise(*shape) for shape in small["tile"].inputs.values()]
    one, other = (prepare(small["tile"], order).function.module for order in (graph, graph[::-1]))
    assert torch.equal(one(*inputs), other(*inputs))


class Corrections(nn.Module):
    """What follows `expand` in MetaISP's two kinds of blocks: channels mixed by a matrix, and weighed by a vector."""

    def __init__(self) -> None:
        super().__init__()
        self.mix, self.weigh = MCCB(6, 5, 3), MSCB(6, 5, 3)

    def forward(self, y: Tensor) -> Tensor:
        weights = torch.softmax(y[:, :3, 0, 0], 1)
        return self.weigh.correct(self.mix.correct(y, weights), weights)


def test_channels_last_products_are_exact_and_leave_no_product_over_the_first_axis() -> None:
    torch.manual_seed(0)
    module, y = Corrections(), noise(2, 5, 6, 4)
    assert error(module, rewrites.CHANNELS_LAST_PRODUCTS, y) < EXACT
    prepared = prepare(function(module, *y.shape), [rewrites.CHANNELS_LAST_PRODUCTS])
    graph = prepared.function.module
    assert isinstance(graph, torch.fx.GraphModule)
    products = [node for node in graph.graph.nodes if node.target is torch.ops.aten.bmm.default]
    assert [node.meta["val"].shape[1] for node in products] == [24, 24]
    assert prepared.applied == {"channels-last-products": 2}


@pytest.mark.parametrize("rewrite", [rewrites.SUMMED_GATE, rewrites.MULTIPLIED_GATE], ids=lambda r: r.name)
def test_gates_along_the_last_axis_are_exact_and_sum_over_no_other(rewrite: Rewrite) -> None:
    torch.manual_seed(0)
    module, y = Corrections(), noise(2, 5, 6, 4)
    assert error(module, rewrite, y) < EXACT
    graph = prepare(function(module, *y.shape), [rewrite]).function.module
    assert isinstance(graph, torch.fx.GraphModule)
    sums = [n for n in graph.graph.nodes if n.target is torch.ops.aten.sum.dim_IntList]
    assert {tuple(n.args[1]) for n in sums if n.meta["val"].dim() == 4} <= {(3,)}


@pytest.mark.parametrize("planes", [3, 12])
def test_color_product_is_exact_for_packed_and_whole_pictures(planes: int) -> None:
    class Both(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rendering = ColorRendering()

        def forward(self, x: Tensor) -> Tensor:
            return self.rendering(x[:, :planes], x[:, :9, :1, :1])  # type: ignore[no-any-return]

    x = noise(2, 12, 6, 4)
    assert error(Both(), rewrites.COLOR_PRODUCT, x) < EXACT
    found = operations(prepare(function(Both(), *x.shape), [rewrites.COLOR_PRODUCT]).function.module)
    assert not any("split" in name or "chunk" in name for name in found)


def test_mean_layer_norm_is_exact_when_gains_and_biases_are_not_trivial() -> None:
    norm = ChannelLayerNorm(24)
    norm.weight.data, norm.bias.data = noise(24), noise(24) + 1
    assert error(nn.Sequential(norm), rewrites.MEAN_LAYER_NORM, 3 * noise(2, 24, 5, 7) + 2) < EXACT


class Shuffled(nn.Module):
    """Two shuffles of what a convolution makes, one of which it makes for others too, and one of the input."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.alone, self.shared = nn.Conv2d(4, 12, 3, padding=1), nn.Conv2d(4, 12, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        shared = self.shared(x)
        own = F.pixel_shuffle(x, 2).mean() + shared.mean()
        return F.pixel_shuffle(self.alone(x), 2) + F.pixel_shuffle(shared, 2) + own


def test_channels_last_shuffles_are_exact_to_the_bit_and_only_behind_a_convolution_of_their_own() -> None:
    assert error(Shuffled(), rewrites.CHANNELS_LAST_SHUFFLES, noise(2, 4, 6, 5)) == 0
    graph = prepare(function(Shuffled(), 2, 4, 6, 5), [rewrites.CHANNELS_LAST_SHUFFLES])
    assert graph.applied == {"channels-last-shuffles": 1}
    assert "aten.pixel_shuffle.default" in operations(graph.function.module)


def test_shuffles_behind_a_convolution_in_groups_are_left_alone() -> None:
    grouped = nn.Sequential(nn.Conv2d(3, 12, 3, groups=3), nn.PixelShuffle(2))
    prepared = prepare(function(grouped, 1, 3, 6, 5), [rewrites.CHANNELS_LAST_SHUFFLES])
    assert prepared.applied == {"channels-last-shuffles": 0}


def test_channels_last_shuffles_are_exact_to_the_bit_behind_an_int8_convolution() -> None:
    torch.manual_seed(0)
    conv = QDQConv2d(nn.Conv2d(4, 12, 3, padding=1), Ranges(Affine(0.03, 3), Affine(0.02, -7)))
    module, x = nn.Sequential(conv, nn.PixelShuffle(2)), noise(2, 4, 6, 5)
    order = [*rewrites.QUANTIZED, rewrites.CHANNELS_LAST_SHUFFLES]
    prepared = prepare(function(module, *x.shape), order, "w8a8")
    assert prepared.applied["quantized-shuffles"] == prepared.applied["channels-last-shuffles"] == 1
    assert "aten.pixel_shuffle.default" not in operations(prepared.function.module)
    assert torch.equal(prepared.function.module(x), module(x))


def test_value_is_rounded_once_when_a_convolution_reads_what_another_wrote() -> None:
    torch.manual_seed(0)
    one, other = Affine(0.02, -7), Affine(0.021, -7)
    convs = [
        QDQConv2d(nn.Conv2d(4, 4, 1), Ranges(Affine(0.03, 3), one)),
        QDQConv2d(nn.Conv2d(4, 4, 1), Ranges(one, one)),
        QDQConv2d(nn.Conv2d(4, 4, 1), Ranges(other, one)),
    ]
    module, x = nn.Sequential(*convs), noise(2, 4, 6, 5)
    prepared = prepare(function(module, *x.shape), rewrites.QUANTIZED, "w8a8")
    assert prepared.applied["single-quantizers"] == 1
    assert torch.equal(prepared.function.module(x), module(x))
