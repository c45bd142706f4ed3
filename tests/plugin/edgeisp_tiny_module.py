"""A module of POS-ISP from another package: the picture's negative, mixed in."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from edgeisp.posisp.module import ISPModule, Parameter, mix, planes


class Negative(ISPModule):
    """``1 - x``, mixed in by its one parameter."""

    name = "negative"
    parameters: ClassVar = (Parameter("share", 0.0, 1.0, 0.0),)
    cost_ms = 1.0

    def apply(self, x: Tensor, values: Tensor) -> Tensor:
        return mix(x, 1.0 - x, planes(values))
