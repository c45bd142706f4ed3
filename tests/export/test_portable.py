from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from edgeisp.export.rewrites import PORTABLE, PORTABLE_SQUARES, Rewrite, prepare
from edgeisp.models.functions import Function
from edgeisp.quantize.layers import Affine

ROOTS, SIGMOIDS, SOFTMAXES, UPSAMPLING, PRODUCTS = PORTABLE
INTEGERS = Affine(0.1, -28)


def noise(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


class Said(nn.Module):
    """An operation as a module; it holds a few constants to work with."""

    def __init__(self, say: Callable[[nn.Module, Tensor], Tensor]) -> None:
        super().__init__()
        self.say = say
        self.register_buffer("matrix", noise(16, 6))
        self.register_buffer("column", noise(1, 6))
        self.register_buffer("kernel", noise(3, 6, 1, 1))
        self.register_buffer("wide", noise(12, 6, 1, 1))
        self.register_buffer("window", noise(3, 6, 3, 3))
        self.register_buffer("bias", noise(3))

    def forward(self, x: Tensor) -> Tensor:
        return self.say(self, x)


def rewritten(
    say: Callable[[nn.Module, Tensor], Tensor], rewrite: Rewrite, x: Tensor
) -> tuple[int, set[str], float]:
    """At how many places it applied, the operations afterwards, and the largest error relative to the largest value."""
    module = Said(say).eval()
    prepared = prepare(Function("tile", module, {"raw": tuple(x.shape)}, {"rgb": ()}), [rewrite], "w8a8")
    graph = prepared.function.module
    assert isinstance(graph, torch.fx.GraphModule)
    with torch.no_grad():
        before, after = module(x), graph(x)
    assert before.shape == after.shape
    names = {str(node.target).split(".")[1] for node in graph.graph.nodes if node.op == "call_function"}
    return prepared.applied[rewrite.name], names, float((before - after).abs().max() / before.abs().max())


def test_roots_are_exact_from_the_darkest_variance_to_the_brightest_light() -> None:
    x = torch.logspace(-8, 4, 600)
    for root in (torch.sqrt, torch.rsqrt):
        graph = prepare(
            Function("tile", Said(lambda m, x, root=root: root(x)), {"raw": (600,)}, {"rgb": ()}),
            [ROOTS],
            "w8a8",
        ).function.module
        assert float((graph(x) / root(x) - 1).abs().max()) < 2e-6


def test_root_of_a_root_is_one_power_and_a_root_that_others_read_stays_one() -> None:
    count, names, error = rewritten(lambda m, x: torch.sqrt(torch.sqrt(x)), ROOTS, noise(40).abs() + 0.01)
    assert (count, names) == (1, {"log", "mul", "exp"})
    assert error < 1e-6

    def shared(_: nn.Module, x: Tensor) -> Tensor:
        root = torch.sqrt(x)
        return root + torch.rsqrt(root)

    count, names, error = rewritten(shared, ROOTS, noise(40).abs() + 0.01)
    assert (count, names) == (2, {"log", "mul", "exp", "add"})
    assert error < 1e-6


def test_sigmoids_are_exact_where_they_saturate() -> None:
    count, names, error = rewritten(lambda m, x: torch.sigmoid(x), SIGMOIDS, torch.linspace(-20, 20, 99))
    assert (count, error < 1e-6) == (1, True)
    assert "sigmoid" not in names


def test_softmaxes_are_exact_when_their_input_is_bounded_by_its_integers() -> None:
    count, names, error = rewritten(lambda m, x: torch.softmax(INTEGERS(x), 1), SOFTMAXES, 9 * noise(1, 8))
    assert (count, error < 1e-6) == (1, True)
    assert "softmax" not in names


@pytest.mark.parametrize("large", [lambda x: x, lambda x: Affine(1.0, -128)(x)], ids=["float", "wide steps"])
def test_softmaxes_are_left_alone_when_an_exponential_could_overflow(
    large: Callable[[Tensor], Tensor],
) -> None:
    count, names, error = rewritten(lambda m, x: torch.softmax(large(x), 1), SOFTMAXES, 200 * noise(1, 8))
    assert (count, error) == (0, 0)
    assert "softmax" in names


def test_upsampling_is_exact_up_to_the_border() -> None:
    def twice(_: nn.Module, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)

    count, names, error = rewritten(twice, UPSAMPLING, noise(2, 3, 5, 4))
    assert (count, error < 1e-6) == (1, True)
    assert "upsample_bilinear2d" not in names


@pytest.mark.parametrize(
    "how", [{"scale_factor": 3.0}, {"scale_factor": 2.0, "align_corners": True}], ids=str
)
def test_upsampling_otherwise_is_left_alone(how: dict[str, float]) -> None:
    count, _, error = rewritten(
        lambda m, x: F.interpolate(x, mode="bilinear", **how),  # type: ignore[arg-type]
        UPSAMPLING,
        noise(2, 3, 5, 4),
    )
    assert (count, error) == (0, 0)


@pytest.mark.parametrize("add", [torch.sum, torch.mean], ids=["sum", "mean"])
def test_sums_of_squares_are_exact_to_the_bit_and_multiply_two_tensors(add: Callable[..., Tensor]) -> None:
    count, _, error = rewritten(
        lambda m, x: add(x * x, 1, keepdim=True), PORTABLE_SQUARES, noise(2, 3, 6, 10)
    )
    assert (count, error) == (1, 0)
    assert rewritten(lambda m, x: add(x * m.kernel[:1], 1), PORTABLE_SQUARES, noise(2, 6, 3, 4))[0] == 0


@pytest.mark.parametrize(
    ("say", "shape"),
    [
        (lambda m, x: F.linear(x, m.matrix), (1, 6)),
        (lambda m, x: F.linear(x, m.column), (1, 6)),
        (lambda m, x: F.linear(x, m.column), (3, 6)),
        (lambda m, x: F.conv2d(x, m.kernel, m.bias), (2, 6, 5, 4)),
        (lambda m, x: F.conv2d(x, m.kernel), (1, 6, 1, 1)),
        (lambda m, x: F.conv2d(x, m.wide), (1, 6, 5, 4)),
        (lambda m, x: F.conv2d(x, m.window, m.bias, 1, 1), (1, 6, 5, 4)),
    ],
    ids=[
        "one row",
        "one row and one column",
        "one column",
        "few columns",
        "one pixel and few columns",
        "12 columns of 1x1",
        "3 columns of 3x3",
    ],
)
def test_products_are_exact_when_padded(
    say: Callable[[nn.Module, Tensor], Tensor], shape: tuple[int, ...]
) -> None:
    count, names, error = rewritten(say, PRODUCTS, noise(*shape))
    assert (count, error < 1e-6) == (1, True)
    assert "slice" in names


@pytest.mark.parametrize(
    ("say", "shape"),
    [
        (lambda m, x: F.linear(x, m.matrix), (2, 6)),
        (lambda m, x: F.conv2d(x, m.matrix[:, :, None, None]), (1, 6, 5, 4)),
        (lambda m, x: F.conv2d(x, m.window.repeat(4, 1, 1, 1)), (1, 6, 5, 4)),
        (lambda m, x: F.conv2d(x[:, :3], m.bias.view(3, 1, 1, 1), groups=3), (1, 6, 5, 4)),
    ],
    ids=["two rows", "computed kernel", "12 columns of 3x3", "depthwise"],
)
def test_products_of_several_rows_and_columns_are_left_alone(
    say: Callable[[nn.Module, Tensor], Tensor], shape: tuple[int, ...]
) -> None:
    count, _, error = rewritten(say, PRODUCTS, noise(*shape))
    assert (count, error) == (0, 0)
