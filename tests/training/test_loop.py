"""Training: learns, resumes exactly, stops on NaN, leaves whole files."""

import csv
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

pytest.importorskip("lightning_fabric")

from edgeisp.cli.console import Console
from edgeisp.cli.train import watched
from edgeisp.errors import BadInputError, Terminated
from edgeisp.models.checkpoint import load
from edgeisp.training.config import TrainConfig, check
from edgeisp.training.log import Progress
from edgeisp.training.loop import DivergedError, train
from edgeisp.training.losses import PictureLoss

TINY = {
    "model": "metaisp",
    "batch": 2,
    "patch": 8,
    "warmup": 2,
    "workers": 0,
    "save_every": 4,
    "log_every": 2,
}


def settings(**changes: object) -> TrainConfig:
    return TrainConfig(**{**TINY, "steps": 8, **changes})  # type: ignore[arg-type]


def test_resumed_run_ends_with_the_weights_of_an_uninterrupted_one(tmp_path: Path) -> None:
    whole = train(settings(), tmp_path / "whole")

    class Stopped(Exception):
        pass

    def stop_after_five(progress: object) -> None:
        if progress.step == 5:  # type: ignore[attr-defined]
            raise Stopped

    with pytest.raises(Stopped):
        train(settings(), tmp_path / "cut", report=stop_after_five)
    resumed = train(settings(), tmp_path / "cut", resume=True)
    first, second = load_file(whole), load_file(resumed)
    assert all(torch.equal(first[key], second[key]) for key in first)
    with (tmp_path / "cut" / "log.csv").open() as log:
        assert [row["step"] for row in csv.DictReader(log)] == ["2", "4", "6", "8"]


def test_resume_is_refused_when_the_state_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "state.pt").write_bytes(b"junk")
    with pytest.raises(BadInputError, match="not a whole training state"):
        train(settings(), tmp_path, resume=True)


def test_run_leaves_no_folder_when_its_data_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BadInputError):
        train(settings(data=f"pairs:{tmp_path / 'gone'}"), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_killed_run_leaves_whole_files_and_resumes(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from edgeisp.training.config import TrainConfig;"
        "from edgeisp.training.loop import train;"
        f"train(TrainConfig(steps=10000, **{TINY | {'save_every': 1}}), Path({str(tmp_path)!r}))"
    )
    process = subprocess.Popen([sys.executable, "-P", "-c", code], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 120
        while not (tmp_path / "metaisp.safetensors").exists() and time.monotonic() < deadline:
            time.sleep(0.2)
        time.sleep(1)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    steps = load("metaisp", tmp_path / "metaisp.safetensors").card["steps"]
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    assert steps >= 1
    assert state["step"] >= steps


def test_run_with_workers_ends_in_one_line_when_all_its_processes_are_terminated(tmp_path: Path) -> None:
    given = ["train", "metaisp", "--patch=8", "--batch=2", "--save-every=1", "--workers=1", "-q", "-o"]
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "edgeisp", *given, str(tmp_path)],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 120
        while not (tmp_path / "metaisp.safetensors").exists() and time.monotonic() < deadline:
            time.sleep(0.2)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        _, told = process.communicate()
    assert (process.returncode, told) == (143, "error: terminated; no file was left half written\n")


@pytest.mark.parametrize(("every", "told"), [(1, "--resume goes on from step 2"), (9, "nothing to resume")])
def test_step_and_state_are_told_when_a_run_is_interrupted(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], every: int, told: str
) -> None:
    def stop(now: Progress) -> None:
        report(now)
        if now.step == 2:
            raise Terminated

    config = settings(steps=4, save_every=every)
    with pytest.raises(Terminated), watched(Console(), "metaisp", 4, tmp_path) as (report, _):
        train(config, tmp_path, report=stop)
    err = capfd.readouterr().err
    assert f"{tmp_path}: stopped after step 2 of 4; " in err
    assert told in err


def test_loss_falls_on_a_small_set(tmp_path: Path) -> None:
    losses: list[float] = []
    train(settings(steps=60, lr=2e-3), tmp_path, report=lambda p: losses.append(p.loss))
    assert sum(losses[-15:]) < 0.8 * sum(losses[:15])


def test_card_tells_data_steps_and_settings(tmp_path: Path) -> None:
    card = load("metaisp", train(settings(), tmp_path)).card
    assert (card["data"], card["steps"], card["training"]["batch"]) == ("synthetic", 8, 2)
    assert not {"accumulate", "workers", "save_every", "log_every"} & card["training"].keys()


def test_log_has_the_last_step_when_the_run_is_shorter_than_a_line(tmp_path: Path) -> None:
    train(settings(steps=3, log_every=50), tmp_path)
    _, *lines = (tmp_path / "log.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["3"]


@pytest.mark.parametrize(("patch", "works"), [(3, 64), (68, 72)])
def test_patch_off_the_stride_is_refused_with_one_that_works(tmp_path: Path, patch: int, works: int) -> None:
    with pytest.raises(BadInputError, match=f"a multiple of 8, such as {works}"):
        train(settings(patch=patch), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_not_a_number_stops_the_run_with_the_last_good_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = PictureLoss.forward
    count = iter(range(100))

    def sixth_is_nan(*given: object) -> torch.Tensor:
        return real(*given) * (math.nan if next(count) == 5 else 1)  # type: ignore[arg-type]

    monkeypatch.setattr(PictureLoss, "forward", sixth_is_nan)
    with pytest.raises(
        DivergedError, match=r"the loss is nan at step 6.*the state of step 4 is kept.*--resume"
    ):
        train(settings(), tmp_path)
    assert torch.load(tmp_path / "state.pt", weights_only=True)["step"] == 4
    assert all(torch.isfinite(v).all() for v in load_file(tmp_path / "metaisp.safetensors").values())
    steps: list[int] = []
    train(settings(lr=1e-5), tmp_path, resume=True, report=lambda now: steps.append(now.step))
    assert steps == [5, 6, 7, 8]


def test_folder_of_another_run_is_not_overwritten(tmp_path: Path) -> None:
    train(settings(), tmp_path)
    with pytest.raises(BadInputError, match="holds an earlier run"):
        train(settings(), tmp_path)
    with pytest.raises(BadInputError, match="seed 0 -> 4"):
        train(settings(seed=4), tmp_path, resume=True)
    with pytest.raises(BadInputError, match="no run to resume"):
        train(settings(), tmp_path / "other", resume=True)


@pytest.mark.parametrize(
    ("field", "value"), [("steps", 0), ("lr", -1.0), ("ema", 1.0), ("batch", -2), ("patch", 0)]
)
def test_setting_out_of_range_is_named(field: str, value: float) -> None:
    with pytest.raises(BadInputError, match=field):
        check(settings(**{field: value}))


def test_run_starts_from_given_weights(tmp_path: Path) -> None:
    first = train(settings(), tmp_path / "a")
    second = train(settings(steps=1, lr=1e-9, save_every=1, init=str(first)), tmp_path / "b")
    a, b = load_file(first), load_file(second)
    assert all(torch.allclose(a[key], b[key], atol=1e-6) for key in a)
