"""MetaISP of nothing but what every phone accelerator runs at full speed.

The tile function is made of convolutions, ReLU and clamps, sums and products, square roots (companding, sRGB curve),
slices, concatenation and pixel shuffles. What `metaisp` has beside these goes as follows; all of it is ours:

* GELU becomes ReLU, which every runtime fuses into the convolution before it.
* LayerNorm goes; residual branches start small instead.
* K is the width of the level, so that every convolution between the first and the last has multiples of 32 channels.
* The matrix of the channel correction is taken as ``A diag(g) B``. The neighbouring convolutions learn A and B, so that
  a gain for each channel is left. The spatial correction's cosine similarity becomes a clamped dot product. Gains and
  vectors are mixed from the basis in the context pass: no matrix product is left in the tile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from edgeisp.models.blocks import ColorSums
from edgeisp.models.contextual import ContextBlock
from edgeisp.models.metaisp import CARD as METAISP
from edgeisp.models.metaisp import CorrectionBlock, MetaISP, WeightPredictor

B = TypeVar("B", bound="VectorBlock")


class VectorPredictor(nn.Module):
    """One vector for each picture, ``B x C x H x W`` to ``B x C``: the basis vectors, mixed by `WeightPredictor`."""

    def __init__(self, basis: Tensor) -> None:
        """``basis`` is ``N x C``, what training starts from."""
        super().__init__()
        n_basis, channels = basis.shape
        self.weights = WeightPredictor(channels, n_basis)
        self.basis = nn.Parameter(basis)

    def forward(self, x: Tensor) -> Tensor:
        mixed: Tensor = self.weights(x) @ self.basis
        return mixed


class VectorBlock(CorrectionBlock):
    """X is 3x3, ReLU; the part of the context is a vector with a number for each channel of Y."""

    def __init__(self, basis: Tensor) -> None:
        channels = basis.shape[1]
        super().__init__(channels, channels, VectorPredictor(basis), channels)

    def features(self, x: Tensor) -> Tensor:
        return F.relu(self.conv(x))


class ChannelGains(VectorBlock):
    """Channel correction: each channel of Y has its gain."""

    def __init__(self, channels: int, n_basis: int) -> None:
        super().__init__(1 + 0.1 * torch.randn(n_basis, channels))

    def correct(self, y: Tensor, part: Tensor) -> Tensor:
        return y * part[:, :, None, None]

    def folded(self, part: Tensor) -> ContextBlock:
        """Gains behind a convolution are factors of its rows."""
        made = _alike(_Gained, self)
        made.expand.weight.data = made.expand.weight.data * part.view(-1, 1, 1, 1)
        made.expand.bias.data = made.expand.bias.data * part.flatten()  # type: ignore[union-attr]
        return made


class _Gained(VectorBlock):
    """`ChannelGains` whose gains are in its convolution."""

    def correct(self, y: Tensor, part: Tensor) -> Tensor:
        return y


class ClampedAttention(VectorBlock):
    """Spatial correction: Y is weighted by the dot product of each of its pixels with the vector, clamped to [0, 6].

    6, since ReLU6 is what every runtime fuses into the convolution before it; the one after it scales as it likes.
    """

    def __init__(self, channels: int, n_basis: int) -> None:
        super().__init__(torch.randn(n_basis, channels))
        self.sum = nn.Conv2d(channels, 1, 1)
        nn.init.constant_(self.sum.bias, 3.0)  # type: ignore[arg-type]
        with torch.no_grad():
            self.reduce.weight.div_(6)

    def attention(self, y: Tensor, part: Tensor) -> Tensor:
        """6 S, ``B x 1 x H x W`` in [0, 6]."""
        return F.relu6(self.sum(y * part[:, :, None, None]))

    def correct(self, y: Tensor, part: Tensor) -> Tensor:
        return y * self.attention(y, part)

    def spatial_map(self, x: Tensor, part: Tensor) -> Tensor:
        """S, in [0, 1]."""
        return self.attention(self.expand(self.features(x)), part)[:, 0] / 6

    def folded(self, part: Tensor) -> ContextBlock:
        """The vector before the sum is a factor of the sum's weights."""
        made = _alike(_Attended, self)
        made.sum.weight.data = made.sum.weight.data * part.view(1, -1, 1, 1)
        return made


class _Attended(ClampedAttention):
    """`ClampedAttention` whose vector is in its sum."""

    def __init__(self, basis: Tensor) -> None:
        n_basis, channels = basis.shape
        super().__init__(channels, n_basis)

    def attention(self, y: Tensor, part: Tensor) -> Tensor:
        return F.relu6(self.sum(y))


def _alike(kind: Callable[[Tensor], B], block: VectorBlock) -> B:
    """A block of another kind with the same weights."""
    made = kind(block.predictor.get_parameter("basis").detach())
    made.load_state_dict(block.state_dict())
    return made


class MetaISPNPU(MetaISP):
    """`MetaISP` with the blocks above; the context holds the vectors of all blocks, ``B x 576``."""

    activation = nn.ReLU
    color = ColorSums

    def pair(self, channels: int) -> list[CorrectionBlock]:
        n = self.config.n_basis
        return [ChannelGains(channels, n), ClampedAttention(channels, n)]


CARD = replace(
    METAISP,
    name="metaisp-npu",
    title="MetaISP for phone accelerators: no GELU, LayerNorm or matrix product, multiples of 32 channels",
    build=MetaISPNPU,
    claims=(),
    from_paper=(),
    from_third_parties=("The U-Net, its wavelet transforms and additions: see the card of `metaisp`.",),
    reconstruction=(
        "Ours, not the paper's: ReLU, no norm, K is the width of the level, gains for channel matrices, a clamped "
        "dot product for the cosine similarity.",
        "Trained by distillation from `metaisp`.",
    ),
)
