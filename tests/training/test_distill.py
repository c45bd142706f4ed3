"""Distillation: teachers, their guidance, and that nothing of it stays in the student."""

from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("lightning_fabric")

from safetensors.torch import load_file

from edgeisp.errors import BadInputError, CheckpointError
from edgeisp.models import MODELS
from edgeisp.models.lwisp import LWISP
from edgeisp.raw.color import decode_srgb
from edgeisp.training.config import DistillConfig, LossWeights
from edgeisp.training.distill import Guided, Schedule, distill, guided, teacher_of
from edgeisp.training.losses import PictureLoss
from edgeisp.training.objective import Batch, Likeness
from edgeisp.training.teachers import CleanTeacher, Lesson, NetworkTeacher, camera_rgb, watching

TINY = {
    "model": "lwisp",
    "batch": 2,
    "patch": 8,
    "warmup": 2,
    "workers": 0,
    "save_every": 4,
    "log_every": 2,
    "loss": LossWeights(l1=1.0),
}


def settings(**changes: object) -> DistillConfig:
    return DistillConfig(**{**TINY, "steps": 4, "teacher_steps": 2, **changes})  # type: ignore[arg-type]


def batch(size: int = 16) -> Batch:
    matrix = torch.tensor([[1.6, -0.4, -0.2], [-0.3, 1.5, -0.2], [0.1, -0.6, 1.5]]).reshape(1, 9, 1, 1)
    color, wide = matrix.repeat(2, 1, 1, 1), 2 * size
    return Batch(
        torch.rand(2, 4, size, size), color, torch.rand(2, 3, wide, wide), torch.ones(2, 1, wide, wide)
    )


def test_schedule_holds_and_then_falls_to_nothing() -> None:
    schedule = Schedule(alpha=0.1, beta=0.5, fade=0.2)
    assert schedule.at(0.0) == schedule.at(0.79) == (0.1, 0.5)
    assert schedule.at(0.9) == pytest.approx((0.05, 0.25))
    assert schedule.at(1.0) == (0.0, 0.0)
    assert Schedule(0.1, 0.5, fade=0.0).at(0.99) == (0.1, 0.5)


def test_clean_teacher_sees_the_target_in_the_colors_of_the_camera() -> None:
    given = batch()
    linear = decode_srgb(given.target.numpy())
    back = torch.einsum("bij,bjhw->bihw", given.color.view(2, 3, 3), camera_rgb(given.target, given.color))
    assert np.abs(back.numpy() - linear).max() < 1e-5


def test_features_come_from_the_smallest_to_the_largest() -> None:
    network, given = LWISP(), batch()
    with torch.no_grad(), watching(network) as seen:
        network(given.raw, given.color)
    lesson = CleanTeacher()(given)
    assert [f.shape[-1] for f in seen] == [f.shape[-1] for f in lesson.features] == [2, 4, 8, 16]
    assert lesson.picture.shape == given.target.shape


def test_guidance_is_the_plain_loss_plus_what_the_teacher_adds() -> None:
    network, given, plain = LWISP(), batch(), Likeness(PictureLoss(LossWeights(l1=1.0)))
    with torch.no_grad():
        alone = plain(network, given, 0.0)
        by_features = Guided(plain, CleanTeacher(), network, Schedule(0.1, 0.0, 0.2))
        by_picture = Guided(plain, NetworkTeacher(network, "itself"), network, Schedule(0.0, 0.5, 0.2))
        assert bool((by_features(network, given, 0.0) > alone + 1e-3).all())
        assert torch.equal(by_features(network, given, 1.0), alone)
        assert torch.allclose(by_picture(network, given, 0.0), alone)  # its own picture is no distance away


class Painter(NetworkTeacher):
    """A teacher whose picture is the target plus an error."""

    def __init__(self, network: LWISP, error: float) -> None:
        super().__init__(network, "a painter")
        self.error = error

    def forward(self, batch: Batch) -> Lesson:
        return Lesson(batch.target + self.error, super().forward(batch).features)


def test_teacher_speaks_only_where_it_is_ahead_of_the_student() -> None:
    network, given, plain = LWISP(), batch(), Likeness(PictureLoss(LossWeights(l1=1.0)))
    schedule = Schedule(0.0, 0.5, 0.2)
    with torch.no_grad():
        alone = plain(network, given, 0.0)
        ahead = Guided(plain, Painter(network, 0.01), network, schedule)(network, given, 0.0)
        behind = Guided(plain, Painter(network, 2.0), network, schedule)(network, given, 0.0)
    assert bool((ahead > alone + 0.01).all())
    assert torch.equal(behind, alone)


def test_student_and_adapters_learn_and_the_teacher_does_not() -> None:
    network, given = LWISP(), batch()
    objective = Guided(
        Likeness(PictureLoss(LossWeights(l1=1.0))), CleanTeacher(), network, Schedule(0.1, 0.5, 0.2)
    )
    objective(network, given, 0.0).sum().backward()
    assert all(p.grad is not None for p in objective.adapters.parameters())
    assert all(p.grad is None for p in objective.teacher.parameters())
    assert network.head.weight.grad is not None
    assert set(objective.learned()) == {
        f"adapters.{i}.{what}" for i in range(4) for what in ("weight", "bias")
    }


def test_distilled_weights_are_the_students_alone(tmp_path: Path) -> None:
    weights = distill(settings(), tmp_path)
    assert set(load_file(weights)) == set(MODELS.get("lwisp").build().state_dict())
    assert (tmp_path / "teacher" / "clean-teacher.safetensors").is_file()
    again = distill(settings(teacher=str(tmp_path / "teacher" / "clean-teacher.safetensors")), tmp_path / "b")
    one, two = load_file(weights), load_file(again)
    assert all(torch.allclose(one[key], two[key], atol=1e-6) for key in one)


def test_resumed_distillation_ends_with_the_weights_of_an_uninterrupted_one(tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    steps: list[int] = []

    def stop_at_the_seventh(progress: object) -> None:
        steps.append(progress.step)  # type: ignore[attr-defined]
        if len(steps) == 7:
            raise Stopped

    whole = distill(settings(save_every=2), tmp_path / "whole")
    with pytest.raises(Stopped):
        distill(settings(save_every=2, steps=8), tmp_path / "cut", report=stop_at_the_seventh)
    assert steps == [1, 2, 1, 2, 3, 4, 5]
    with pytest.raises(BadInputError, match=r"alpha 0\.001 -> 0\.2"):
        distill(settings(save_every=2, steps=8, alpha=0.2), tmp_path / "cut", resume=True)
    resumed = distill(settings(save_every=2, steps=8), tmp_path / "cut", resume=True)
    straight = distill(settings(save_every=2, steps=8), tmp_path / "straight")
    one, two = load_file(resumed), load_file(straight)
    assert all(torch.equal(one[key], two[key]) for key in one)
    assert whole.is_file()


def test_bundled_network_teaches_by_its_name() -> None:
    objective = guided(settings(teacher="metaisp"), None)
    assert isinstance(objective.teacher, NetworkTeacher)
    assert len(objective.adapters) == 3


def test_teacher_that_cannot_be_had_is_named() -> None:
    with pytest.raises(
        CheckpointError,
        match=r"--teacher: metaisp-large has no.*edgeisp train metaisp-large",
    ):
        teacher_of(settings(teacher="metaisp-large"), None)
    with pytest.raises(CheckpointError, match="no such checkpoint"):
        teacher_of(settings(teacher="gone.safetensors"), None)
    with pytest.raises(BadInputError, match="no model"):
        teacher_of(settings(teacher="metaips"), None)
