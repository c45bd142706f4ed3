"""The tasks ``detect``, ``segment`` and ``classify``: a frozen network looks at dark scenes through the ISP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from edgeisp.data.labelled import open_labelled
from edgeisp.data.scenery import Annotated, Drawn, Scenery
from edgeisp.data.shapes import Scene
from edgeisp.errors import BadInputError
from edgeisp.extras import require
from edgeisp.training.tasks import detection
from edgeisp.training.tasks.base import DownstreamTask, Example, Examples, Meter, Split, TaskOptions
from edgeisp.training.tasks.consumer import Consumer, pretrained
from edgeisp.training.tasks.detection import CenterPoints, Detector
from edgeisp.training.tasks.torchvision import TorchvisionDetector, TorchvisionLogits


class RecognitionTask(DownstreamTask):
    """Base: the network is a small one of our own, trained on well exposed scenes, or one of torchvision's.

    Raises:
        BadInputError: the data set, the patch or the network do not fit.
        CheckpointError: the weights are not the network's.
        UnavailableError: what the data set or the network needs is not installed.
    """

    most: ClassVar[int] = 3
    """Objects in a drawn scene, at most."""
    needs: ClassVar[tuple[str, ...]]
    """What an annotated set must tell, see `LabelledSet.tells`."""

    def __init__(self, options: TaskOptions) -> None:
        super().__init__()
        if options.patch % 4:
            raise BadInputError(f"a patch of {options.patch}", where="--patch", cure="give a multiple of 4")
        self.options = options
        if options.data == "synthetic":
            self.scenery: Scenery = Drawn(options.patch, options.seed, self.most)
        else:
            require("vision")
            source = open_labelled(options.data, options.reader)
            if source.tells not in self.needs:
                raise BadInputError(
                    f"tells {source.tells} of objects, and {self.name} needs {self.needs[0]}",
                    where=options.data,
                    cure="see docs/tasks.md for what each layout can hold, or choose another --task",
                )
            self.scenery = Annotated(source, options.patch, options.seed)
        self.test_size = self.scenery.tests
        self.network = self.named(options.network) if options.network else self.own()

    def own(self) -> nn.Module:
        """The small network."""
        raise NotImplementedError

    def named(self, network: str) -> nn.Module:
        """The network that ``--network`` names, with ``--weights``."""
        raise NotImplementedError

    def trained(
        self, channels: int, target: Callable[[Scene], np.ndarray], loss: Callable[[Tensor, Tensor], Tensor]
    ) -> Consumer:
        """The small network with so many channels, trained for ``loss`` unless there are weights."""
        o = self.options
        return pretrained(self.name, channels, self.scenery, target, loss, o.weights, o.note)

    def target(self, scene: Scene) -> np.ndarray:
        """What is to be found in a scene."""
        raise NotImplementedError

    def examples(self, split: Split) -> Examples:
        return _Recorded(self.scenery, split, self.target)


class Detect(RecognitionTask):
    """Boxes; mean average precision of COCO."""

    name = "detect"
    metric = "mAP@.5:.95, %"
    needs = ("boxes", "outlines")
    network: Detector

    def own(self) -> Detector:
        return CenterPoints(self.trained(len(self.scenery.kinds) + 4, self.target, detection.loss))

    def named(self, network: str) -> Detector:
        return TorchvisionDetector(network, self.options.weights, self.scenery.kinds)

    def target(self, scene: Scene) -> np.ndarray:
        return scene.objects

    def loss(self, picture: Tensor, target: Tensor) -> Tensor:
        return self.network.judged(picture, target)

    def meter(self) -> Meter:
        return detection.MeanAveragePrecision(self.network.found, self.scenery.kinds)


class Segment(RecognitionTask):
    """Kinds of pixels; mean intersection over union of all kinds and the background."""

    name = "segment"
    metric = "mIoU, %"
    needs = ("outlines",)

    def own(self) -> nn.Module:
        return self.trained(1 + len(self.scenery.kinds), self.target, _pixels)

    def named(self, network: str) -> nn.Module:
        return TorchvisionLogits(
            network, self.options.weights, ("__background__", *self.scenery.kinds), "segmentation"
        )

    def target(self, scene: Scene) -> np.ndarray:
        return scene.mask

    def loss(self, picture: Tensor, target: Tensor) -> Tensor:
        return _pixels(self.network(picture), target)

    def meter(self) -> Meter:
        return _Union(self.network, 1 + len(self.scenery.kinds))


class Shares(nn.Module):
    """Kinds of a whole picture, from maps of the background and all kinds: how much of it each fills.

    The maps are trained as for `Segment`: told the kind of the picture alone, a network of this size learns nothing.
    """

    def __init__(self, network: Consumer) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor) -> Tensor:
        """Logits, ``B x kinds x 1 x 1``."""
        shares: Tensor = self.network(picture).log_softmax(1)[:, 1:].logsumexp((2, 3), keepdim=True)
        return shares


class Classify(RecognitionTask):
    """The kind of the largest object; share that is right."""

    name = "classify"
    metric = "accuracy, %"
    needs = ("kinds", "boxes", "outlines")
    most = 1

    def own(self) -> nn.Module:
        return Shares(self.trained(1 + len(self.scenery.kinds), lambda scene: scene.mask, _pixels))

    def named(self, network: str) -> nn.Module:
        return TorchvisionLogits(network, self.options.weights, self.scenery.kinds, "classification")

    def target(self, scene: Scene) -> np.ndarray:
        """Which kinds a scene shows, in equal shares: any of them is right to name."""
        present = np.zeros(len(self.scenery.kinds), np.float32)
        present[[int(kind) for kind in scene.objects[:, 0] if kind >= 0]] = 1
        return present / max(1.0, float(present.sum()))

    def loss(self, picture: Tensor, target: Tensor) -> Tensor:
        return _kinds(self.network(picture), target)

    def meter(self) -> Meter:
        return _Accuracy(self.network)


def _pixels(made: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of the pixels of each picture, ``B``."""
    logits = F.interpolate(made, size=target.shape[-2:], mode="bilinear", align_corners=False)
    return F.cross_entropy(logits, target, reduction="none").mean((1, 2))


def _kinds(made: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of the strongest place of each kind, ``B``."""
    return F.cross_entropy(made.amax((2, 3)), target, reduction="none")


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
class _Recorded:
    scenery: Scenery
    split: Split
    target: Callable[[Scene], np.ndarray]

    def __getitem__(self, index: int) -> Example:
        shot = self.scenery.shot(self.split, index)
        return Example(shot.raw, shot.color, self.target(shot.scene))
