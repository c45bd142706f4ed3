"""Training a policy: it gains, resumes exactly, and stops with a reason."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from edgeisp.cli.main import main
from edgeisp.data.lowlight import LowLight
from edgeisp.errors import BadInputError
from edgeisp.models.checkpoint import load
from edgeisp.posisp.network import PosISP
from edgeisp.training.loop import DivergedError
from edgeisp.training.posisp import run as runs
from edgeisp.training.posisp.config import PolicyConfig, configured
from edgeisp.training.posisp.objective import Batch, brightness_penalty, outcome
from edgeisp.training.posisp.run import CollapsedError, train_policy
from edgeisp.training.tasks.base import TaskOptions
from edgeisp.training.tasks.enhance import Enhance

Captured = pytest.CaptureFixture[str]


def settings(**given: Any) -> PolicyConfig:
    small = {
        "steps": 6,
        "batch": 2,
        "sequences": 3,
        "patch": 16,
        "workers": 0,
        "save_every": 3,
        "log_every": 1,
    }
    return configured(
        **{"paper": False, "task": "enhance", "modules": ("exposure", "gamma", "ccm"), **small, **given}
    )


def batch(count: int = 4, patch: int = 16) -> Batch:
    examples = Enhance(TaskOptions(patch=patch)).examples("train")
    return Batch(*torch.utils.data.default_collate([examples[i] for i in range(count)]))


def test_low_light_is_a_pure_function_and_its_splits_differ() -> None:
    again = [LowLight(16, seed=3)[7] for _ in range(2)]
    assert all((a == b).all() for a, b in zip(*again, strict=True))
    assert not (LowLight(16, seed=3, split="test")[7].target == again[0].target).all()
    assert again[0].raw.shape == (4, 16, 16)
    assert again[0].target.shape == (3, 32, 32)


def test_low_light_is_darker_than_its_target() -> None:
    pairs = LowLight(16, seed=1)
    dark = sum(float(pairs[i].raw.mean()) for i in range(20))
    light = sum(float((pairs[i].target ** 2.2).mean()) for i in range(20))
    assert dark < 0.5 * light


def test_resumed_run_ends_with_the_weights_of_an_uninterrupted_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = settings()
    train_policy(config, tmp_path / "whole")

    def stop(progress: runs.PolicyProgress) -> None:
        if progress.step == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_policy(config, tmp_path / "parts", report=stop)
    train_policy(config, tmp_path / "parts", resume=True)
    first, second = (load("posisp", tmp_path / name / "posisp.safetensors") for name in ("whole", "parts"))
    assert first.card == second.card
    for key, value in first.network.state_dict().items():
        assert torch.equal(value, second.network.state_dict()[key]), key
    rows = list(csv.reader((tmp_path / "whole" / "log.csv").open()))
    assert [row[0] for row in rows] == ["step", *map(str, range(1, 7))]


def test_run_gains_over_linear_raw(tmp_path: Path) -> None:
    _, figures = train_policy(settings(steps=25, batch=6, lr_parameters=5e-3), tmp_path / "run")
    assert figures["policy"] > figures["linear_raw"] + 3


def test_order_that_is_given_stands_and_only_parameters_learn(tmp_path: Path) -> None:
    path, _ = train_policy(settings(order=("gamma", "exposure"), steps=2), tmp_path / "run")
    loaded = load("posisp", path)
    assert loaded.card["posisp"]["sequence"] == ["gamma", "exposure"]
    assert isinstance(loaded.network, PosISP)
    assert loaded.network.order.head.weight.abs().max() == 0
    assert not torch.allclose(
        loaded.network.parameters_of.head.bias, PosISP(loaded.network.pipeline).parameters_of.head.bias
    )


def test_paper_mode_draws_a_sequence_for_every_example(tmp_path: Path) -> None:
    path, _ = train_policy(settings(paper=True, steps=2), tmp_path / "run")
    network = load("posisp", path).network
    assert isinstance(network, PosISP)
    assert network.pipeline.paper


def test_two_processes_end_with_the_weights_of_one(tmp_path: Path) -> None:
    given = ["--steps=4", "--batch=4", "--sequences=3", "--patch=16", "--workers=0", "--settle=0.5"]
    command = ["-m", "edgeisp", "posisp", "train", "--task=enhance", "--modules=exposure,gamma,ccm", *given]
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2"]
    done = subprocess.run(
        [*launcher, *command, "-o", str(tmp_path / "two")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    train_policy(settings(steps=4, batch=4, settle=0.5), tmp_path / "one")
    one, two = (load("posisp", tmp_path / name / "posisp.safetensors").network for name in ("one", "two"))
    for key, value in one.state_dict().items():
        assert torch.allclose(value, two.state_dict()[key], atol=1e-6), key


def test_reward_of_the_empty_sequence_is_zero_and_has_no_gradient() -> None:
    made = outcome(PosISP(), Enhance(TaskOptions()), batch(), [(), ()], shared=True)
    assert made.rewards.abs().max() == 0
    assert not made.loss.requires_grad


def test_equal_sequences_are_run_once_and_rewarded_alike() -> None:
    network = PosISP()
    made = outcome(network, Enhance(TaskOptions()), batch(), [(0, 1), (0, 1), (1,)], shared=True)
    assert made.rewards[0] == made.rewards[1] != made.rewards[2]


def test_sequences_that_begin_alike_come_to_what_they_come_to_alone() -> None:
    network, task, some = PosISP(), Enhance(TaskOptions()), batch()
    together = outcome(network, task, some, [(0, 1, 5), (0, 1), (0, 5, 1)], shared=True).rewards
    alone = [
        outcome(network, task, some, [one], shared=True).rewards[0] for one in [(0, 1, 5), (0, 1), (0, 5, 1)]
    ]
    assert torch.allclose(together, torch.stack(alone), atol=1e-6)


def test_neighbours_exchange_drop_and_append() -> None:
    assert set(runs.neighbours((2, 0), 3)) == {(0, 2), (0,), (2,), (2, 0, 1)}
    assert set(runs.neighbours((), 2)) == {(0,), (1,)}


def test_run_stops_and_names_the_penalty_when_no_sequence_gains_anything(tmp_path: Path) -> None:
    with pytest.raises(CollapsedError, match="smaller --penalty than 50"):
        train_policy(settings(penalty=50.0, settle=0.5), tmp_path / "run")
    assert (tmp_path / "run" / "state.pt").exists()


def test_black_and_white_pictures_are_penalised() -> None:
    gray, black, white = (torch.full((1, 3, 8, 8), v) for v in (0.5, 0.0, 1.0))
    assert [float(brightness_penalty(x)) for x in (gray, black, white)] == pytest.approx([0, 10, 1], abs=1e-4)


class Ungrateful(Enhance):
    """A task that nothing can please."""

    def loss(self, picture: Tensor, target: Tensor) -> Tensor:
        return super().loss(picture, target) * 0


class Broken(Enhance):
    def loss(self, picture: Tensor, target: Tensor) -> Tensor:
        return super().loss(picture, target) * float("nan")


def test_run_stops_and_names_the_knob_when_the_policy_collapses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs.TASKS, "get", lambda name: Ungrateful)
    monkeypatch.setattr(runs, "DECIDED", 2.0)
    monkeypatch.setattr(runs, "PATIENCE", 2)
    with pytest.raises(CollapsedError, match="--entropy"):
        train_policy(settings(steps=20), tmp_path / "run")


def test_run_stops_and_keeps_its_weights_when_the_reward_is_no_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs.TASKS, "get", lambda name: Broken)
    with pytest.raises(DivergedError, match="nan"):
        train_policy(settings(), tmp_path / "run")
    assert not (tmp_path / "run" / "posisp.safetensors").exists()


class Lumped(Enhance):
    def loss(self, picture: Tensor, target: Tensor) -> Tensor:
        return super().loss(picture, target).mean()


class Misfit(Enhance):
    """Its network gives other maps than its loss takes."""

    def loss(self, picture: Tensor, target: Tensor) -> Tensor:
        return super().loss(picture[:, :, ::4], target)


class Detached(Enhance):
    def loss(self, picture: Tensor, target: Tensor) -> Tensor:
        return super().loss(picture.detach(), target)


@pytest.mark.parametrize(
    ("task", "said"),
    [(Lumped, r"the shape \(\)"), (Misfit, "cannot judge a picture of 32x32"), (Detached, "no gradient")],
)
def test_task_that_cannot_judge_is_refused_before_anything_is_learned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: type[Enhance], said: str
) -> None:
    monkeypatch.setattr(runs.TASKS, "get", lambda name: task)
    with pytest.raises(BadInputError, match=said):
        train_policy(settings(), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_folder_of_another_run_is_refused(tmp_path: Path) -> None:
    train_policy(settings(steps=1), tmp_path)
    with pytest.raises(BadInputError, match="--resume"):
        train_policy(settings(steps=1), tmp_path)
    with pytest.raises(BadInputError, match="entropy"):
        train_policy(settings(steps=1, entropy=0.5), tmp_path, resume=True)


def test_cli_trains_and_measures(capfd: Captured, tmp_path: Path) -> None:
    given = [
        "--steps=2",
        "--batch=2",
        "--sequences=2",
        "--patch=16",
        "--workers=0",
        "--modules=exposure,gamma",
        "--json",
    ]
    assert main(["posisp", "train", "--task", "enhance", *given, "-o", str(tmp_path / "run")]) == 0
    trained = json.loads(capfd.readouterr().out)
    given = ["--checkpoint", trained["weights"], "--patch", "16", "--json"]
    assert main(["posisp", "eval", *given]) == 0
    assert json.loads(capfd.readouterr().out)["policy"] == pytest.approx(trained["policy"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--task", "enhanse"], "did you mean 'enhance'?"),
        (["--task", "enhance", "--steps", "0"], "steps"),
        (["--task", "enhance", "--modules", "exposure,exposure"], "twice"),
        (["--task", "enhance", "--order", "denoise"], "no module 'denoise' in this set"),
        (["--task", "enhance", "--data", "nowhere"], "no data set is called"),
    ],
)
def test_cli_says_in_one_line_what_is_wrong(
    capfd: Captured, tmp_path: Path, arguments: list[str], message: str
) -> None:
    assert main(["posisp", "train", *arguments, "-o", str(tmp_path / "run")]) == 2
    err = capfd.readouterr().err
    assert message in err
    assert err.count("\n") == 1
