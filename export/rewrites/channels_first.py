"""Layer normalisation over channels written along axis 1, so that the tensor keeps its layout.

Before::   x -> permute -> layer_norm (last axis) -> permute
After::    d = x - mean(x, 1);   d * rsqrt(mean(d * d, 1) + eps) * gamma + beta

coremltools recognises the form (Apple's ml-ane-transformers has it) and writes one ``layer_norm`` with ``axes=[1]``,
gamma and beta as one ``batch_norm``: two transposes of the whole tensor fewer for each norm.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edgeisp.export.rewrites.base import Rewrite, replace_modules
from edgeisp.models.blocks import ChannelLayerNorm


class ChannelsFirstNorm(nn.Module):
    """`ChannelLayerNorm` without a permutation."""

    def __init__(self, norm: ChannelLayerNorm) -> None:
        super().__init__()
        self.eps = norm.eps
        self.gamma = nn.Parameter(norm.weight.detach().view(1, -1, 1, 1), requires_grad=False)
        self.beta = nn.Parameter(norm.bias.detach().view(1, -1, 1, 1), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        d = x - x.mean(1, keepdim=True)
        return d * torch.rsqrt((d * d).mean(1, keepdim=True) + self.eps) * self.gamma + self.beta


def _first(root: nn.Module) -> int:
    return replace_modules(root, ChannelLayerNorm, ChannelsFirstNorm)  # type: ignore[arg-type]


CHANNELS_FIRST_NORM = Rewrite(
    "channels-first-norm", "no transposes; one Core ML layer_norm over axis 1", "modules", _first
)
