"""Every module: its formula, its range, its identity, its gradients, and that it exports."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from edgeisp.errors import BadInputError
from edgeisp.posisp import DEFAULT, MODULES, PAPER
from edgeisp.posisp.module import ISPModule
from edgeisp.posisp.modules.color import ColorMatrix, Saturation
from edgeisp.posisp.modules.spatial import patch_sum
from edgeisp.posisp.pipeline import Pipeline

EVERY = [(name, paper) for name in MODULES.names() for paper in (False, True)]


@pytest.fixture(params=EVERY, ids=lambda one: f"{one[0]}{'-paper' * one[1]}")
def module(request: pytest.FixtureRequest) -> ISPModule:
    name, paper = request.param
    return MODULES.get(name)(paper)


def picture(count: int = 2) -> Tensor:
    """Random colours with patches of grey, black, white, saturated colour and overshoot."""
    x = torch.rand(count, 3, 20, 24, generator=torch.Generator().manual_seed(1))
    for column, color in enumerate([(0.4, 0.4, 0.4), (0, 0, 0), (1, 1, 1), (1, 0, 0), (1.7, 1.2, 1.4)]):
        x[:, :, 4 * column : 4 * column + 4, :9] = torch.tensor(color, dtype=torch.float32).view(3, 1, 1)
    return x


def raw(module: ISPModule, share: float, count: int = 2) -> Tensor:
    return torch.full((count, len(module.parameters)), share)


def test_module_changes_nothing_at_its_identity(module: ISPModule) -> None:
    x = picture().clamp(0, 1)
    identity = torch.tensor([[p.raw_identity for p in module.parameters]] * 2)
    assert (identity >= 0).all()
    assert (identity <= 1).all()
    assert (module(x, identity) - x).abs().max() < 2e-3  # the fast denoisers soften weights a little


def test_gradients_are_finite_on_grey_black_and_saturated_pixels(module: ISPModule) -> None:
    for share in (0.0, 0.3, 1.0):
        x, p = picture().requires_grad_(), raw(module, share).requires_grad_()
        made = module(x, p)
        assert torch.isfinite(made).all()
        made.sum().backward()  # type: ignore[no-untyped-call]
        assert x.grad is not None
        assert p.grad is not None
        assert torch.isfinite(x.grad).all()
        assert torch.isfinite(p.grad).all()


@pytest.mark.parametrize("radius", [1, 2])
def test_patch_sums_in_training_are_those_of_the_deployed_convolution(radius: int) -> None:
    x = torch.rand(2, 1, 9, 11, generator=torch.Generator().manual_seed(3))
    trained = patch_sum(x.clone().requires_grad_(), radius)
    assert torch.allclose(trained, patch_sum(x, radius), atol=1e-5)


def test_each_picture_of_a_batch_has_its_own_parameters(module: ISPModule) -> None:
    x = picture()
    p = torch.stack([raw(module, 0.2, 1)[0], raw(module, 0.9, 1)[0]])
    both = module(x, p)
    assert torch.allclose(both[1:], module(x[1:], p[1:]), atol=1e-6)
    assert torch.allclose(both[:1], module(x[:1], p[:1]), atol=1e-6)


def test_result_depends_on_no_pixel_beyond_the_halo(module: ISPModule) -> None:
    x = torch.rand(1, 3, 48, 48, generator=torch.Generator().manual_seed(2))
    moved = x.clone()
    moved[..., 24, 24] += 0.3
    p = raw(module, 0.6, 1)
    changed = (module(x, p) - module(moved, p)).abs().amax((0, 1)) > 1e-7
    rows, columns = (axis for axis in changed.nonzero(as_tuple=True))
    reach = max((rows - 24).abs().max(), (columns - 24).abs().max())
    assert reach <= module.halo
    assert module.pointwise == (module.halo == 0)


def test_module_exports_as_one_graph_that_computes_the_same(module: ISPModule) -> None:
    if module.name == "denoise":
        pytest.skip("its 121 shifts take a minute to capture; fast-denoise is the same code with fewer")

    class One(nn.Module):
        def forward(self, x: Tensor, p: Tensor) -> Tensor:
            return module(x, p)

    x, p = picture(1), raw(module, 0.4, 1)
    graph = torch.export.export(One(), (x, p), strict=False).module()
    assert torch.allclose(graph(x, p), module(x, p), atol=1e-6)


def test_ten_modules_have_the_papers_27_parameters() -> None:
    assert Pipeline.of(paper=True).names == list(PAPER)
    assert Pipeline.of(paper=True).size == Pipeline.of(DEFAULT).size == 27
    counts = [len(module.parameters) for module in Pipeline.of(paper=True).modules]
    assert counts == [1, 1, 9, 1, 1, 8, 1, 1, 1, 3]


def at(name: str, values: Sequence[float], pixel: Sequence[float], paper: bool = True) -> list[float]:
    """A module with physical ``values`` on one colour."""
    x = torch.tensor(pixel, dtype=torch.float32).view(1, 3, 1, 1).expand(1, 3, 13, 13)
    return MODULES.get(name)(paper).apply(x, torch.tensor([values], dtype=torch.float32))[0, :, 6, 6].tolist()


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("exposure", [1.0], [0.4, 0.8, 1.2]),
        ("gamma", [2.0], [0.04, 0.16, 0.36]),
        ("ccm", [2, 0, 0, 0, 1, 1, 0, 0, -1], [0.2, 0.5, 0.6]),
        ("tone", [2, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5], [0.4182, 0.5636, 0.7091]),
        ("saturation", [1.0], [0.136, 0.368, 0.6]),
        ("desaturation", [1.0], [0.358, 0.358, 0.358]),
        ("white-balance", [1.1, 1.0, 1.0], [0.2142, 0.3895, 0.5842]),
        ("sharpen", [3.0], [0.2, 0.4, 0.6]),
        ("denoise", [1.0], [0.2, 0.4, 0.6]),
    ],
)
def test_formula_of_the_paper_holds_by_hand(name: str, values: list[float], expected: list[float]) -> None:
    assert at(name, values, (0.2, 0.4, 0.6)) == pytest.approx(expected, abs=2e-4)


def test_contrast_follows_the_cosine_of_luminance() -> None:
    light = 0.27 * 0.2 + 0.67 * 0.4 + 0.06 * 0.6
    gain = (1 - torch.cos(torch.tensor(torch.pi * light))) / 2 / light
    assert at("contrast", [1.0], (0.2, 0.4, 0.6)) == pytest.approx(
        [v * float(gain) for v in (0.2, 0.4, 0.6)], 1e-4
    )


def test_greys_turn_red_in_the_paper_and_stay_grey_here() -> None:
    assert at("saturation", [1.0], (0.5, 0.5, 0.5)) == pytest.approx([0.5, 0.3, 0.3], abs=1e-4)
    assert at("saturation", [1.0], (0.5, 0.5, 0.5), paper=False) == pytest.approx([0.5, 0.5, 0.5], abs=1e-6)


def test_black_stays_black_here_whatever_the_gamma() -> None:
    assert at("gamma", [1 / 3], (0, 0, 0)) == pytest.approx([0.01] * 3, abs=1e-4)
    assert at("gamma", [1 / 3], (0, 0, 0), paper=False) == pytest.approx([0.0] * 3, abs=1e-6)


def test_matrix_is_the_identity_in_the_middle_here_and_black_in_the_paper() -> None:
    middle = torch.full((1, 9), 0.5)
    ours, paper = ColorMatrix(), ColorMatrix(paper=True)
    assert torch.allclose(ours.matrix(ours.values(middle)), torch.eye(3))
    assert paper.matrix(paper.values(middle)).abs().max() == 0


def test_matrix_keeps_grey_whatever_the_offsets() -> None:
    p = torch.rand(64, 9, generator=torch.Generator().manual_seed(3))
    rows = ColorMatrix().matrix(ColorMatrix().values(p)).sum(2)
    assert torch.allclose(rows, torch.ones_like(rows), atol=1e-5)


def test_saturation_is_continuous_at_grey_here() -> None:
    p = torch.ones(1, 1)
    tints = [Saturation()(torch.tensor([0.5, 0.5 + d, 0.5]).view(1, 3, 1, 1), p) for d in (0.0, 1e-4)]
    assert (tints[0] - tints[1]).abs().max() < 1e-3


def test_local_tone_brightens_the_dark_half_more() -> None:
    x = torch.full((1, 3, 80, 80), 0.05)
    x[..., 40:] = 0.8
    gain = MODULES.get("local-tone")(False).apply(x, torch.tensor([[0.5]])) / x
    assert gain[0, 0, 40, 5] > 1.5
    assert gain[0, 0, 40, 75] < 0.8


@pytest.mark.parametrize(
    ("name", "values"), [("fast-denoise", [0.1]), ("denoise", [0.1]), ("guided-denoise", [0.1, 1])]
)
def test_denoisers_take_noise_and_leave_an_edge(name: str, values: list[float]) -> None:
    clean = torch.full((1, 3, 32, 32), 0.2)
    clean[..., 16:] = 0.8
    noisy = clean + 0.03 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(4))
    made = MODULES.get(name)(False).apply(noisy, torch.tensor([values]))
    assert (made - clean)[..., 8:24, 4:28].std() < 0.6 * (noisy - clean).std()


@pytest.mark.parametrize(
    ("names", "message"), [(["exposure", "exposure"], "twice"), (["expsure"], "did you mean 'exposure'")]
)
def test_set_is_refused_when_a_name_is_wrong(names: list[str], message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        Pipeline.of(names)


def test_sequence_is_refused_when_a_module_is_not_of_the_set() -> None:
    with pytest.raises(BadInputError, match="no module 'gamma'"):
        Pipeline.of(["exposure"]).ids(["gamma"])
    with pytest.raises(BadInputError, match="twice"):
        Pipeline.of(["exposure"]).ids(["exposure", "exposure"])
