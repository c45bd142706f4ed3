"""One typed object with everything that decides how a run turns out."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from edgeisp.errors import BadInputError
from edgeisp.raw.reader import RawReader

Positive = Annotated[int, Meta(gt=0)]
Share = Annotated[float, Meta(ge=0, lt=1)]
NotNegative = Annotated[float, Meta(ge=0)]


class TrainConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a training run; saved in every checkpoint, so that a resumed run can only be the same run."""

    model: str
    data: str = "synthetic"
    """``synthetic`` or ``pairs:DIR``."""
    reader: RawReader = msgspec.field(default_factory=RawReader)
    """How the RAW files of ``pairs:DIR`` are read."""
    steps: Positive = 20_000
    batch: Positive = 8
    patch: Positive = 64
    """Packed patch size; pictures are twice as large."""
    lr: Annotated[float, Meta(gt=0)] = 7e-4
    """Peak learning rate; linear warm-up, then a cosine to 1 % of it.

    This, a clip at 0.5 and no weight decay held for every network here; 1.2e-3 with weight decay blew up in mid-run.
    """
    warmup: Annotated[int, Meta(ge=0)] = 300
    weight_decay: NotNegative = 0.0
    clip: Annotated[float, Meta(gt=0)] = 0.5
    """Largest norm of the gradient."""
    ema: Share = 0.999
    """Decay of the moving average of the weights, which is what a run delivers."""
    ms_ssim: NotNegative = 0.05
    """Weight of 1 - MS-SSIM beside L1."""
    seed: int = 0
    workers: Annotated[int, Meta(ge=0)] = 1
    """Processes that make batches."""
    save_every: Positive = 500
    log_every: Positive = 50
    init: str | None = None
    """Checkpoint whose weights the run starts from."""


def check(config: TrainConfig) -> TrainConfig:
    """``config`` itself, if every value is within its range.

    Raises:
        BadInputError: names the first field that is not.
    """
    try:
        return msgspec.convert(msgspec.to_builtins(config), TrainConfig)
    except msgspec.ValidationError as error:
        raise BadInputError(f"bad training setting: {error}", cure="see `edgeisp train --help`") from error
