"""Settings of a policy's training: the paper's constants, and our recipe."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from edgeisp.errors import BadInputError
from edgeisp.raw.reader import RawReader
from edgeisp.training.config import NotNegative, Positive

Rate = Annotated[float, Meta(gt=0)]


class PolicyConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that decides how a run turns out; saved with its state. Defaults are our recipe."""

    task: str
    data: str = "synthetic"
    network: str | None = None
    """The task's frozen network, as `edgeisp.training.tasks.base.TaskOptions` has it."""
    weights: str | None = None
    """Of the task's frozen network."""
    reader: RawReader = msgspec.field(default_factory=RawReader)
    modules: tuple[str, ...] = ()
    """Names; empty: the default set."""
    order: tuple[str, ...] = ()
    """A sequence that is given: only parameters learn. Empty: the order is learned."""
    paper: bool = False
    """The paper's modules, initialisation and objective."""
    steps: Positive = 1500
    batch: Positive = 8
    """Examples in a step, over all processes."""
    sequences: Annotated[int, Meta(ge=2)] = 6
    """Sequences drawn in a step, each run on the whole batch; in the paper every example draws its own."""
    patch: Positive = 32
    """Packed patch size; pictures are twice as large."""
    lr_parameters: Rate = 1e-3
    lr_order: Rate = 1e-3
    clip_parameters: Rate = 1.0
    """Largest norm of the gradient, likewise the next."""
    clip_order: Rate = 1.0
    hottest: Rate = 1.0
    """Temperature at the start of the run."""
    coldest: Rate = 1.0
    """Temperature at the end."""
    half_life: Positive | None = None
    """Steps in which the temperature goes half of the way that is left; None: a quarter of the run."""
    entropy: Annotated[float, Meta(ge=0, le=1)] = 0.6
    """Least entropy of the policy when its order is fixed, as a share of the largest; the knob against collapse."""
    penalty: NotNegative = 0.0
    """Reward lost per millisecond of the chosen modules."""
    settle: Annotated[float, Meta(ge=0, lt=1)] = 0.25
    """Share of the run, at its end, in which the order is the best on held-out examples and only parameters learn."""
    seed: int = 0
    workers: Annotated[int, Meta(ge=0)] = 1
    save_every: Positive = 200
    log_every: Positive = 20

    def temperature(self, step: int) -> float:
        """Of the softmax at a step: falls from `hottest` towards `coldest` (the paper's eq. 22)."""
        left = 0.5 ** (step / (self.half_life or max(1, self.steps // 4)))
        return self.coldest + (self.hottest - self.coldest) * float(left)

    def least_entropy(self, step: int) -> float:
        """Falls from 1 at the start to `entropy` where the order is fixed: parameters learn before the order does."""
        return 1 - (1 - self.entropy) * min(1.0, step / max(1, self.settled))

    @property
    def settled(self) -> int:
        """The step from which the order is fixed."""
        return 0 if self.order else self.steps - round(self.steps * self.settle)


PAPER: dict[str, Any] = {
    "steps": 15_000,
    "batch": 2,
    "patch": 256,
    "lr_parameters": 1e-4,
    "lr_order": 1e-5,
    "clip_parameters": 1e-4,
    "clip_order": 1e-4,
    "hottest": 2.5,
    "coldest": 0.2,
    "half_life": 3000,
    "entropy": 0.0,
    "settle": 0.0,
}
"""The constants of the authors' code (detection), where they differ."""

FREE = {"workers", "save_every", "log_every"}
"""Settings that do not change what a run computes."""


def configured(*, paper: bool, **given: Any) -> PolicyConfig:
    """The recipe, or with ``paper`` the paper's constants, with what is ``given`` (not None) in their place.

    Raises:
        BadInputError: a value is out of its range.
    """
    chosen = {key: value for key, value in given.items() if value is not None}
    made = PolicyConfig(paper=paper, **{**(PAPER if paper else {}), **chosen})
    try:
        return msgspec.convert(msgspec.to_builtins(made), PolicyConfig)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `$.")
        option = f"--{place.rstrip('`').replace('_', '-')}" if place else None
        raise BadInputError(
            f"bad setting: {what}", where=option, cure="see `edgeisp posisp train --help`"
        ) from error
