"""Scale: however a batch is divided, among processes or in time, the run is the same up to rounding."""

import csv
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from safetensors.torch import load_file

pytest.importorskip("lightning_fabric")

from edgeisp.errors import BadInputError, UnavailableError
from edgeisp.training.config import LossWeights, TrainConfig
from edgeisp.training.loop import train

CONFIG = TrainConfig(
    model="metaisp",
    steps=6,
    batch=3,
    patch=8,
    warmup=2,
    workers=0,
    save_every=3,
    log_every=1,
    loss=LossWeights(l1=1.0, ms_ssim=0.5, fft=0.1),
)
"""A batch that two processes cannot divide evenly."""


def losses(out: Path, resume: bool = False, **changes: Any) -> list[float]:
    found: list[float] = []
    config = msgspec.structs.replace(CONFIG, **changes)
    train(config, out, resume=resume, report=lambda now: found.append(now.loss))
    return found


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> list[float]:
    """The losses of one process."""
    return losses(tmp_path_factory.mktemp("alone"))


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which two processes under torchrun worked; see `several.py`."""
    folder = tmp_path_factory.mktemp("two")
    script = Path(__file__).with_name("several.py")
    command = [sys.executable, "-P", "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"]
    done = subprocess.run(
        [*command, str(script), str(folder), msgspec.json.encode(CONFIG).decode()],
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert done.returncode == 0, done.stderr
    return folder


def outcome(folder: Path, name: str, rank: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"{name}-{rank}.json").read_text())
    return found


def test_two_processes_have_the_losses_of_one(two: Path, alone: list[float]) -> None:
    for rank in (0, 1):
        assert outcome(two, "whole", rank)["outcome"] == ""
        assert outcome(two, "whole", rank)["losses"] == pytest.approx(alone, rel=2e-4)


def test_only_the_first_process_writes(two: Path) -> None:
    folders = [path.name for path in (two / "whole").iterdir()]
    assert folders == ["of 0"]
    assert all(
        torch.isfinite(w).all() for w in load_file(two / "whole" / "of 0" / "metaisp.safetensors").values()
    )


def test_run_of_two_processes_goes_on_in_one(two: Path, alone: list[float]) -> None:
    assert outcome(two, "stopped", 1)["outcome"] == "Stopped: "
    assert losses(two / "stopped", resume=True) == pytest.approx(alone[3:], rel=2e-4)


def test_both_processes_stop_when_one_meets_a_bad_file(two: Path, alone: list[float]) -> None:
    first, second = (outcome(two, "broken", rank) for rank in (0, 1))
    assert second["outcome"] == "BadInputError: seventh.dng: damaged"
    assert first["outcome"] == "PeerError: process 1 stopped: seventh.dng: damaged"
    assert len(first["losses"]) == len(second["losses"]) == 2


def test_two_processes_measure_what_one_measures(two: Path) -> None:
    spec = importlib.util.spec_from_file_location("several", Path(__file__).with_name("several.py"))
    assert spec and spec.loader
    several = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(several)
    (expected,) = several.measured()
    for rank in (0, 1):
        (found,) = json.loads((two / f"measured-{rank}.json").read_text())
        assert found["pictures"] == 3
        assert found["methods"]["mine"] == pytest.approx(expected["methods"]["mine"])


def test_accumulated_batch_has_the_losses_of_the_whole_one(tmp_path: Path, alone: list[float]) -> None:
    assert losses(tmp_path, accumulate=2) == pytest.approx(alone, rel=2e-4)


def test_batch_smaller_than_its_parts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="a batch of 3 cannot be divided into 4 parts"):
        losses(tmp_path, accumulate=4)


def test_mixed_precision_follows_float32_and_keeps_float32_weights(
    tmp_path: Path, alone: list[float]
) -> None:
    found = losses(tmp_path, amp="bf16")
    assert found != alone
    assert found == pytest.approx(alone, rel=0.1)
    assert {w.dtype for w in load_file(tmp_path / "metaisp.safetensors").values()} == {torch.float32}


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_fp16_without_a_gpu_is_refused_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="take bf16"):
        losses(tmp_path, amp="fp16")


def test_log_tells_patches_per_second(tmp_path: Path) -> None:
    losses(tmp_path, steps=2)
    with (tmp_path / "log.csv").open() as log:
        rows = list(csv.DictReader(log))
    assert float(rows[1]["patches_per_second"]) == pytest.approx(
        3 * float(rows[1]["steps_per_second"]), rel=0.01
    )
