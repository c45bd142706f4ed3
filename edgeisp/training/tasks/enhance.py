"""The task ``enhance``: towards reference renderings, for people."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

import torch
from torch import Tensor

from edgeisp.data.cache import stored_frames
from edgeisp.data.lowlight import LowLight
from edgeisp.data.open import Pairs, Patches, open_pairs, open_set
from edgeisp.errors import BadInputError
from edgeisp.training.losses import l1
from edgeisp.training.tasks.base import DownstreamTask, Example, Examples, Meter, Split, TaskOptions


class Enhance(DownstreamTask):
    """L1 to the reference; PSNR. ``synthetic`` is `LowLight`, other data are pairs as `edgeisp train` takes them."""

    name = "enhance"
    metric = "PSNR, dB"

    def __init__(self, options: TaskOptions) -> None:
        super().__init__()
        self.options = options
        for option, given in (("--network", options.network), ("--weights", options.weights)):
            if given:
                raise BadInputError("enhance asks no network", where=option, cure="leave it out")

    def examples(self, split: Split) -> Examples:
        o = self.options
        if o.data == "synthetic":
            return _Examples(LowLight(o.patch, o.seed, split))
        if split == "train":
            return _Examples(open_pairs(o.data, patch=o.patch, seed=o.seed, reader=o.reader))
        pairs = open_set(o.data, o.reader, "synthetic")
        return _Examples(Patches(stored_frames(pairs, pairs.of("test")), o.patch, o.seed + 1))

    def loss(self, picture: Tensor, target: Tensor) -> Tensor:
        return l1(picture, target)

    def meter(self) -> Meter:
        return Psnr()


@dataclass(frozen=True)
class _Examples:
    pairs: Pairs

    def __getitem__(self, index: int) -> Example:
        patch = self.pairs[index]
        return Example(patch.raw, patch.color, patch.target)


class Psnr:
    """Mean PSNR of pictures in dB, peak 1."""

    def __init__(self) -> None:
        self.each: list[float] = []

    def update(self, picture: Tensor, target: Tensor) -> None:
        error = (picture - target).square().mean((1, 2, 3)).clamp(min=1e-10)
        self.each += (-10 * torch.log10(error)).tolist()

    def value(self) -> float:
        return fmean(self.each)
