"""A module of another package: it goes the way of our own, from a checkpoint to a rendered artifact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgeisp.cli.main import main
from edgeisp.errors import BadInputError
from edgeisp.models import checkpoint
from edgeisp.posisp.network import KEY, PosISP
from edgeisp.posisp.pipeline import Pipeline

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def installed(plugin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(plugin))
    monkeypatch.setenv("PYTHONPATH", str(plugin))


@pytest.fixture
def negative(installed: None, tmp_path: Path) -> Path:
    """A policy that makes a negative, and has gamma besides."""
    network = PosISP(Pipeline.of(("negative", "gamma")), (0,))
    network.parameters_of.start_at(network.pipeline.identity.new_tensor([0.98, 0.25]))
    path = tmp_path / "negative.safetensors"
    checkpoint.save(path, network, {"model": "posisp", KEY: {**network.card(), "task": "enhance"}})
    return path


def rendered(photo: Path, out: Path, *by: str) -> np.ndarray:
    assert main(["render", str(photo), *by, "-o", str(out), "-q"]) == 0
    return np.asarray(Image.open(out)).astype(int)


def test_module_of_another_package_is_exported_and_rendered(
    negative: Path, photo: Path, tmp_path: Path
) -> None:
    pytest.importorskip("onnxruntime")
    given = ["--checkpoint", str(negative), "-t", "onnx", "--tile", "64", "--packaging", "modules"]
    assert main(["export", "posisp", *given, "-o", str(tmp_path), "-q"]) == 0
    artifact = ["--artifact", str(tmp_path / "posisp-modules.onnx")]
    pytorch = rendered(photo, tmp_path / "a.png", "-m", "posisp", "--checkpoint", str(negative))
    assert np.abs(rendered(photo, tmp_path / "b.png", *artifact) - pytorch).max() <= 1
    positive = rendered(photo, tmp_path / "c.png", *artifact, "--order", "gamma")
    assert positive.mean() < 100 < 155 < pytorch.mean()


def test_checkpoint_names_the_module_that_is_not_installed(
    negative: Path, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Captured
) -> None:
    monkeypatch.undo()
    capfd.readouterr()
    by = ["-m", "posisp", "--checkpoint", str(negative), "-o", str(tmp_path / "a.png")]
    assert main(["render", str(photo), *by]) == 3
    assert "no POS-ISP module is called 'negative'" in capfd.readouterr().err
    assert not (tmp_path / "a.png").exists()


def test_module_that_is_registered_twice_is_refused_with_both_names(installed: None) -> None:
    with pytest.raises(BadInputError, match="'wide-white-balance' is registered twice") as caught:
        Pipeline.of(("wide-white-balance",))
    assert "edgeisp.posisp.modules.extras:WideWhiteBalance" in str(caught.value)
    assert "edgeisp_tiny_module:Negative" in str(caught.value)
