"""Building blocks of the networks. Tensors are ``B x C x H x W``."""

from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor


class ChannelLayerNorm(nn.Module):
    """Layer normalisation over the channels of each pixel."""

    def __init__(self, channels: int, eps: float = 1e-4) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        last = F.layer_norm(x.permute(0, 2, 3, 1), self.weight.shape, self.weight, self.bias, self.eps)
        return last.permute(0, 3, 1, 2)


def haar_dwt(x: Tensor) -> Tensor:
    """Orthonormal Haar transform, ``B x C x H x W`` to ``B x 4C x H/2 x W/2``; bands in the order LL, LH, HL, HH."""
    a, b = x[..., 0::2, 0::2], x[..., 0::2, 1::2]
    c, d = x[..., 1::2, 0::2], x[..., 1::2, 1::2]
    return torch.cat([a + b + c + d, a + b - c - d, a - b + c - d, a - b - c + d], 1) / 2


def haar_idwt(y: Tensor) -> Tensor:
    """The exact inverse of `haar_dwt`."""
    ll, lh, hl, hh = (y / 2).chunk(4, 1)
    quad = [ll + lh + hl + hh, ll + lh - hl - hh, ll - lh + hl - hh, ll - lh - hl + hh]
    return F.pixel_shuffle(torch.stack(quad, 2).flatten(1, 2), 2)


class HaarDown(nn.Module):
    """Haar transform, then a 3x3 convolution: half the size."""

    def __init__(self, c_in: int, c_out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4 * c_in, c_out, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.conv(haar_dwt(x))
        return out


class HaarUp(nn.Module):
    """A 3x3 convolution, then the inverse Haar transform: twice the size."""

    def __init__(self, c_in: int, c_out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(c_in, 4 * c_out, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return haar_idwt(self.conv(x))


class SubpixelUp(nn.Module):
    """Twice the size: a sub-pixel branch for detail and a bilinear branch for the rest, summed.

    Fits wherever a feature map grows. Both branches are 1x1 convolutions at the small size.
    """

    def __init__(self, c_in: int, c_out: int) -> None:
        super().__init__()
        self.detail = nn.Conv2d(c_in, 4 * c_out, 1)
        self.smooth = nn.Conv2d(c_in, c_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        smooth = F.interpolate(self.smooth(x), scale_factor=2.0, mode="bilinear", align_corners=False)
        return F.pixel_shuffle(self.detail(x), 2) + smooth


class Companding(nn.Module):
    """Signed square-root curve: even steps for the eye, shot noise of even strength, negatives of read noise kept.

    ``f(x) = sign(x) * (sqrt(|x| + a) - sqrt(a))``; the slope at black is ``1 / (2 sqrt(a))``.
    """

    def __init__(self, a: float = 1 / 256) -> None:
        super().__init__()
        self.a = a

    def forward(self, x: Tensor) -> Tensor:
        return torch.sqrt(F.relu(x) + self.a) - torch.sqrt(F.relu(-x) + self.a)

    def inverse(self, y: Tensor) -> Tensor:
        """Linear light again."""
        linear: Tensor = y * (y.abs() + 2 * self.a**0.5)
        return linear


class Display(Companding):
    """Of sRGB pictures: they are companded already."""

    def forward(self, x: Tensor) -> Tensor:
        return x

    def inverse(self, y: Tensor) -> Tensor:
        return y


class ColorSums(nn.Module):
    """Linear camera RGB to sRGB code values: a colour matrix, then the transfer curve of IEC 61966-2-1.

    Works on the planes before a pixel shuffle, ``B x 3n x H x W`` with n sub-pixels of R, then of G, then of B, so that
    matrix and curve stay cheap. The curve's power segment is a cubic in the fourth root, since accelerators have square
    roots but no powers; it is within 2.7e-4 of the standard on [0, 1]. Below black it goes on as a line, down to -0.01:
    colours far out of gamut are black all the same, and fp16 would spend its precision on them.
    """

    floor, knee = -0.01, 0.0031308
    cubic = (0.24891681, 0.9636814, -0.14239636)

    def forward(self, linear: Tensor, color: Tensor) -> Tensor:
        """``color`` is ``B x 9 x 1 x 1``, camera to linear sRGB, row by row."""
        r, g, b = linear.chunk(3, 1)
        m = color.split(1, 1)
        rows = [m[i] * r + m[i + 1] * g + m[i + 2] * b for i in (0, 3, 6)]
        return self.encode(torch.cat(rows, 1))

    def encode(self, x: Tensor) -> Tensor:
        """The transfer curve; not clipped."""
        a, b, c = self.cubic
        root = torch.sqrt(torch.sqrt(x.clamp(min=self.knee)))
        start = self.knee**0.25
        offset = start * (a + start * (b + start * c))
        code: Tensor = 12.92 * x.clamp(self.floor, self.knee) + (root * (a + root * (b + root * c)) - offset)
        return code


class ColorRendering(ColorSums):
    """`ColorSums` whose matrix a rewrite may take as one product."""


def bilinear_demosaic() -> nn.Conv2d:
    """A 3x3 convolution, packed Bayer to the 12 planes before a pixel shuffle, started as a bilinear demosaic.

    The network adds to it, so that what it learns is denoising and detail, not the picture's brightness.
    """
    full = torch.tensor([[0.25, 0.5, 0.25], [0.5, 1.0, 0.5], [0.25, 0.5, 0.25]])
    cross = torch.tensor([[0.0, 0.25, 0.0], [0.25, 1.0, 0.25], [0.0, 0.25, 0.0]])
    sites = {0: [(0, 0)], 1: [(0, 1), (1, 0)], 2: [(1, 1)]}
    planes = {(0, 0): 0, (0, 1): 1, (1, 0): 2, (1, 1): 3}
    conv = nn.Conv2d(4, 12, 3, padding=1)
    with torch.no_grad():
        conv.weight.zero_()
        conv.bias.zero_()  # type: ignore[union-attr]
        for color, places in sites.items():
            kernel = cross if color == 1 else full
            for py in range(2):
                for px in range(2):
                    for dy in range(-1, 2):
                        for dx in range(-1, 2):
                            y, x = py + dy, px + dx
                            if (y % 2, x % 2) in places:
                                plane = planes[(y % 2, x % 2)]
                                conv.weight[4 * color + 2 * py + px, plane, y // 2 + 1, x // 2 + 1] += kernel[
                                    dy + 1, dx + 1
                                ]
    return conv
