"""POS-ISP as a network: its functions, its checkpoint, whole frames, and the sheet of its steps."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from edgeisp.cli.main import main
from edgeisp.engines.torch import TorchEngine
from edgeisp.errors import CheckpointError
from edgeisp.models import checkpoint
from edgeisp.posisp.network import KEY, PosISP
from edgeisp.raw import read_raw
from edgeisp.render import halo
from edgeisp.render.frame import Frame
from edgeisp.render.quantize import Quantizer
from edgeisp.render.renderer import Renderer

Captured = pytest.CaptureFixture[str]


def test_checkpoint_brings_its_own_modules_and_sequence(weights: Path, network: PosISP) -> None:
    loaded = checkpoint.load("posisp", weights).network
    assert isinstance(loaded, PosISP)
    assert loaded.card() == network.card()
    assert torch.equal(loaded.parameters_of.head.weight, network.parameters_of.head.weight)


@pytest.mark.parametrize(
    "card",
    [{}, {KEY: {"modules": ["exposure"]}}, {KEY: {"modules": ["exposure"], "paper": False, "sequence": []}}],
)
def test_checkpoint_is_refused_when_its_card_is_of_another_set(
    tmp_path: Path, network: PosISP, card: dict[str, object]
) -> None:
    path = tmp_path / "other.safetensors"
    checkpoint.save(path, network, card)
    with pytest.raises(CheckpointError, match=r"other\.safetensors: "):
        checkpoint.load("posisp", path)


def test_weights_of_another_network_are_told_by_its_name() -> None:
    with pytest.raises(CheckpointError, match=r"metaisp\.safetensors: .*these are weights of metaisp"):
        checkpoint.load("posisp", Path("metaisp"))


def test_functions_compute_what_the_network_does(network: PosISP) -> None:
    made = network
    functions = made.functions(32, 48)
    raw, color = torch.rand(1, 4, 32, 48), torch.eye(3).reshape(1, 9, 1, 1)
    thumbnail = F.adaptive_avg_pool2d(raw, 64)
    with torch.inference_mode():
        context = functions["context"].module(thumbnail, color)
        tile = functions["tile"].module(raw, color, context)
        whole = made(raw, color)
    assert torch.allclose(tile, whole, atol=1e-6)
    assert tile.shape == functions["tile"].outputs["rgb"]
    assert context.shape == functions["context"].outputs["context"]


def test_thumbnail_is_an_adaptive_mean_of_the_whole_frame(photo: Path) -> None:
    frame = Frame.of(read_raw(photo))
    planes = torch.from_numpy(frame.window(0, 0, *frame.size))
    assert np.allclose(frame.thumbnail(64, 64), F.adaptive_avg_pool2d(planes, 64).numpy(), atol=1e-5)


def test_tiles_make_the_picture_of_the_whole_frame(photo: Path, network: PosISP) -> None:
    frame, made = Frame.of(read_raw(photo)), network

    def picture(side: int, halo: int) -> np.ndarray:
        functions = {name: dict(f.inputs) for name, f in made.functions(side, side).items()}
        renderer = Renderer([TorchEngine().program(made)], functions, halo, made.stride, made.task)
        return renderer.render(frame, Quantizer(16)).astype(int)

    exact = made.reach() + made.reach() % 2
    assert np.abs(picture(64, exact) - picture(160, 20)).max() <= 2


def test_halo_is_measured_with_the_thumbnails_context(
    network: PosISP, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(halo, "_sources", lambda task: iter([Frame.of(read_raw(photo))]))
    found = halo.measure(network)
    assert found.exact == 2 * (network.reach() + network.reach() % 2)
    assert 0 < found.auto <= found.exact


def test_photo_is_rendered_by_the_name_of_the_network(
    capfd: Captured, weights: Path, photo: Path, tmp_path: Path
) -> None:
    out = tmp_path / "a.png"
    given = [str(photo), "--model", "posisp", "--checkpoint", str(weights), "-o", str(out), "--json"]
    assert main(["render", *given]) == 0
    assert json.loads(capfd.readouterr().out)["ran_on"].startswith("torch")
    assert Image.open(out).size == (240, 160)


def test_bundled_policy_brightens_the_dark_and_keeps_grey_grey() -> None:
    loaded = checkpoint.load("posisp")
    assert loaded.card[KEY]["task"] == "enhance"
    color = torch.eye(3).reshape(1, 9, 1, 1)
    with torch.inference_mode():
        made = loaded.network(torch.full((1, 4, 64, 64), 0.03), color)[0, :, 48:80, 48:80].mean((1, 2))
    assert made.min() > 0.1
    assert made.max() - made.min() < 0.02
