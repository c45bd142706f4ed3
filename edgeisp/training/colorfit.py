"""Comparing pictures up to colour: the best 3x4 affine map of one picture's colours onto another's.

Two cameras on one scene differ in exposure, white balance and primaries from pair to pair. What a demosaic and noise
reduction are worth shows only after these are taken out, for every method alike.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from edgeisp.raw.image import Floats
from edgeisp.training.objective import Batch, Objective

_RIDGE = 1e-5
"""Pull towards no change, so that a patch of one colour has a map too."""
_LEAST_ERROR = 1e-5
"""Mean squared error below which a patch is done."""


def fit_color(picture: Floats, truth: Floats) -> Floats:
    """``picture`` after the affine colour map, ``3 x 4``, that brings it closest to ``truth`` by least squares.

    Both are ``3 x H x W`` sRGB; the result is clipped to [0, 1].
    """
    flat = picture.reshape(3, -1).T.astype(np.float64)
    colors = np.concatenate([flat, np.ones((len(flat), 1))], 1)
    solution = np.linalg.lstsq(colors, truth.reshape(3, -1).T.astype(np.float64), rcond=None)[0]
    fitted: Floats = np.clip((colors @ solution).T.reshape(truth.shape), 0, 1).astype(np.float32)
    return fitted


def fitted(output: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """`fit_color` for a batch ``B x 3 x H x W``, not clipped; gradients take the map as given."""
    flat = output.flatten(2).transpose(1, 2)
    colors = torch.cat([flat, torch.ones_like(flat[..., :1])], 2)
    with torch.no_grad():
        weighted = (colors * mask.flatten(2).transpose(1, 2)).transpose(1, 2) / colors.shape[1]
        ridge = _RIDGE * torch.eye(4, device=output.device)
        left = weighted @ colors + ridge
        right = weighted @ target.flatten(2).transpose(1, 2) + ridge[:, :3]
        solution = torch.linalg.solve(left, right)
    mapped: Tensor = colors @ solution
    return mapped.transpose(1, 2).reshape(output.shape)


class ColorFitted(Objective):
    """PSNR after the colour fit of each patch, so that detail and tone are learned whatever the exposure of a pair.

    ``plain`` is the weight of the L1 distance without the fit, which keeps the network's own colours near the target's.
    """

    def __init__(self, plain: float) -> None:
        super().__init__()
        self.plain = plain

    def forward(self, network: nn.Module, batch: Batch, done: float) -> Tensor:
        output = network(batch.raw, batch.color).float()
        error = (fitted(output, batch.target, batch.mask) - batch.target) * batch.mask
        nats = torch.log(error.square().mean((1, 2, 3)) + _LEAST_ERROR)
        each: Tensor = nats / 10 + self.plain * ((output - batch.target) * batch.mask).abs().mean((1, 2, 3))
        return each
