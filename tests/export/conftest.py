"""A network small enough to convert in seconds, with everything in it that makes learned ISPs hard to convert."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from edgeisp.export.verification import references
from edgeisp.models.blocks import ColorRendering, Companding, HaarDown, HaarUp
from edgeisp.models.functions import Function
from edgeisp.models.metaisp import MCCB, MSCB

SIDE = 16


class SmallISP(nn.Module):
    """One level of a MetaISP, with eight channels."""

    stride = 2

    def __init__(self) -> None:
        super().__init__()
        self.compand, self.rendering = Companding(), ColorRendering()
        self.stem = nn.Conv2d(4, 8, 3, padding=1)
        self.down, self.up = HaarDown(8, 8), HaarUp(8, 8)
        self.channel, self.spatial = MCCB(8, 8, 3), MSCB(8, 8, 3)
        self.head = nn.Conv2d(8, 12, 3, padding=1)

    def trunk(self, raw: Tensor, context: Tensor | None) -> tuple[Tensor, Tensor]:
        first, second = (None, None) if context is None else context.split(3, 1)
        x = self.stem(self.compand(raw))
        y, first = self.channel(self.down(x), first)
        y, second = self.spatial(y, second)
        return self.head(x + self.up(y)), torch.cat([first, second], 1)

    def forward(self, raw: Tensor, color: Tensor, context: Tensor) -> Tensor:
        return nn.functional.pixel_shuffle(self.rendering(self.trunk(raw, context)[0], color), 2)

    def functions(self, height: int, width: int) -> dict[str, Function]:
        raw, rgb = (1, 4, height, width), (1, 3, 2 * height, 2 * width)
        tile = Function("tile", self, {"raw": raw, "color": (1, 9, 1, 1), "context": (1, 6)}, {"rgb": rgb})
        return {
            "tile": tile,
            "context": Function("context", Context(self), {"raw": raw}, {"context": (1, 6)}),
        }


class Context(nn.Module):
    def __init__(self, network: SmallISP) -> None:
        super().__init__()
        self.network = network

    def forward(self, raw: Tensor) -> Tensor:
        return self.network.trunk(raw, None)[1]


def stir(network: nn.Module) -> nn.Module:
    """No parameter keeps the value it is born with: zero biases and unit gains would hide mistakes."""
    generator = torch.Generator().manual_seed(5)
    for parameter in network.parameters():
        parameter.data += 0.05 * torch.randn(parameter.shape, generator=generator)
    return network.eval()


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def small() -> dict[str, Function]:
    """The functions of the small network."""
    torch.manual_seed(0)
    network = stir(SmallISP())
    assert isinstance(network, SmallISP)
    return network.functions(SIDE, SIDE)


@pytest.fixture(scope="session")
def pictures(
    small: dict[str, Function],
) -> list[tuple[dict[str, dict[str, np.ndarray]], dict[str, dict[str, np.ndarray]]]]:
    """Inputs and PyTorch's outputs of every function, for each picture."""
    return list(references(small))
