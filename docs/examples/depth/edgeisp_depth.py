"""Monocular depth, a task for `edgeisp posisp train` from outside: drawn boxes in haze, seen too dark."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from edgeisp.data.lowlight import dark_planes, phone_camera
from edgeisp.errors import BadInputError
from edgeisp.training.tasks.base import DownstreamTask, Example, Split, TaskOptions
from edgeisp.training.tasks.consumer import STRIDE, Consumer

NEAR, FAR = 2.0, 40.0
"""Metres."""
STEPS, BATCH = 300, 16


def scene(size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A picture ``3 x size x size`` (sRGB) and its depth in metres ``size x size``: what is far is small, low in
    contrast and bluish."""
    depth = np.full((size, size), FAR, np.float32)
    picture = np.full((3, size, size), 0.5, np.float32) * rng.uniform(0.7, 1.2, (3, 1, 1)).astype(np.float32)
    for distance in np.sort(rng.uniform(NEAR, FAR, 5))[::-1]:
        side = round(size * min(0.7, 2.5 / distance + 0.08))
        left, top = rng.integers(-side // 2, size - side // 2, 2)
        place = (slice(max(0, top), top + side), slice(max(0, left), left + side))
        depth[place] = distance
        picture[(slice(None), *place)] = rng.uniform(0.05, 0.95, (3, 1, 1))
    clear = np.exp(-depth / 15)
    haze = np.array([0.6, 0.68, 0.78], np.float32)[:, None, None]
    return (picture * clear + haze * (1 - clear)).astype(np.float32), depth


class Depth(DownstreamTask):
    """Mean absolute error of log depth; the metric is the share of pixels within a quarter of the truth."""

    name = "depth"
    metric = "delta < 1.25, %"

    def __init__(self, options: TaskOptions) -> None:
        super().__init__()
        if options.data != "synthetic":
            raise BadInputError(f"depth takes no {options.data}", where="--data", cure="give synthetic")
        if options.patch % 4:
            raise BadInputError(f"a patch of {options.patch}", where="--patch", cure="give a multiple of 4")
        self.options = options
        self.network = self._trained()

    def _trained(self) -> Consumer:
        size = 2 * self.options.patch
        self.options.note(f"training a small network for depth, {STEPS} steps")
        state = torch.random.get_rng_state()
        torch.manual_seed(0)
        network = Consumer(1).train()
        torch.random.set_rng_state(state)
        optimizer = torch.optim.AdamW(network.parameters(), 2e-3)
        for step in range(STEPS):
            made = [scene(size, np.random.default_rng((1, step, i))) for i in range(BATCH)]
            pictures, depths = (torch.from_numpy(np.stack(part)) for part in zip(*made, strict=True))
            optimizer.zero_grad()
            _error(network(pictures), depths).mean().backward()
            optimizer.step()
        return network.eval()

    def examples(self, split: Split) -> DarkDepth:
        return DarkDepth(2 * self.options.patch, self.options.seed, split)

    def loss(self, picture: Tensor, target: Tensor) -> Tensor:
        return _error(self.network(picture), target)

    def meter(self) -> Within:
        return Within(self.network)


def _error(made: Tensor, depth: Tensor) -> Tensor:
    """Mean absolute error of the logarithm, ``B``."""
    coarse = F.avg_pool2d(depth.log()[:, None], STRIDE)
    return (made + np.log(10.0) - coarse).abs().mean((1, 2, 3))


class Within:
    """The meter."""

    def __init__(self, network: Consumer) -> None:
        self.network, self.right = network, list[float]()

    def update(self, picture: Tensor, target: Tensor) -> None:
        made = F.interpolate(
            self.network(picture), size=target.shape[-2:], mode="bilinear", align_corners=False
        )
        off = (made[:, 0] + np.log(10.0) - target.log()).abs()
        self.right += (off < np.log(1.25)).float().mean((1, 2)).tolist()

    def value(self) -> float:
        return 100 * float(np.mean(self.right))


@dataclass(frozen=True)
class DarkDepth:
    """Scenes that some phone recorded 2 to 4 stops too dark."""

    size: int
    seed: int
    split: Split

    def __getitem__(self, index: int) -> Example:
        rng = np.random.default_rng((2, self.seed, self.split == "test", index))
        picture, depth = scene(self.size, rng)
        raw, color = dark_planes(picture, rng.uniform(2, 4), phone_camera(rng), rng)
        return Example(raw, color, depth)
