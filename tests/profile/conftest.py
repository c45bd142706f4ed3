"""A network whose costs can be counted by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from edgeisp.models.functions import Function

SIDE = 16


class Countable(nn.Module):
    """3x3 convolution of 4 to 8, depthwise 3x3 of 8, a linear layer on the mean, a 1x1 of 8 to 12, shuffle."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(4, 8, 3, padding=1)
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.gain = nn.Linear(8, 8)
        self.last = nn.Conv2d(8, 12, 1)
        self.unused = nn.Conv2d(8, 8, 1)

    def forward(self, raw: Tensor) -> Tensor:
        x = torch.relu(self.first(raw))
        y = self.depthwise(x)
        self.unused(y)
        gain = self.gain(x.mean((2, 3)))
        return nn.functional.pixel_shuffle(self.last(y * gain[:, :, None, None]), 2)


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def countable() -> Function:
    """Its function ``tile``."""
    torch.manual_seed(0)
    shapes = {"raw": (1, 4, SIDE, SIDE)}, {"rgb": (1, 3, 2 * SIDE, 2 * SIDE)}
    return Function("tile", Countable().eval(), *shapes)


@pytest.fixture(scope="session")
def by_hand() -> dict[str, dict[str, int]]:
    """MACs of its layers, MACs that no output needs, bytes of the weights that are used."""
    pixels = SIDE * SIDE
    macs = {"first": pixels * 8 * 4 * 9, "depthwise": pixels * 8 * 9, "gain": 8 * 8, "last": pixels * 12 * 8}
    weights = (4 * 9 * 8 + 8) + (9 * 8 + 8) + (8 * 8 + 8) + (8 * 12 + 12)
    return {"macs": macs, "unused": {"macs": pixels * 8 * 8}, "weights": {"bytes": 4 * weights}}
