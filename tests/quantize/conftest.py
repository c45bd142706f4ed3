"""A small ISP network, its deployable form and ranges read from a few pictures."""

from __future__ import annotations

from typing import ClassVar

import pytest
import torch
from torch import Tensor, nn

from edgeisp.models.blocks import ColorRendering, Companding, HaarDown, HaarUp, SubpixelUp
from edgeisp.models.functions import Function, ISPNetwork
from edgeisp.models.lwisp import Block
from edgeisp.models.metaisp import MCCB, MSCB
from edgeisp.quantize.layers import Affine, Ranges
from edgeisp.quantize.network import convolutions, deployable, float_layers, joined, with_qdq


class TinyISP(ISPNetwork):
    """One level of a U-Net with four channels; no context. ``window`` reads what ``stem`` puts out."""

    stride = 2
    float_layers: ClassVar[dict[str, str]] = {"skip": "carries the picture"}

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.skip = nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 12, 1)
        self.window = nn.Conv2d(4, 4, 3, padding=1, groups=4)
        self.down, self.up = nn.ModuleList([HaarDown(4, 8)]), nn.ModuleList([HaarUp(8, 4)])
        self.head = nn.Conv2d(4, 12, 3, padding=1)

    def forward(self, raw: Tensor, color: Tensor) -> Tensor:
        x = nn.functional.gelu(self.window(self.stem(raw)))
        x = x + self.up[0](nn.functional.gelu(self.down[0](x)))
        return nn.functional.pixel_shuffle(self.head(x) + self.skip(raw), 2) * color.mean()

    def functions(self, height: int, width: int) -> dict[str, Function]:
        raw, rgb = (1, 4, height, width), (1, 3, 2 * height, 2 * width)
        return {"tile": Function("tile", self, {"raw": raw, "color": (1, 9, 1, 1)}, {"rgb": rgb})}


class BlocksISP(TinyISP):
    """A block of each kind, as wide as in the networks: all that they compute in float, between int8 convolutions."""

    float_layers: ClassVar[dict[str, str]] = {
        "stem": "the first layer",
        "head": "the last layer",
        "up.*": "an interpolation in float, as in the tail of lwisp",
        "*.squeeze": "once per frame",
        "*.excite": "once per frame",
    }

    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.companding, self.rendering = Companding(), ColorRendering()
        self.stem, self.head = nn.Conv2d(4, 32, 3, padding=1), nn.Conv2d(32, 12, 3, padding=1)
        self.blocks = nn.ModuleList([MCCB(32, 40, 8), MSCB(32, 40, 8), Block(32, 4, 0.2)])
        self.down, self.up = nn.Conv2d(32, 32, 2, stride=2), SubpixelUp(32, 32)

    def forward(self, raw: Tensor, color: Tensor) -> Tensor:
        x = self.stem(self.companding(raw))
        for block in self.blocks:
            x, _ = block(x, None)
        x = x + self.up(self.down(x))
        return nn.functional.pixel_shuffle(self.rendering(self.companding.inverse(self.head(x)), color), 2)


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny() -> ISPNetwork:
    torch.manual_seed(0)
    return deployable(TinyISP())


@pytest.fixture(scope="session")
def picture() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.rand((2, 4, 16, 16), generator=generator), torch.ones(2, 9, 1, 1)


def measured(network: ISPNetwork, *inputs: Tensor) -> dict[str, Ranges]:
    """True extremes, on ``inputs``, of every convolution of a deployable network but those that stay in float."""
    found: dict[str, Ranges] = {}

    def look(name: str, x: Tensor, y: Tensor) -> None:
        found[name] = Ranges(*(Affine.covering(float(t.min()), float(t.max())) for t in (x, y)))

    handles = [
        conv.register_forward_hook(lambda m, args, y, n=name: look(n, args[0], y))
        for name, conv in convolutions(network).items()
        if name not in float_layers(network, ())
    ]
    with torch.no_grad():
        network(*inputs)
    for handle in handles:
        handle.remove()
    return joined(network, found)


@pytest.fixture(scope="session")
def ranges(tiny: ISPNetwork, picture: tuple[Tensor, Tensor]) -> dict[str, Ranges]:
    return measured(tiny, *picture)


@pytest.fixture(scope="session")
def blocks_int8(picture: tuple[Tensor, Tensor]) -> ISPNetwork:
    """`BlocksISP` in int8, calibrated on one picture."""
    torch.manual_seed(0)
    network = deployable(BlocksISP())
    return with_qdq(network, measured(network, *picture))
