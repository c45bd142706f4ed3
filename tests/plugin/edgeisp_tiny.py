"""The smallest package that adds a network to edgeisp: half-size colour, repeated to full size."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edgeisp.models.card import ModelCard
from edgeisp.models.functions import Function


class Tiny(nn.Module):
    """``B x 4 x h x w`` packed Bayer to ``B x 3 x 2h x 2w``: one colour for each 2x2 block."""

    stride = 1

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Conv2d(4, 12, 1, bias=False)
        with torch.no_grad():
            rows = torch.tensor([[1.0, 0, 0, 0], [0, 0.5, 0.5, 0], [0, 0, 0, 1.0]])
            self.mix.weight.copy_(rows.repeat_interleave(4, 0)[:, :, None, None])

    def forward(self, raw: Tensor) -> Tensor:
        return nn.functional.pixel_shuffle(self.mix(raw), 2)

    def functions(self, height: int, width: int) -> dict[str, Function]:
        return {
            "tile": Function(
                "tile", self, {"raw": (1, 4, height, width)}, {"rgb": (1, 3, 2 * height, 2 * width)}
            )
        }


CARD = ModelCard(
    name="tiny",
    title="Half-size colour",
    build=Tiny,
    paper="none",
    claims=(),
    from_paper=(),
    from_third_parties=(),
    reconstruction=("All of it.",),
)
