"""Tasks with a network of their own: scenes, losses, decoding, metrics, and a policy that learns for one."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from edgeisp.cli.main import main
from edgeisp.data.labelled.base import EVERYWHERE, Labelled, LabelledSet, Thing
from edgeisp.data.labelled.light import of_file
from edgeisp.data.shapes import KINDS, shape_scene
from edgeisp.errors import BadInputError, CheckpointError
from edgeisp.training.tasks import TASKS, consumer, detection
from edgeisp.training.tasks.base import TaskOptions
from edgeisp.training.tasks.recognition import RecognitionTask

Captured = pytest.CaptureFixture[str]
NETWORKS = ("detect", "segment", "classify")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    """Task networks of a few steps, in a cache of the test's own."""
    monkeypatch.setattr(consumer, "STEPS", 4)
    monkeypatch.setattr(consumer, "BATCH", 4)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))


def task(name: str, **given: Any) -> RecognitionTask:
    made = TASKS.get(name)(TaskOptions(patch=16, **given))
    assert isinstance(made, RecognitionTask)
    return made


def test_boxes_hold_what_the_mask_shows() -> None:
    for seed in range(30):
        scene = shape_scene(64, np.random.default_rng(seed))
        assert scene.picture.shape == (3, 64, 64)
        for kind, left, top, right, bottom in scene.objects[scene.objects[:, 0] >= 0]:
            box = scene.mask[int(top) : int(bottom), int(left) : int(right)]
            assert (box == 1 + int(kind)).sum() > 0.1 * box.size
        assert set(np.unique(scene.mask)) <= {0, *(1 + scene.objects[:, 0].astype(int))}


@pytest.mark.parametrize("name", NETWORKS)
def test_loss_is_one_number_for_each_picture_with_a_gradient(name: str) -> None:
    goal = task(name)
    goal.requires_grad_(False)
    examples = goal.examples("train")
    target = torch.from_numpy(np.stack([examples[i].target for i in range(3)]))
    picture = torch.rand(3, 3, 32, 32, requires_grad=True)
    loss = goal.loss(picture, target)
    loss.sum().backward()  # type: ignore[no-untyped-call]
    assert loss.shape == (3,)
    assert picture.grad is not None
    assert torch.isfinite(picture.grad).all()
    assert picture.grad.abs().sum() > 0


@pytest.mark.parametrize("name", NETWORKS)
def test_network_is_trained_once_and_then_kept(name: str) -> None:
    said: list[str] = []
    first = task(name, note=said.append)
    again = task(name, note=said.append)
    assert len(said) <= 1
    for key, value in first.network.state_dict().items():
        assert torch.equal(value, again.network.state_dict()[key])


@pytest.mark.parametrize(("name", "least"), [("segment", 30), ("classify", 40)])
def test_small_network_knows_clean_scenes(name: str, least: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "STEPS", 250)
    monkeypatch.setattr(consumer, "BATCH", 16)
    goal = task(name)
    scenes = [shape_scene(32, np.random.default_rng((5, i)), 1) for i in range(100)]
    meter = goal.meter()
    meter.update(
        torch.from_numpy(np.stack([scene.picture for scene in scenes])),
        torch.from_numpy(np.stack([goal.target(scene) for scene in scenes])),
    )
    assert meter.value() > least  # by chance 20 and 25


@pytest.mark.parametrize("name", NETWORKS)
def test_meter_gives_a_percentage(name: str) -> None:
    goal = task(name)
    examples = goal.examples("test")
    meter = goal.meter()
    meter.update(torch.rand(4, 3, 32, 32), torch.from_numpy(np.stack([examples[i].target for i in range(4)])))
    assert 0 <= meter.value() <= 100


def perfect(objects: torch.Tensor, side: int) -> torch.Tensor:
    """What a perfect detector puts out for one picture."""
    made = torch.full((1, len(KINDS) + 4, side, side), -8.0)
    for kind, left, top, right, bottom in objects[0][objects[0, :, 0] >= 0].tolist():
        x, y = (left + right) / 8, (top + bottom) / 8
        row, column = int(y), int(x)
        made[0, int(kind), row, column] = 8
        logs = np.log([(right - left) / 4, (bottom - top) / 4])
        made[0, -4:, row, column] = torch.tensor([*logs, x - column, y - row])
    return made


def test_perfect_output_decodes_to_the_truth_and_costs_little() -> None:
    objects = torch.tensor(
        [[[2, 6, 9, 21, 30], [0, 40, 33, 57, 60], [-1, -1, -1, -1, -1]]], dtype=torch.float32
    )
    made = perfect(objects, 16)
    best = detection.decode(made)[0][:2]
    found = sorted(best[:, 1:].tolist())
    assert np.allclose(found, sorted(objects[0, :2].tolist()), atol=1e-3)
    assert detection.loss(made, objects).item() < 0.05
    assert detection.loss(torch.zeros_like(made), objects).item() > 1


def test_mean_average_precision_is_full_for_the_truth_and_none_for_another_kind() -> None:
    objects = torch.tensor(
        [[[2, 6, 9, 21, 30], [0, 40, 33, 57, 60], [-1, -1, -1, -1, -1]]], dtype=torch.float32
    )
    other = objects.clone()
    other[:, :2, 0] = 3 - objects[:, :2, 0]
    for shown, expected in ((objects, 100), (other, 0)):
        made = perfect(shown, 16)
        meter = detection.MeanAveragePrecision(lambda picture, made=made: detection.decode(made), KINDS)  # type: ignore[misc]
        meter.update(torch.zeros(1, 3, 64, 64), objects)
        assert meter.value() == pytest.approx(expected, abs=0.01)


def test_scenes_without_objects_in_the_list_cost_only_false_alarms() -> None:
    nothing = torch.full((1, 3, 5), -1.0)
    assert detection.loss(torch.full((1, 8, 8, 8), -12.0), nothing).item() < 1e-3


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(CheckpointError, match="not the weights"):
        task("detect", weights=path)
    with pytest.raises(CheckpointError):
        task("detect", weights=tmp_path / "absent.safetensors")


def test_data_that_a_task_does_not_take_is_refused() -> None:
    with pytest.raises(BadInputError, match="no data set is called 'photos'"):
        task("detect", data="photos")
    with pytest.raises(BadInputError, match="no such folder"):
        task("detect", data="coco:nowhere")


@pytest.mark.parametrize(("name", "tells"), [("detect", "kinds"), ("segment", "boxes")])
def test_data_that_tells_too_little_is_refused(
    name: str, tells: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = EVERYWHERE if tells == "kinds" else (1.0, 2.0, 3.0, 4.0)
    dogs = LabelledSet("x:dogs", ("dog",), (Labelled(Path("1.jpg"), (Thing(0, box),)),), of_file)  # type: ignore[arg-type]
    monkeypatch.setattr("edgeisp.training.tasks.recognition.open_labelled", lambda *_: dogs)
    with pytest.raises(BadInputError, match=f"x:dogs: tells {tells} of objects, and {name} needs"):
        task(name, data="x:dogs")


def test_network_is_refused_where_a_task_asks_none() -> None:
    with pytest.raises(BadInputError, match="--weights: enhance asks no network"):
        TASKS.get("enhance")(TaskOptions(weights=Path("w.safetensors")))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--modules=", "--task=enhance"], "--modules: an empty name in ''"),
        (["--order=gamma,,tone", "--task=enhance"], "--order: an empty name"),
        (["--modules=gamma,gama", "--task=enhance"], "--modules: no POS-ISP module is called 'gama'"),
        (["--steps=0", "--task=enhance"], "--steps: bad setting"),
        (["--data=coco:x", "--task=enhance"], "--data: no data set is called 'coco'"),
        (["--task=foo"], "--task: no task is called 'foo'"),
    ],
)
def test_bad_settings_name_their_option(
    given: list[str], message: str, capfd: Captured, tmp_path: Path
) -> None:
    assert main(["posisp", "train", *given, "--workers=0", "-o", str(tmp_path / "run")]) == 2
    assert message in capfd.readouterr().err
    assert not (tmp_path / "run").exists()


def test_policy_is_trained_for_a_detector(capfd: Captured, tmp_path: Path) -> None:
    given = [
        "--steps=2",
        "--batch=2",
        "--sequences=2",
        "--patch=16",
        "--workers=0",
        "--modules=exposure,gamma",
    ]
    assert main(["posisp", "train", "--task", "detect", *given, "-o", str(tmp_path / "run"), "--json"]) == 0
    facts = json.loads(capfd.readouterr().out)
    assert facts["metric"] == "mAP@.5:.95, %"
    assert 0 <= facts["policy"] <= 100


def test_task_of_another_package_is_trained_for_when_it_is_installed(
    checkout: Path, run_edgeisp: Any, tmp_path: Path
) -> None:
    example, site = checkout / "docs" / "examples" / "depth", tmp_path / "site"
    site.mkdir()
    shutil.copy(example / "edgeisp_depth.py", site)
    points = tomllib.loads((example / "pyproject.toml").read_text())["project"]["entry-points"]
    facts = site / "edgeisp_depth-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: edgeisp-depth\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(
        "".join(
            f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in names.items())
            for group, names in points.items()
        )
    )
    short = [
        "--steps=2",
        "--batch=2",
        "--sequences=2",
        "--patch=16",
        "--workers=0",
        "--modules=exposure,gamma",
    ]
    done = run_edgeisp("posisp", "train", "--task", "depth", *short, "-o", "run", "--json", path=[site])
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["metric"] == "delta < 1.25, %"
    assert 0 < figures["policy"] <= 100
