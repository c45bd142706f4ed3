"""Task networks of torchvision's zoo with weights from a file; skipped where torchvision is not installed.

PyPI's wheel holds operations that were compiled for CUDA and does not load beside a CPU build of torch. There the only
one that is needed, non-maximum suppression, stands in for them, written in torch.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from edgeisp.cli.main import main
from edgeisp.errors import BadInputError, CheckpointError
from edgeisp.training.tasks import TASKS
from edgeisp.training.tasks.base import TaskOptions

Captured = pytest.CaptureFixture[str]
SMALL = {
    "detect": "ssdlite320_mobilenet_v3_large",
    "segment": "lraspp_mobilenet_v3_large",
    "classify": "squeezenet1_1",
}


def suppress(boxes: torch.Tensor, scores: torch.Tensor, most: float) -> torch.Tensor:
    kept: list[int] = []
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    for i in scores.argsort(descending=True).tolist():
        low, high = torch.maximum(boxes[i, :2], boxes[kept, :2]), torch.minimum(boxes[i, 2:], boxes[kept, 2:])
        shared = (high - low).clamp(min=0).prod(-1)
        if not bool((shared / (areas[i] + areas[kept] - shared) > most).any()):
            kept.append(i)
    return torch.tensor(kept, dtype=torch.long)


@pytest.fixture(scope="module")
def models() -> Any:
    if importlib.util.find_spec("torchvision") is None:
        pytest.skip("torchvision is not installed")
    register = torch.library.register_fake

    def where_present(name: str, *given: Any, **more: Any) -> Any:
        def kept(function: Any) -> Any:
            try:
                return register(name, *given, **more)(function)
            except RuntimeError:
                return function

        return kept

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.library, "register_fake", where_present)
        found = importlib.import_module("torchvision")
    if not importlib.import_module("torchvision.extension")._has_ops():
        importlib.import_module("torchvision.ops.boxes").nms = suppress
    return found.models


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "set"
    for split in ("train", "val"):
        (folder / split).mkdir(parents=True)
        images = [{"id": i, "file_name": f"{i}.png"} for i in range(2)]
        for image in images:
            picture = np.full((64, 96, 3), 90, np.uint8)
            picture[8:40, 24:56] = 220, 40, 40
            Image.fromarray(picture).save(folder / split / str(image["file_name"]))
        box = {"category_id": 2, "bbox": [24, 8, 32, 32]}
        whole = {
            "images": images,
            "annotations": [{"image_id": i, **box} for i in range(2)],
            "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
        }
        (folder / f"instances_{split}.json").write_text(json.dumps(whole))
    return f"coco:{folder}"


def weights(models: Any, name: str, classes: int, path: Path) -> Path:
    torch.manual_seed(0)
    extra = {} if name.startswith("squeeze") else {"weights_backbone": None}
    torch.save(models.get_model(name, weights=None, num_classes=classes, **extra).state_dict(), path)
    return path


def task(name: str, data: str, path: Path | None, network: str | None = None) -> Any:
    given = TaskOptions(data=data, patch=48, network=f"torchvision:{network or SMALL[name]}", weights=path)
    return TASKS.get(name)(given)


@pytest.mark.parametrize(
    ("name", "classes"), [("detect", 3), ("segment", 3), ("classify", 2), ("detect", 91)]
)
def test_network_judges_and_is_measured(
    name: str, classes: int, models: Any, data: str, tmp_path: Path
) -> None:
    goal = task(name, data, weights(models, SMALL[name], classes, tmp_path / "w.pth"))
    goal.eval().requires_grad_(False)
    examples = goal.examples("test")
    target = torch.from_numpy(np.stack([examples[i].target for i in range(2)]))
    picture = torch.rand(2, 3, 96, 96, requires_grad=True)
    loss = goal.loss(picture, target)
    loss.sum().backward()
    assert loss.shape == (2,)
    assert picture.grad is not None
    assert picture.grad.abs().sum() > 0
    meter = goal.meter()
    meter.update(picture.detach(), target)
    assert 0 <= meter.value() <= 100


def test_kinds_are_found_by_name_in_weights_of_coco(models: Any, data: str, tmp_path: Path) -> None:
    goal = task("detect", data, weights(models, SMALL["detect"], 91, tmp_path / "w.pth"))
    names = models.get_model_weights(SMALL["detect"]).DEFAULT.meta["categories"]
    assert [names[i] for i in goal.network.label_of.tolist()] == ["cat", "dog"]


def test_weights_that_do_not_fit_are_refused(models: Any, data: str, tmp_path: Path) -> None:
    other = weights(models, SMALL["classify"], 2, tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match="not weights of ssdlite320"):
        task("detect", data, other)
    with pytest.raises(BadInputError, match="needs a file of weights"):
        task("detect", data, None)
    with pytest.raises(BadInputError, match="no network for detection called 'resnet18'"):
        task("detect", data, other, "resnet18")


def test_policy_is_trained_before_a_detector_of_torchvision(
    models: Any, data: str, tmp_path: Path, capfd: Captured
) -> None:
    path = weights(models, SMALL["detect"], 3, tmp_path / "w.pth")
    network = ["--network", f"torchvision:{SMALL['detect']}", "--weights", str(path)]
    short = [
        "--steps=2",
        "--batch=2",
        "--sequences=2",
        "--patch=48",
        "--workers=0",
        "--modules=exposure,gamma",
    ]
    out = ["-o", str(tmp_path / "run"), "--json"]
    assert main(["posisp", "train", "--task", "detect", "--data", data, *network, *short, *out]) == 0
    assert 0 <= json.loads(capfd.readouterr().out)["policy"] <= 100
