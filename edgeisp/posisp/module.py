"""What a module of POS-ISP is: a differentiable stage of an ISP with a few parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

LUMA = (0.27, 0.67, 0.06)
"""Weights of R, G, B in the luminance that the paper's modules use."""


@dataclass(frozen=True)
class Parameter:
    """One number that the parameter predictor sets for each picture."""

    name: str
    low: float
    """Physical value at the raw value 0."""
    high: float
    """Physical value at the raw value 1; the map between is linear."""
    identity: float
    """Physical value at which the module changes nothing, or least."""
    unit: str = ""

    @property
    def raw_identity(self) -> float:
        """`identity` as a raw value in [0, 1]."""
        return (self.identity - self.low) / (self.high - self.low)


class ISPModule:
    """Base of modules: batched, without branches on pixel values, differentiable everywhere.

    Args:
        paper: keep the paper's formula where ours differs; a subclass says how in its docstring.
    """

    name: ClassVar[str]
    parameters: ClassVar[tuple[Parameter, ...]]
    cost_ms: ClassVar[float]
    """What the run-time penalty counts for it, in ms of the table that POS-ISP keeps from AdaptiveISP."""
    halo: ClassVar[int] = 0
    """Picture pixels around a pixel that its result depends on."""

    def __init__(self, paper: bool = False) -> None:
        self.paper = paper

    @property
    def pointwise(self) -> bool:
        """Whether each pixel depends on itself alone, so that neighbours in a chain fold into one table."""
        return self.halo == 0

    def apply(self, x: Tensor, values: Tensor) -> Tensor:
        """The stage itself: ``x`` is ``B x 3 x H x W``, nominally in [0, 1]; ``values`` is ``B x k``, physical."""
        raise NotImplementedError

    def values(self, raw: Tensor) -> Tensor:
        """Physical values of raw parameters in [0, 1], ``B x k``."""
        low = torch.tensor([p.low for p in self.parameters], device=raw.device)
        span = torch.tensor([p.high - p.low for p in self.parameters], device=raw.device)
        values: Tensor = low + span * raw
        return values

    def __call__(self, x: Tensor, raw: Tensor) -> Tensor:
        """The stage with raw parameters in [0, 1], ``B x k``."""
        return self.apply(x, self.values(raw))


def planes(values: Tensor) -> Tensor:
    """``B x k`` as ``B x k x 1 x 1``."""
    return values[:, :, None, None]


def luminance(x: Tensor) -> Tensor:
    """``B x 1 x H x W``, by `LUMA`."""
    r, g, b = x.split(1, 1)
    light: Tensor = LUMA[0] * r + LUMA[1] * g + LUMA[2] * b
    return light


def mix(x: Tensor, y: Tensor, share: Tensor) -> Tensor:
    """``x`` at share 0, ``y`` at share 1."""
    mixed: Tensor = x + share * (y - x)
    return mixed


def luma_preserving(gains: Tensor) -> Tensor:
    """Gains ``B x 3`` scaled so that grey keeps its luminance."""
    r, g, b = gains.split(1, 1)
    scaled: Tensor = gains / (1e-6 + LUMA[0] * r + LUMA[1] * g + LUMA[2] * b)
    return scaled
