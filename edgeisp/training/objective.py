"""What a run minimises: a module that scores a network on a batch. Distillation is another one than plain training."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from torch import Tensor, nn

from edgeisp.training.config import TrainConfig
from edgeisp.training.losses import PictureLoss


class Batch(NamedTuple):
    """Patches (`edgeisp.data.patch.Patch`) side by side, on the device of the run."""

    raw: Tensor
    color: Tensor
    target: Tensor
    mask: Tensor


class Objective(nn.Module):
    """Base of objectives. Parameters that require gradients are trained along with the network and left out of it."""

    def forward(self, network: nn.Module, batch: Batch, done: float) -> Tensor:
        """Loss of each picture, ``B``.

        Args:
            network: in training; its forward takes ``batch.raw`` and ``batch.color``.
            batch: what it is given, what it should make of it, and where that counts.
            done: share of the run that is over, 0 to 1, for schedules.
        """
        raise NotImplementedError

    def learned(self) -> dict[str, Tensor]:
        """The parameters that are trained, by name: all that a resumed run needs of it."""
        return {name: p.detach() for name, p in self.named_parameters() if p.requires_grad}


class Likeness(Objective):
    """The loss between the network's picture and the target."""

    def __init__(self, loss: PictureLoss) -> None:
        super().__init__()
        self.loss = loss

    def forward(self, network: nn.Module, batch: Batch, done: float) -> Tensor:
        each: Tensor = self.loss(network(batch.raw, batch.color), batch.target, batch.mask)
        return each


def likeness(config: TrainConfig) -> Objective:
    """The plain objective of ``config``.

    Raises:
        BadInputError, CheckpointError: see `PictureLoss`.
    """
    return Likeness(PictureLoss(config.loss, Path(config.vgg) if config.vgg else None))


class Trainee(nn.Module):
    """Network and objective in one module, so that whatever learns is kept the same in all processes."""

    def __init__(self, network: nn.Module, objective: Objective) -> None:
        super().__init__()
        self.network, self.objective = network, objective

    def forward(self, batch: Batch, done: float) -> Tensor:
        each: Tensor = self.objective(self.network, batch, done)
        return each
