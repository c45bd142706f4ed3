"""What a task is: examples, a loss that a policy is rewarded by, and a metric that people quote."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edgeisp.errors import BadInputError
from edgeisp.raw.image import Floats
from edgeisp.raw.reader import RawReader

Split = Literal["train", "test"]


@dataclass(frozen=True, kw_only=True)
class TaskOptions:
    """What the command line says of a task."""

    data: str = "synthetic"
    """``synthetic``, or a data set on disk as ``KIND:DIR``; which kinds there are is the task's to say."""
    network: str | None = None
    """The frozen network, as ``torchvision:NAME``; None: a small one of the task's own."""
    weights: Path | None = None
    """Of the frozen network; None: the task makes its own."""
    patch: int = 32
    """Packed size of examples that are cut to one size; pictures are twice as large."""
    seed: int = 0
    reader: RawReader = field(default_factory=RawReader)
    """How RAW files of a data set are read."""
    note: Callable[[str], None] = lambda text: None
    """Told what takes long."""


class Example(NamedTuple):
    """A RAW patch and what the task knows of it; all examples of a task have equal shapes."""

    raw: Floats
    """Canonical packed Bayer, ``4 x p x p``."""
    color: Floats
    """White-balanced camera RGB to linear sRGB, ``9 x 1 x 1``."""
    target: NDArray[np.generic]
    """A picture, a label, boxes: whatever the task's loss takes, as one array."""


class Examples(Protocol):
    """Map-style and a pure function of the index, which may be any number from 0."""

    def __getitem__(self, index: int) -> Example: ...


class Meter(Protocol):
    """Gathers a metric over batches."""

    def update(self, picture: Tensor, target: Tensor) -> None:
        """Take in pictures ``B x 3 x H x W`` in [0, 1] with their targets."""
        ...

    def value(self) -> float:
        """The metric over all of them."""
        ...


class DownstreamTask(nn.Module):
    """Base of tasks. A network inside it is frozen: it is the consumer, and only the ISP before it learns.

    Subclasses are made from `TaskOptions` and raise BadInputError or CheckpointError where these do not fit.
    """

    name: ClassVar[str]
    metric: ClassVar[str]
    """What `meter` measures, with its unit; higher is better."""
    test_size: int = 64
    """Examples of the test split that are measured."""

    def examples(self, split: Split) -> Examples:
        """Examples of a split: endless ones for training, `test_size` for testing."""
        raise NotImplementedError

    def loss(self, picture: Tensor, target: Tensor) -> Tensor:
        """What the task loses on each picture, ``B``; pictures are ``B x 3 x H x W``, nominally in [0, 1].

        It should be of the order of 1: reward and brightness penalty are weighed against each other.
        """
        raise NotImplementedError

    def meter(self) -> Meter:
        """A fresh meter."""
        raise NotImplementedError


def check(task: DownstreamTask, examples: Examples, device: torch.device | str = "cpu") -> None:
    """Let ``task`` judge and measure one grey picture: what does not fit is told of before anything is learned.

    Raises:
        BadInputError: network, loss and metric do not fit each other or the examples.
    """
    example = examples[0]
    height, width = (2 * side for side in example.raw.shape[-2:])
    picture = torch.full((1, 3, height, width), 0.5, device=device, requires_grad=True)
    target = torch.from_numpy(np.asarray(example.target)[None]).to(device)
    where, cure = (
        f"task {task.name}",
        "its network must take such pictures, and its loss what the network makes",
    )
    try:
        loss = task.loss(picture, target)
        meter = task.meter()
        meter.update(picture.detach(), target)
        meter.value()
    except (RuntimeError, ValueError, IndexError, KeyError, TypeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise BadInputError(f"cannot judge a picture of {width}x{height} ({reason})", where, cure) from error
    if tuple(loss.shape) != (1,) or not loss.requires_grad:
        told = "no gradient" if not loss.requires_grad else f"the shape {tuple(loss.shape)}"
        cure = "a loss is one number for each picture, with a gradient"
        raise BadInputError(f"its loss of one picture has {told}", where, cure)
