"""Distillation: a student network that is guided by a teacher's features and picture.

The loss of plain training, plus ``alpha`` times the distance of the student's features (through 1x1 adapters, which are
dropped afterwards) from the teacher's, plus ``beta`` times the distance of its picture from the teacher's, as long as
the teacher's is the better one. Both weights fall to nothing in the last part of the run, so that it ends on the target
alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from edgeisp.checkpoints import bundled
from edgeisp.errors import BadInputError
from edgeisp.models import MODELS
from edgeisp.models.checkpoint import load, network_of
from edgeisp.models.task import ISP
from edgeisp.training.config import CLEAN, DistillConfig, TrainConfig, check_teacher
from edgeisp.training.log import Progress
from edgeisp.training.loop import STATE, train
from edgeisp.training.objective import Batch, Objective, likeness
from edgeisp.training.teachers import Autoencoding, CleanTeacher, NetworkTeacher, Teacher, watching

AUTOENCODER = "clean-teacher"
"""What its weights are called."""
PROBE = 32
"""Packed pixels of the blank on which the sizes of features are found out."""


@dataclass(frozen=True)
class Schedule:
    """The weights of guidance in the course of a run."""

    alpha: float
    beta: float
    fade: float

    def at(self, done: float) -> tuple[float, float]:
        """``alpha`` and ``beta`` when the share ``done`` of the run is over."""
        left = 1.0 if done < 1 - self.fade else (1 - done) / self.fade
        return self.alpha * left, self.beta * left


class Guided(Objective):
    """Plain training, with guidance. The adapters are trained along and not part of what the run delivers."""

    def __init__(self, plain: Objective, teacher: Teacher, student: nn.Module, schedule: Schedule) -> None:
        """``student`` is a network of the kind that is trained; it is only asked for the shapes of its features."""
        super().__init__()
        self.plain, self.schedule = plain, schedule
        self.teacher = teacher.requires_grad_(False)
        raw, target = torch.zeros(1, 4, PROBE, PROBE), torch.zeros(1, 3, 2 * PROBE, 2 * PROBE)
        blank = Batch(raw, torch.eye(3).view(1, 9, 1, 1), target, torch.ones(1))
        with torch.no_grad(), watching(student) as seen:
            student(blank.raw, blank.color)
            lesson = teacher(blank)
        own, others = _by_size(seen), _by_size(lesson.features)
        self.sizes = [size for size in own if size in others]
        self.adapters = nn.ModuleList(
            nn.Conv2d(own[size].shape[1], others[size].shape[1], 1) for size in self.sizes
        )

    def forward(self, network: nn.Module, batch: Batch, done: float) -> Tensor:
        alpha, beta = self.schedule.at(done)
        if alpha == 0 and beta == 0:
            each: Tensor = self.plain(network, batch, done)
            return each
        with torch.no_grad():
            lesson = self.teacher(batch)
        pictures: list[Tensor] = []
        keep = network.register_forward_hook(lambda module, inputs, output: pictures.append(output))
        try:
            with watching(network) as seen:
                each = self.plain(network, batch, done)
        finally:
            keep.remove()
        picture = _distance(pictures[0], lesson.picture, batch.mask)
        with torch.no_grad():
            ahead = _distance(lesson.picture, batch.target, batch.mask) < _distance(
                pictures[0], batch.target, batch.mask
            )
        scale = batch.raw.shape[-1] / PROBE
        features = self._features(_by_size(seen, scale), _by_size(lesson.features, scale))
        total: Tensor = each + alpha * features + beta * picture * ahead
        return total

    def _features(self, own: dict[int, Tensor], others: dict[int, Tensor]) -> Tensor:
        """Distance from the teacher's features in units of their own mean magnitude, averaged over levels, ``B``."""
        levels = []
        for size, adapter in zip(self.sizes, self.adapters, strict=True):
            mine, theirs = adapter(own[size]).float(), others[size].float()
            levels.append((mine - theirs).abs().mean((1, 2, 3)) / (theirs.abs().mean() + 1e-6))
        return torch.stack(levels).mean(0)


def distill(
    config: DistillConfig,
    out: Path,
    *,
    resume: bool = False,
    report: Callable[[Progress], None] = lambda _: None,
) -> Path:
    """Train the student of ``config`` into ``out`` and return its weights; see `edgeisp.training.loop.train`.

    A clean teacher is trained first, into ``out/teacher``.

    Raises:
        BadInputError: no such teacher, or student and teacher have no features of the same size.
        CheckpointError: the teacher's weights cannot be used.
    """
    if MODELS.get(config.model).task != ISP:
        raise BadInputError(
            f"{config.model} takes no RAW picture to sRGB",
            cure="distil a network that does, or use `edgeisp train`",
        )
    path = None
    if config.teacher == CLEAN:
        folder = out / "teacher"
        if resume and not any((place / STATE).exists() for place in (out, folder)):
            raise BadInputError("no run to resume", where=out, cure="leave --resume out to start one")
        if not resume and (out / STATE).exists():
            raise BadInputError(
                "holds an earlier run", where=out, cure="add --resume to go on with it, or choose another -o"
            )
        path = _train_clean(config, folder, resume and (folder / STATE).exists(), report)
        resume = resume and (out / STATE).exists()
    else:
        teacher_of(config, None)
    return train(config, out, resume=resume, report=report, objective=lambda c: guided(config, path))


def guided(config: DistillConfig, clean: Path | None) -> Guided:
    """The objective of ``config``; ``clean`` holds the weights of its clean teacher, if that is what it wants."""
    student = MODELS.get(config.model).build()
    schedule = Schedule(config.alpha, config.beta, config.fade)
    objective = Guided(likeness(config), teacher_of(config, clean), student, schedule)
    if not objective.sizes and config.alpha > 0:
        raise BadInputError(
            f"{config.model} and its teacher {config.teacher} have no features of the same size",
            where="--teacher",
            cure="choose another teacher, or set --alpha 0",
        )
    return objective


def teacher_of(config: DistillConfig, clean: Path | None) -> Teacher:
    """The teacher that ``config`` names, with its weights.

    Raises:
        BadInputError: no such teacher.
        CheckpointError: its weights are absent or damaged.
    """
    if clean is None:
        check_teacher(config.teacher)
        if config.teacher in MODELS.names():
            return _network_teacher(config.teacher, None)
    path = clean or bundled(config.teacher) or Path(config.teacher)
    auto = CleanTeacher()
    weights = load_file(path) if path.stem == AUTOENCODER else {}
    if set(weights) == set(auto.state_dict()):
        auto.load_state_dict(weights)
        return auto
    return _network_teacher(network_of(path), path)


def _network_teacher(name: str, path: Path | None) -> NetworkTeacher:
    if MODELS.get(name).task != ISP:
        raise BadInputError(
            f"{name} takes no RAW picture to sRGB", where="--teacher", cure="choose a network that does"
        )
    return NetworkTeacher(load(name, path).network, name)


def _train_clean(config: DistillConfig, out: Path, resume: bool, report: Callable[[Progress], None]) -> Path:
    fields = {field: getattr(config, field) for field in TrainConfig.__struct_fields__}
    steps = config.teacher_steps or -(-config.steps // 2)
    own = TrainConfig(**{**fields, "model": AUTOENCODER, "steps": steps, "init": None})
    return train(
        own, out, resume=resume, report=report, objective=lambda _: Autoencoding(), build=CleanTeacher
    )


def _distance(one: Tensor, other: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute difference of each picture, ``B``."""
    return ((one - other) * mask).float().abs().mean((1, 2, 3))


def _by_size(features: list[Tensor], scale: float = 1.0) -> dict[int, Tensor]:
    """Features by the width that they have for `PROBE` packed pixels."""
    return {round(f.shape[-1] / scale): f for f in features}
