"""A set of modules: which part of the parameters is whose, and how a sequence of them runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import torch
from torch import Tensor

from edgeisp.errors import BadInputError
from edgeisp.posisp import DEFAULT, MODULES, PAPER, places
from edgeisp.posisp.module import ISPModule


@dataclass(frozen=True)
class Pipeline:
    """The modules that a policy chooses from, by their ids: their places in the list."""

    modules: tuple[ISPModule, ...]
    paper: bool = False

    @classmethod
    def of(cls, names: Sequence[str] = (), paper: bool = False) -> Pipeline:
        """The set of these names; default: the paper's ten, in our default with the fast denoiser.

        Raises:
            BadInputError: a name that is not known, or one that is given or registered twice.
        """
        chosen = list(names or (PAPER if paper else DEFAULT))
        if twice := [name for name in chosen if chosen.count(name) > 1]:
            raise BadInputError(
                f"a module comes twice: {twice[0]}", where="--modules", cure="name each module once"
            )
        for name in chosen:
            MODULES.check(name, "--modules")
        MODULES.refuse_twice(chosen)
        return cls(tuple(MODULES.get(name)(paper) for name in chosen), paper)

    @property
    def names(self) -> list[str]:
        """Names by id."""
        return [module.name for module in self.modules]

    @property
    def size(self) -> int:
        """Number of raw parameters of all modules."""
        return sum(len(module.parameters) for module in self.modules)

    @property
    def slices(self) -> list[slice]:
        """Where each module's raw parameters are."""
        ends = accumulate((len(module.parameters) for module in self.modules), initial=0)
        return [slice(start, stop) for start, stop in pairwise(ends)]

    @property
    def identity(self) -> Tensor:
        """Raw parameters at which every module changes nothing, or least: ``size``."""
        return torch.tensor([p.raw_identity for module in self.modules for p in module.parameters])

    @property
    def costs(self) -> Tensor:
        """What each module costs in the run-time penalty, in ms; the last entry, 0, is that of stopping."""
        return torch.tensor([*(module.cost_ms for module in self.modules), 0.0])

    def ids(self, names: Sequence[str]) -> tuple[int, ...]:
        """The ids of a sequence of names; see `places`."""
        return places(names, self.names)

    def halo(self, sequence: Sequence[int]) -> int:
        """Picture pixels around a pixel that the sequence looks at."""
        return sum(self.modules[i].halo for i in sequence)

    def run(self, x: Tensor, raw: Tensor, sequence: Sequence[int]) -> Tensor:
        """``x`` (``B x 3 x H x W``) through the modules of ``sequence``; ``raw`` is ``B x size``. Not clipped."""
        slices = self.slices
        for i in sequence:
            x = self.modules[i](x, raw[:, slices[i]])
        return x

    def physical(self, raw: Tensor, sequence: Sequence[int]) -> list[dict[str, Any]]:
        """What one picture's parameters (``size``) mean, for people and manifests: module by module of the sequence."""
        slices = self.slices
        described = []
        for i in sequence:
            module = self.modules[i]
            values = module.values(raw[None, slices[i]])[0].tolist()
            named = zip(module.parameters, values, strict=True)
            units = {p.name: p.unit for p in module.parameters if p.unit}
            described.append(
                {"module": module.name, "parameters": {p.name: v for p, v in named}, "units": units}
            )
        return described
