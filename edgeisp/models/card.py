"""Model cards: what a network is, what its paper claims, and which of our choices are a reconstruction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from edgeisp.models.functions import ISPNetwork
from edgeisp.models.task import ISP, Task


@dataclass(frozen=True)
class Check:
    """How `edgeisp claims` checks a claim: what of ours is measured, and what it should come to."""

    quantity: Literal["parameters", "macs", "psnr", "latency"]
    """``macs`` at the card's reference input; ``psnr`` in dB; ``latency`` of one tile in ms."""
    value: float
    tolerance: float
    """By which ours may miss it: a share of ``value``; of ``psnr``, dB. More dB and less latency never miss."""
    of: float = 1.0
    """What our figure is divided by: the size of the network that it was compared with."""
    data: str | None = None
    """Kind of the data set that ``psnr`` needs, such as ``zrr``."""
    protocol: str | None = None
    """``original`` or ``aligned`` ground truth; None where the paper does not say."""
    device: str | None = None
    """Part of the name of the device that ``latency`` needs."""

    def holds(self, ours: float) -> bool:
        """Whether our figure, already divided, bears the claim out."""
        if self.quantity == "psnr":
            return ours >= self.value - self.tolerance
        if self.quantity == "latency":
            return ours <= self.value * (1 + self.tolerance)
        return abs(ours - self.value) <= self.tolerance * self.value


@dataclass(frozen=True)
class Claim:
    """A number somebody printed, with its source, beside the command that measures ours."""

    what: str
    paper: str
    source: str
    command: str = ""
    check: Check | None = None
    """None for what no program can check."""


@dataclass(frozen=True)
class ModelCard:
    """Everything the registry knows of a network. Only the network's own file and the registry name it."""

    name: str
    title: str
    build: Callable[[], ISPNetwork]
    """Constructs the network with fresh weights."""
    paper: str
    claims: tuple[Claim, ...]
    from_paper: tuple[str, ...]
    from_third_parties: tuple[str, ...]
    reconstruction: tuple[str, ...]
    """Our own choices where nothing is known."""
    reference_input: tuple[int, ...] = (1, 4, 224, 224)
    """Input at which parameters and MACs are quoted."""
    task: Task = ISP
    """What goes in and comes out."""
    described: Callable[[Mapping[str, Any]], ISPNetwork] | None = None
    """Constructs the network that the card of a checkpoint tells of, where the name does not say it all."""

    def network(self, card: Mapping[str, Any]) -> ISPNetwork:
        """The network, with fresh weights, that a checkpoint with this ``card`` is of."""
        return self.described(card) if self.described else self.build()
