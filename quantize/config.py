"""One typed object with everything that decides how a quantized checkpoint turns out."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from edgeisp.quantize.calibration import KINDS
from edgeisp.raw.reader import RawReader
from edgeisp.training.config import LossWeights, TrainConfig

Positive = Annotated[int, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]


class QuantizeConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of `edgeisp quantize`; saved in the card of the checkpoint."""

    model: str
    data: str = "synthetic"
    """Training data, as for `edgeisp train`."""
    reader: RawReader = msgspec.field(default_factory=RawReader)
    calibration: Annotated[int, Meta(ge=len(KINDS))] = 20
    """Calibration pictures; a fifth each of `KINDS`."""
    estimator: Literal["minmax", "percentile"] = "minmax"
    keep_float: tuple[str, ...] = ()
    """Convolutions that stay in float, beside those that the network names."""
    steps: Annotated[int, Meta(ge=0)] = 600
    """Optimizer steps of quantization-aware training; 0 for none."""
    batch: Positive = 4
    patch: Positive = 64
    """Packed size of calibration and training patches; pictures are twice as large."""
    lr: Annotated[float, Meta(gt=0)] = 1e-4
    """Peak learning rate, falling to 1 % of it as a cosine; ranges move ten times as fast."""
    distill_output: NotNegative = 1.0
    """Weight of the logarithm of the squared error to the fp32 network's picture."""
    distill_features: NotNegative = 0.1
    """The same to the fp32 network's features, mean over the levels of the network."""
    task: NotNegative = 0.1
    """The same to the true picture."""
    start: str = ""
    """sha256 of the quantized checkpoint that training goes on from; empty: calibrated fp32 weights."""
    seed: int = 0
    workers: Annotated[int, Meta(ge=0)] = 1
    save_every: Positive = 100
    log_every: Positive = 20

    def training(self) -> TrainConfig:
        """The settings of its training run."""
        return TrainConfig(
            model=self.model,
            data=self.data,
            reader=self.reader,
            steps=max(self.steps, 1),
            batch=self.batch,
            patch=self.patch,
            lr=self.lr,
            warmup=min(20, self.steps),
            ema=0.98,
            loss=LossWeights(l1=1.0),
            seed=self.seed + 1,
            workers=self.workers,
            save_every=self.save_every,
            log_every=self.log_every,
        )
