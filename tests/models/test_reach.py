"""The receptive field from the graph, against what a disturbed pixel changes."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from edgeisp.errors import UnavailableError
from edgeisp.models.contextual import ContextNetwork
from edgeisp.models.functions import Function
from edgeisp.models.lwisp import LWISP, LWISPConfig
from edgeisp.models.metaisp import MetaISP, MetaISPConfig
from edgeisp.models.reach import halo
from edgeisp.models.task import SRGB_TO_SRGB

NETWORKS: dict[str, Callable[[], ContextNetwork]] = {
    "metaisp": lambda: MetaISP(MetaISPConfig(width=8, k=8, n_basis=2)),
    "metaisp subpixel": lambda: MetaISP(MetaISPConfig(width=8, k=8, n_basis=2, up="subpixel")),
    "lwisp": lambda: LWISP(LWISPConfig(widths=(8, 8, 8, 8))),
    "lwisp pictures": lambda: LWISP(LWISPConfig(widths=(8, 8, 8), task=SRGB_TO_SRGB)),
}


def touched(network: ContextNetwork, column: int, width: int) -> tuple[int, int]:
    """The first and last source column of the outputs that a NaN in ``column`` reaches."""
    raw = torch.rand(1, network.task.planes, 8, width)
    raw[..., column] = torch.nan
    context = torch.full(network.functions(8, 8)["tile"].inputs["context"], 0.3)
    with torch.inference_mode():
        out = network(raw, torch.eye(3).reshape(1, 9, 1, 1), context)
    columns = torch.isnan(out).any(1).any(1)[0].nonzero()[:, 0] // network.task.scale
    return int(columns.min()), int(columns.max())


@pytest.mark.parametrize("name", NETWORKS)
def test_field_from_the_graph_is_what_a_disturbed_pixel_reaches(name: str) -> None:
    network = NETWORKS[name]().eval()
    found = halo(network.functions(32, 32)["tile"], network.task.source)
    middle = 256
    spread = [touched(network, column, 2 * middle) for column in range(middle, middle + network.stride)]
    farthest = max(max(c - first, last - c) for c, (first, last) in enumerate(spread, middle))
    assert found == farthest


def test_whole_frame_statistics_have_no_field() -> None:
    network = NETWORKS["lwisp"]().eval()
    with pytest.raises(UnavailableError, match="it reads the whole source"):
        halo(network.functions(32, 32)["context"], "raw")


class Rolled(nn.Module):
    def forward(self, raw: Tensor) -> Tensor:
        return torch.roll(raw, 1, 2)


def test_unknown_operation_is_named() -> None:
    function = Function("tile", Rolled(), {"raw": (1, 4, 8, 8)}, {"rgb": (1, 4, 8, 8)})
    with pytest.raises(UnavailableError, match=r"aten\.roll"):
        halo(function, "raw")
