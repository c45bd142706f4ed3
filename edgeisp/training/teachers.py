"""Teachers: what a student network is shown beside the target, its features and its picture.

Two kinds. `CleanTeacher` is of another domain than its student: it is an auto-encoder of the clean picture, so that its
features say what the scene is without mosaic and noise (LW-ISP's heterogeneous distillation; the layers are our
reconstruction). `NetworkTeacher` is any trained network of ours on the student's own input.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import NamedTuple

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from edgeisp.errors import BadInputError
from edgeisp.models.blocks import ColorRendering, Companding, SubpixelUp
from edgeisp.models.functions import ISPNetwork
from edgeisp.training.objective import Batch, Objective


class Lesson(NamedTuple):
    """What a teacher makes of a batch."""

    picture: Tensor
    """sRGB, ``B x 3 x 2h x 2w``."""
    features: list[Tensor]
    """From the smallest to the largest, ``B x C x h/s x w/s`` each."""


class Teacher(nn.Module):
    """Base of teachers."""

    def forward(self, batch: Batch) -> Lesson:
        """The teacher's picture and features for a batch."""
        raise NotImplementedError


class CleanTeacher(Teacher):
    """Auto-encoder of the clean picture, without skips, so that its features must hold the picture.

    It sees the target in the colours of the student's camera, companded as the student's own input is: the colour
    matrix is undone first, since a student that works before that matrix cannot know colours after it.
    """

    def __init__(self, widths: tuple[int, ...] = (48, 80, 160, 256), slope: float = 0.2) -> None:
        super().__init__()
        self.slope = slope
        self.compand, self.rendering = Companding(), ColorRendering()
        rising = list(pairwise(widths[::-1]))
        self.head = nn.Conv2d(12, widths[0], 3, padding=1)
        self.down = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2) for a, b in pairwise(widths))
        self.encoder = nn.ModuleList(nn.Conv2d(b, b, 3, padding=1) for b in widths[1:])
        self.up = nn.ModuleList(SubpixelUp(a, b) for a, b in rising)
        self.decoder = nn.ModuleList(nn.Conv2d(b, b, 3, padding=1) for _, b in rising)
        self.tail = nn.Conv2d(widths[0], 12, 3, padding=1)

    def forward(self, batch: Batch) -> Lesson:
        planes = F.pixel_unshuffle(self.compand(camera_rgb(batch.target, batch.color)), 2)
        x = self._active(self.head(planes))
        for down, conv in zip(self.down, self.encoder, strict=True):
            x = down(x)
            x = x + self._active(conv(x))
        features = [x]
        for up, conv in zip(self.up, self.decoder, strict=True):
            x = up(x)
            x = x + self._active(conv(x))
            features.append(x)
        linear = self.compand.inverse(F.pixel_shuffle(self.tail(x), 2))
        return Lesson(self.rendering(linear, batch.color), features)

    def _active(self, x: Tensor) -> Tensor:
        return F.leaky_relu(x, self.slope)


class NetworkTeacher(Teacher):
    """A trained network on the student's input.

    Raises:
        BadInputError: the network has no landmarks.
    """

    def __init__(self, network: ISPNetwork, name: str) -> None:
        super().__init__()
        self.network = network
        _landmarks(network, name)

    def forward(self, batch: Batch) -> Lesson:
        with watching(self.network) as seen:
            picture = self.network(batch.raw, batch.color)
        return Lesson(picture, list(seen))


class Autoencoding(Objective):
    """What a `CleanTeacher` is trained for: L1 between its picture and the target."""

    def forward(self, network: nn.Module, batch: Batch, done: float) -> Tensor:
        picture = network(batch).picture.float()
        error: Tensor = ((picture - batch.target) * batch.mask).abs().mean((1, 2, 3))
        return error


@contextmanager
def watching(network: nn.Module) -> Iterator[list[Tensor]]:
    """Collects what the landmarks of ``network`` put out while the block runs, in the order of computation."""
    seen: list[Tensor] = []

    def note(module: nn.Module, inputs: object, output: Tensor | tuple[Tensor, ...]) -> None:
        seen.append(output[0] if isinstance(output, tuple) else output)

    hooks = [module.register_forward_hook(note) for module in _landmarks(network, "the network")]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def camera_rgb(srgb: Tensor, color: Tensor) -> Tensor:
    """Linear, white-balanced camera RGB of an sRGB picture ``B x 3 x H x W``; ``color`` is ``B x 9 x 1 x 1``."""
    linear = torch.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055).clamp(min=0) ** 2.4)
    inverse = torch.linalg.inv(color.view(-1, 3, 3).float())
    return torch.einsum("bij,bjhw->bihw", inverse, linear)


def _landmarks(network: nn.Module, name: str) -> list[nn.Module]:
    found = network.landmarks() if isinstance(network, ISPNetwork) else []
    if not found:
        raise BadInputError(
            f"{name} names no features to teach by",
            cure="give it landmarks(), see edgeisp.models.functions.ISPNetwork, or use another network",
        )
    return found
