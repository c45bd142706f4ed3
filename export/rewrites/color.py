"""The colour matrix as one product over channels.

Before::   chunk(x, 3); 9 x split(color); 9 x multiply; 6 x add; concatenate           x: B x 3n x H x W
After::    bmm(linear(color, spread) -> view(3n, 3n), flatten(x, 2)) -> view

``spread`` holds zeros and ones: it puts each of the nine coefficients where its colour's n sub-pixels meet the other's.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from edgeisp.export.rewrites.base import Rewrite, replace_modules
from edgeisp.models.blocks import ColorRendering

SUBPIXELS = (1, 4)
"""How many values of a colour each place holds: in a picture, and before a pixel shuffle."""


class ColorProduct(ColorRendering):
    """`ColorRendering` whose matrix acts on all planes at once; of packed pictures and of whole ones."""

    def __init__(self) -> None:
        super().__init__()
        for n in SUBPIXELS:
            self.register_buffer(f"spread_{n}", spread(n))

    def forward(self, linear: Tensor, color: Tensor) -> Tensor:
        batch, planes, height, width = linear.shape
        matrix = F.linear(color.flatten(1), self.get_buffer(f"spread_{planes // 3}"))
        mixed = torch.bmm(matrix.view(batch, planes, planes), linear.flatten(2))
        return self.encode(mixed.view(batch, planes, height, width))


def spread(n: int) -> Tensor:
    """``9 n^2 x 9``: the ``3n x 3n`` matrix, row by row, from the ``3 x 3`` one."""
    basis = torch.eye(9).view(9, 3, 3)
    return torch.stack([torch.kron(one, torch.eye(n)) for one in basis]).flatten(1).T.contiguous()


def _product(root: nn.Module) -> int:
    return replace_modules(root, ColorRendering, lambda rendering: ColorProduct())


COLOR_PRODUCT = Rewrite(
    "color-product", "one product instead of some thirty slices, products and sums", "modules", _product
)
