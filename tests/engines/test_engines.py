from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from edgeisp.engines import ENGINES
from edgeisp.engines.tflite_runtime import VARIABLE
from edgeisp.errors import BadInputError, UnavailableError
from edgeisp.models import checkpoint
from edgeisp.models.metaisp import MetaISP


def test_every_engine_says_what_it_opens_and_whether_it_works() -> None:
    for name in ENGINES.names():
        engine = ENGINES.get(name)
        assert engine.name == name
        assert all(suffix.startswith(".") for suffix in engine.suffixes)
        lack = engine.missing()
        assert lack is None or len(lack) > 10


@pytest.mark.parametrize("name", ["onnx", "tflite", "executorch", "tflite-runtime"])
@pytest.mark.parametrize("content", [b"", b"not a model", bytes(4096)])
def test_damaged_artifact_is_a_typed_error_with_its_path(name: str, content: bytes, tmp_path: Path) -> None:
    engine = ENGINES.get(name)
    if lack := engine.missing():
        pytest.skip(lack)
    path = tmp_path / f"damaged{engine.suffixes[0]}"
    path.write_bytes(content)
    with pytest.raises(BadInputError) as caught:
        engine.open(path)
    assert caught.value.where == str(path)


def test_torch_engine_runs_a_checkpoint_at_the_size_it_is_given(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = MetaISP().eval()
    path = tmp_path / "net.safetensors"
    checkpoint.save(path, network, {})
    program = ENGINES.get("torch").open(path, threads=1)
    rng = np.random.default_rng(0)
    color = np.eye(3, dtype=np.float32).reshape(1, 9, 1, 1)
    for height, width in ((16, 24), (8, 8)):
        raw = rng.random((1, 4, height, width), np.float32)
        context = program.run("context", {"raw": raw})["context"]
        rgb = program.run("tile", {"raw": raw, "color": color, "context": context})["rgb"]
        with torch.no_grad():
            expected = network(torch.from_numpy(raw), torch.from_numpy(color), torch.from_numpy(context))
        assert np.abs(rgb - expected.numpy()).max() < 1e-6
        assert rgb.shape == (1, 3, 2 * height, 2 * width)


def test_old_runtime_names_the_commands_that_make_it_when_it_is_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "bin" / "python"))
    lack = ENGINES.get("tflite-runtime").missing()
    assert lack is not None
    assert f"python3.11 -m venv {tmp_path}" in lack
    assert "tflite-runtime==2.14.0 numpy==1.26.4" in lack
    with pytest.raises(UnavailableError):
        ENGINES.get("tflite-runtime").open(tmp_path / "x.tflite")
