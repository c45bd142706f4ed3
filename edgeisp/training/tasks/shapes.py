"""The tasks ``detect``, ``segment`` and ``classify`` on drawn scenes that a camera recorded too dark."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from edgeisp.data.lowlight import dark_planes, phone_camera
from edgeisp.data.shapes import KINDS, ShapeScene, shape_scene
from edgeisp.errors import BadInputError
from edgeisp.training.tasks import detection
from edgeisp.training.tasks.base import DownstreamTask, Example, Examples, Meter, Split, TaskOptions
from edgeisp.training.tasks.consumer import pretrained

STOPS = (3.0, 5.5)
"""How much too dark the scenes are."""


class ShapeTask(DownstreamTask):
    """Base: a `Consumer`, trained on well exposed scenes, looks at dark ones through the ISP."""

    channels: ClassVar[int]
    test_size = 192
    most: ClassVar[int] = 3

    def __init__(self, options: TaskOptions) -> None:
        super().__init__()
        if options.data != "synthetic":
            raise BadInputError(
                f"{self.name} takes no data set {options.data!r} yet", where="--data", cure="give synthetic"
            )
        if options.patch % 4:
            raise BadInputError(f"a patch of {options.patch}", where="--patch", cure="give a multiple of 4")
        self.options = options
        self.network = pretrained(
            self.name,
            self.channels,
            2 * options.patch,
            self.target,
            self.judged,
            options.weights,
            options.note,
        )

    def examples(self, split: Split) -> Examples:
        return _DarkScenes(self.options.patch, self.options.seed, split, self.target, self.most)

    def loss(self, picture: Tensor, target: Tensor) -> Tensor:
        return self.judged(self.network(picture), target)

    @staticmethod
    @abstractmethod
    def target(scene: ShapeScene) -> np.ndarray:
        """What is to be found in a scene."""

    @staticmethod
    @abstractmethod
    def judged(made: Tensor, target: Tensor) -> Tensor:
        """The loss of the network's output, ``B``."""


class Detect(ShapeTask):
    """Boxes by centre points; mean average precision of COCO."""

    name = "detect"
    metric = "mAP@.5:.95, %"
    channels = len(KINDS) + 4

    @staticmethod
    def target(scene: ShapeScene) -> np.ndarray:
        return scene.objects

    judged = staticmethod(detection.loss)

    def meter(self) -> Meter:
        return detection.MeanAveragePrecision(self.network)


class Segment(ShapeTask):
    """Kinds of pixels; mean intersection over union of all kinds and the background."""

    name = "segment"
    metric = "mIoU, %"
    channels = 1 + len(KINDS)

    @staticmethod
    def target(scene: ShapeScene) -> np.ndarray:
        return scene.mask

    @staticmethod
    def judged(made: Tensor, target: Tensor) -> Tensor:
        logits = F.interpolate(made, size=target.shape[-2:], mode="bilinear", align_corners=False)
        return F.cross_entropy(logits, target, reduction="none").mean((1, 2))

    def meter(self) -> Meter:
        return _Union(self.network, self.channels)


class Classify(ShapeTask):
    """The kind of the only object; share that is right."""

    name = "classify"
    metric = "accuracy, %"
    channels = len(KINDS)
    most = 1

    @staticmethod
    def target(scene: ShapeScene) -> np.ndarray:
        """The kind of the first object; scenes in training have more of them, and any is right to name."""
        present = np.zeros(len(KINDS), np.float32)
        present[[int(kind) for kind in scene.objects[:, 0] if kind >= 0]] = 1
        return present / max(1.0, float(present.sum()))

    @staticmethod
    def judged(made: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(made.amax((2, 3)), target, reduction="none")

    def meter(self) -> Meter:
        return _Accuracy(self.network)


class _Union:
    """Mean intersection over union, over all pictures together."""

    def __init__(self, network: Callable[[Tensor], Tensor], kinds: int) -> None:
        self.network, self.kinds = network, kinds
        self.counts = torch.zeros(kinds, kinds)

    def update(self, picture: Tensor, target: Tensor) -> None:
        made = F.interpolate(
            self.network(picture), size=target.shape[-2:], mode="bilinear", align_corners=False
        )
        pairs = target.flatten() * self.kinds + made.argmax(1).flatten()
        self.counts += torch.bincount(pairs.cpu(), minlength=self.kinds**2).view(self.kinds, self.kinds)

    def value(self) -> float:
        hit = self.counts.diag()
        return float(100 * (hit / (self.counts.sum(0) + self.counts.sum(1) - hit).clamp(min=1)).mean())


class _Accuracy:
    def __init__(self, network: Callable[[Tensor], Tensor]) -> None:
        self.network, self.right = network, list[bool]()

    def update(self, picture: Tensor, target: Tensor) -> None:
        named = self.network(picture).amax((2, 3)).argmax(1)
        self.right += (target.gather(1, named[:, None])[:, 0] > 0).tolist()

    def value(self) -> float:
        return 100 * sum(self.right) / len(self.right)


@dataclass(frozen=True)
class _DarkScenes:
    patch: int
    seed: int
    split: Split
    target: Callable[[ShapeScene], np.ndarray]
    most: int

    def __getitem__(self, index: int) -> Example:
        rng = np.random.default_rng((2, self.seed, self.split == "test", index))
        scene = shape_scene(2 * self.patch, rng, self.most)
        raw, color = dark_planes(scene.picture, rng.uniform(*STOPS), phone_camera(rng), rng)
        return Example(raw, color, self.target(scene))
