"""Networks to hold ours against, packed Bayer to sRGB, from the definitions in the literature; untrained.

They know no colour matrix and no context: what is timed is their convolutions and what lies between these.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from edgeisp.models.functions import Function, ISPNetwork


class Peer(ISPNetwork):
    """One function, ``tile(raw) -> rgb``."""

    stride = 8

    def functions(self, height: int, width: int) -> dict[str, Function]:
        raw, rgb = (1, 4, height, width), (1, 3, 2 * height, 2 * width)
        return {"tile": Function("tile", self, {"raw": raw}, {"rgb": rgb})}


class PlainStack(Peer):
    """MetaISP's 3x3 convolutions and nothing else: the same widths at the same sizes, one after the other.

    No activations: in int8 runtimes would compute those apart. Down by a convolution of stride 2, with more of them at
    the new size to make up for the 6x6 that MetaISP has there; up by a pixel shuffle.
    """

    def __init__(self, width: int = 32, inner: int = 40) -> None:
        super().__init__()
        widths = (width, width, width, 2 * width)

        def conv(a: int, b: int, stride: int = 1) -> list[nn.Module]:
            return [nn.Conv2d(a, b, 3, stride, 1)]

        def pair(c: int) -> list[nn.Module]:
            return 2 * [*conv(c, c), *conv(c, inner), *conv(inner, c)]

        layers = [*conv(4, width), *conv(width, width), *pair(width)]
        for a, b in pairwise(widths):
            layers += [*conv(a, b, 2), *conv(b, a), *conv(a, a), *conv(a, b), *pair(b)]
        for a, b in pairwise(widths[::-1]):
            layers += [*pair(a), *conv(a, 4 * b), nn.PixelShuffle(2)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(width, 12, 3, padding=1), nn.PixelShuffle(2))

    def forward(self, raw: Tensor) -> Tensor:
        rgb: Tensor = self.layers(raw)
        return rgb


class UNet(Peer):
    """Ronneberger et al., MICCAI 2015: two 3x3 convolutions a level, max pooling, 2x2 up-convolutions, joined skips."""

    def __init__(self, widths: tuple[int, ...] = (24, 48, 96, 192)) -> None:
        super().__init__()

        def double(a: int, b: int) -> nn.Module:
            return nn.Sequential(nn.Conv2d(a, b, 3, 1, 1), nn.ReLU(), nn.Conv2d(b, b, 3, 1, 1), nn.ReLU())

        rising = list(pairwise(widths[::-1]))
        self.down = nn.ModuleList(double(a, b) for a, b in pairwise((4, *widths)))
        self.up = nn.ModuleList(nn.ConvTranspose2d(a, b, 2, 2) for a, b in rising)
        self.join = nn.ModuleList(double(2 * b, b) for _, b in rising)
        self.last = nn.Conv2d(widths[0], 12, 1)

    def forward(self, raw: Tensor) -> Tensor:
        x, skips = self.down[0](raw), []
        for block in self.down[1:]:  # type: ignore[union-attr]
            skips.append(x)
            x = block(F.max_pool2d(x, 2))
        for up, join in zip(self.up, self.join, strict=True):
            x = join(torch.cat([skips.pop(), up(x)], 1))
        return F.pixel_shuffle(self.last(x), 2)


class ChannelNorm(nn.Module):
    """Layer normalisation over channels as two 1x1 convolutions, the form that phones run."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.full((1, channels, 1, 1), 1 / channels))
        self.scale = nn.Parameter(torch.ones(1, channels, 1, 1))
        self.shift = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        d = x - F.conv2d(x, self.mean)
        return d * torch.rsqrt(F.conv2d(d * d, self.mean) + 1e-6) * self.scale + self.shift


class NAFBlock(nn.Module):
    """Chen et al., "Simple Baselines for Image Restoration", ECCV 2022: gates by products in place of activations.

    The attention over channels looks at the whole input, here the tile: such tiles would show seams.
    """

    def __init__(self, c: int) -> None:
        super().__init__()
        self.norm, self.norm2 = ChannelNorm(c), ChannelNorm(c)
        self.wide, self.deep = nn.Conv2d(c, 2 * c, 1), nn.Conv2d(2 * c, 2 * c, 3, 1, 1, groups=2 * c)
        self.attend, self.narrow = nn.Conv2d(c, c, 1), nn.Conv2d(c, c, 1)
        self.feed, self.back = nn.Conv2d(c, 2 * c, 1), nn.Conv2d(c, c, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = _gate(self.deep(self.wide(self.norm(x))))
        x = x + self.narrow(y * self.attend(y.mean((2, 3), keepdim=True)))
        return x + self.back(_gate(self.feed(self.norm2(x))))


class NAFNet(Peer):
    """A U-Net of such blocks: 2x2 convolutions of stride 2 down, 1x1 and pixel shuffle up, skips added."""

    def __init__(self, width: int = 24, blocks: tuple[int, ...] = (1, 1, 2), bottom: int = 3) -> None:
        super().__init__()
        widths = [width << level for level in range(len(blocks) + 1)]

        def stage(c: int, count: int) -> nn.Module:
            return nn.Sequential(*(NAFBlock(c) for _ in range(count)))

        self.head = nn.Conv2d(4, width, 3, padding=1)
        self.encoder = nn.ModuleList(stage(c, n) for c, n in zip(widths, blocks, strict=False))
        self.down = nn.ModuleList(nn.Conv2d(a, b, 2, 2) for a, b in pairwise(widths))
        self.bottom = stage(widths[-1], bottom)
        self.up = nn.ModuleList(
            nn.Conv2d(b, 4 * a, 1, bias=False) for a, b in reversed(list(pairwise(widths)))
        )
        self.decoder = nn.ModuleList(stage(c, 1) for c in widths[-2::-1])
        self.tail = nn.Conv2d(width, 12, 3, padding=1)

    def forward(self, raw: Tensor) -> Tensor:
        x, skips = self.head(raw), []
        for stage, down in zip(self.encoder, self.down, strict=True):
            x = stage(x)
            skips.append(x)
            x = down(x)
        x = self.bottom(x)
        for up, stage in zip(self.up, self.decoder, strict=True):
            x = stage(F.pixel_shuffle(up(x), 2) + skips.pop())
        return F.pixel_shuffle(self.tail(x), 2)


def _gate(x: Tensor) -> Tensor:
    one, other = x.chunk(2, 1)
    return one * other
