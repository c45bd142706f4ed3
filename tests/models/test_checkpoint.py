"""Checkpoints: whole, checked, and refused in words."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from edgeisp.checkpoints import bundled
from edgeisp.errors import BadInputError, CheckpointError
from edgeisp.models import MODELS
from edgeisp.models.checkpoint import load, network_of, save
from edgeisp.models.metaisp import MetaISP


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "good.safetensors"
    save(path, MetaISP(), {"steps": 7})
    return path


def test_saved_weights_and_card_come_back(good: Path) -> None:
    loaded = load("metaisp", good)
    assert loaded.card == {"steps": 7}
    assert not loaded.network.training
    weights = load_file(good)
    assert all(torch.equal(weights[k], v) for k, v in loaded.network.state_dict().items())


def test_bundled_checkpoint_loads_and_tells_its_training() -> None:
    assert bundled("metaisp") is not None
    assert load("metaisp").card["steps"] > 0


@pytest.mark.parametrize("name", ["metaisp", "lwisp"])
def test_weights_for_a_sensor_go_by_name_and_keep_greys_grey(name: str) -> None:
    loaded = load(name, Path(f"{name}-rhid"))
    assert loaded.card["data_licence"] == "MIT"
    assert loaded.path in MODELS.bundled_for(name)
    color = torch.eye(3).reshape(1, 9, 1, 1)
    for level in (0.05, 0.2, 0.6):
        with torch.no_grad():
            middle = loaded.network(torch.full((1, 4, 64, 64), level), color)[0, :, 48:80, 48:80].mean((1, 2))
        assert float(middle.max() - middle.min()) < 0.02


def test_checkpoints_of_another_network_are_not_taken_for_ones_own() -> None:
    names = [path.stem for path in MODELS.bundled_for("lwisp")]
    assert "lwisp" in names
    assert "lwisp-denoise" not in names


def test_missing_file_is_named_when_it_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"gone\.safetensors"):
        load("metaisp", tmp_path / "gone.safetensors")


def test_unknown_network_is_answered_with_the_closest_name() -> None:
    with pytest.raises(BadInputError, match="did you mean 'metaisp'"):
        load("metaips")


@pytest.mark.parametrize("keep", [0, 7, 100, 3_000_000])
def test_truncated_file_is_refused(good: Path, tmp_path: Path, keep: int) -> None:
    path = tmp_path / "cut.safetensors"
    path.write_bytes(good.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match="not a whole safetensors file"):
        load("metaisp", path)


def test_pickle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.pt"
    torch.save(MetaISP().state_dict(), path)
    with pytest.raises(CheckpointError, match=r"safetensors\.torch\.save_file"):
        load("metaisp", path)


def test_network_of_a_checkpoint_is_what_its_card_says(good: Path, tmp_path: Path) -> None:
    assert network_of(good) == "metaisp", "by the names of its weights, since the card does not say"
    save(tmp_path / "told.safetensors", MetaISP(), {"model": "lwisp"})
    assert network_of(tmp_path / "told.safetensors") == "lwisp"


def _changed(good: Path, path: Path, change: dict[str, torch.Tensor | None]) -> Path:
    weights = load_file(good)
    for key, value in change.items():
        if value is None:
            del weights[key]
        else:
            weights[key] = value
    save_file(weights, path)
    return path


def test_missing_and_unexpected_keys_are_listed(good: Path, tmp_path: Path) -> None:
    path = _changed(good, tmp_path / "a.safetensors", {"head.weight": None, "tail.weight": torch.ones(1)})
    with pytest.raises(CheckpointError, match=r"missing head\.weight; unexpected tail\.weight"):
        load("metaisp", path)


def test_wrong_shape_is_named(good: Path, tmp_path: Path) -> None:
    path = _changed(good, tmp_path / "a.safetensors", {"head.bias": torch.ones(3)})
    with pytest.raises(CheckpointError, match=r"head\.bias has shape \(3,\), the network \(12,\)"):
        load("metaisp", path)


def test_not_finite_weights_are_refused(good: Path, tmp_path: Path) -> None:
    path = _changed(good, tmp_path / "a.safetensors", {"head.bias": torch.full((12,), float("nan"))})
    with pytest.raises(CheckpointError, match="NaN or infinite"):
        load("metaisp", path)


def test_bundled_checkpoint_may_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load("metaisp", Path("metaisp")).path == bundled("metaisp")
    with pytest.raises(CheckpointError, match="no such checkpoint"):
        load("metaisp", Path("metaisp-nowhere"))


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("metaisp-w8a8", "give metaisp and --checkpoint metaisp-w8a8, to export also --precision w8a8"),
        ("metaisp-npu-w8a8", "give metaisp-npu and --checkpoint metaisp-npu-w8a8, to export"),
        ("lwisp-rhid", "give lwisp and --checkpoint lwisp-rhid"),
        ("metaisp-w9", "did you mean 'metaisp'?"),
    ],
)
def test_name_of_weights_is_told_from_that_of_a_network(name: str, given: str) -> None:
    with pytest.raises(BadInputError, match=f"no model is called '{name}'") as raised:
        MODELS.check(name)
    assert given in str(raised.value.cure)
