"""One typed object with everything that decides how a run turns out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

from edgeisp.checkpoints import bundled
from edgeisp.errors import BadInputError, CheckpointError
from edgeisp.models import MODELS
from edgeisp.raw.reader import RawReader

Positive = Annotated[int, Meta(gt=0)]
Share = Annotated[float, Meta(ge=0, lt=1)]
NotNegative = Annotated[float, Meta(ge=0)]
Weight = Annotated[float, Meta(ge=0, le=1e6)]


CLEAN = "clean"
"""The teacher that is an auto-encoder of the clean picture."""
Amp = Literal["no", "bf16", "fp16"]


class LossWeights(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """How much of each term of `edgeisp.training.losses` a run minimises."""

    l1: Weight = 0.0
    charbonnier: Weight = 0.0
    ms_ssim: Weight = 0.0
    """Of 1 - MS-SSIM."""
    vgg: Weight = 0.0
    """Perceptual; needs the weights of VGG-19."""
    fft: Weight = 0.0

    @classmethod
    def parse(cls, text: str) -> LossWeights:
        """``l1=1,ms-ssim=0.05``; a name alone has the weight 1.

        Raises:
            BadInputError: an unknown name, a weight that is not a number of at least 0, or nothing to minimise.
        """
        weights: dict[str, str] = {}
        for part in text.split(","):
            name, _, weight = part.strip().partition("=")
            weights[name] = weight or "1"
        known = ", ".join(cls.__struct_encode_fields__)
        for name in weights:
            if name not in cls.__struct_encode_fields__:
                raise BadInputError(f"no loss is called {name!r}", where="--loss", cure=f"known: {known}")
        try:
            parsed = msgspec.convert(weights, cls, strict=False)
        except msgspec.ValidationError as error:
            raise BadInputError(
                f"bad weight: {error}", where="--loss", cure="such as l1=1,ms-ssim=0.05"
            ) from error
        if not parsed.chosen():
            raise BadInputError("nothing to minimise", where="--loss", cure=f"give one of {known} a weight")
        return parsed

    def chosen(self) -> dict[str, float]:
        """The terms with a weight, by field."""
        return {name: weight for name in self.__struct_fields__ if (weight := getattr(self, name)) > 0}

    def __str__(self) -> str:
        return ",".join(f"{name.replace('_', '-')}={weight:g}" for name, weight in self.chosen().items())


class TrainConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a training run; saved in every checkpoint, so that a resumed run is the same, if at another rate."""

    model: str
    data: str = "synthetic"
    """``synthetic``, or a data set on disk such as ``pairs:DIR``; see `edgeisp.data.open`."""
    aligned: bool = False
    """Pictures of a set on disk are warped onto their RAW files and count only where the warp can be trusted."""
    skip_bad: bool = False
    """Pairs of a set on disk that cannot be read, and files without a partner, are left out."""
    reader: RawReader = msgspec.field(default_factory=RawReader)
    """How the RAW files of a set on disk are read."""
    steps: Positive = 20_000
    batch: Positive = 8
    """Patches in an optimizer step, over all processes."""
    accumulate: Positive = 1
    """Parts in which each process works through its share of a batch: less memory, the same result."""
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
    loss: LossWeights = LossWeights(l1=1.0, ms_ssim=0.05)
    """The mix of L1 and MS-SSIM is after Zhao et al. (2017)."""
    vgg: str | None = None
    """File of VGG-19 weights, for the loss of that name."""
    amp: Amp = "no"
    """Automatic mixed precision: what convolutions compute in. Weights, optimizer and loss stay float32."""
    seed: int = 0
    workers: Annotated[int, Meta(ge=0)] = 1
    """Processes that make batches."""
    save_every: Positive = 500
    log_every: Positive = 50
    init: str | None = None
    """Checkpoint whose weights the run starts from."""


class DistillConfig(TrainConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a distillation."""

    teacher: str = CLEAN
    """``clean``, a network with bundled weights, or a checkpoint of a network or of an earlier clean teacher."""
    teacher_steps: Positive | None = None
    """Steps that a clean teacher is trained for first; default: half of ``steps``."""
    alpha: NotNegative = 0.001
    """Weight of the features."""
    beta: NotNegative = 0.5
    """Weight of the teacher's picture, where that is closer to the target than the student's own."""
    fade: Annotated[float, Meta(ge=0, le=1)] = 0.2
    """Share of the run, at its end, over which both weights fall to 0."""


C = TypeVar("C", bound=TrainConfig)
Settings = TypeVar("Settings", bound=msgspec.Struct)


def settings(kind: type[C], *, loss: str, vgg: Path | None = None, **fields: object) -> C:
    """Settings that a command line names: ``loss`` as `LossWeights.parse` reads it, other ``fields`` as they are.

    Raises:
        BadInputError: a value is not within its range.
    """
    given = {"loss": LossWeights.parse(loss), "vgg": vgg and str(vgg), **fields}
    return check(kind(**given))  # type: ignore[arg-type]


def check(config: Settings) -> Settings:
    """``config`` itself, if every value is within its range.

    Raises:
        BadInputError: names the first field that is not.
    """
    try:
        return msgspec.convert(msgspec.to_builtins(config), type(config))
    except msgspec.ValidationError as error:
        what, _, at = str(error).partition(" - at `$.")
        field = at.rstrip("`")
        given = getattr(config, field, None)
        raise BadInputError(
            f"cannot be {given}: {what[:1].lower()}{what[1:]}" if given is not None else what,
            where=f"--{field.replace('_', '-')}",
            cure="--help says what it takes",
        ) from error


def check_teacher(name: str) -> None:
    """Stop where no teacher can be called ``name``; looks at names and files alone.

    Raises:
        BadInputError: no such network.
        CheckpointError: no such file, none of safetensors, or a network without bundled weights.
    """
    path = Path(name)
    if path.suffix == ".safetensors" or path.is_file():
        if not path.is_file():
            raise CheckpointError(f"no such checkpoint: {name}", where="--teacher", cure="check the path")
        if path.suffix != ".safetensors":
            raise CheckpointError(
                "not a .safetensors checkpoint", where=path, cure="give --teacher one, or a network's name"
            )
    elif name != CLEAN and bundled(name) is None:
        MODELS.check(name)
        raise CheckpointError(
            f"{name} has no bundled weights",
            where="--teacher",
            cure=f"train it with `edgeisp train {name} -o runs/{name}`, then `edgeisp distill STUDENT "
            f"--teacher runs/{name}/{name}.safetensors`",
        )
