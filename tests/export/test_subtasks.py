"""A network that takes pictures: exported, verified, and used for rendering from its artifact alone."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

from edgeisp.cli.main import main
from edgeisp.export import manifest


def test_artifact_of_a_picture_network_is_verified_and_renders_pictures(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    export = ["export", "lwisp-denoise", "--target", "onnx", "--tile", "128", "-o", str(tmp_path)]
    assert main(export) == 0
    artifact = tmp_path / "lwisp-denoise.onnx"
    described = manifest.read(artifact)
    assert described.task == "srgb-to-srgb"
    assert described.camera.packed_order == ("R", "G", "B")
    assert [tensor.name for tensor in described.functions["tile"].inputs] == ["picture", "context"]
    assert described.functions["tile"].outputs[0].shape == (1, 3, 128, 128)
    rng = np.random.default_rng(0)
    noisy = np.clip(120 + 25 * rng.standard_normal((150, 100, 3)), 0, 255).astype(np.uint8)
    Image.fromarray(noisy).save(tmp_path / "noisy.png")
    capfd.readouterr()
    pictures = []
    for how in (["--artifact", str(artifact)], ["-m", "lwisp-denoise", "--tile", "128"]):
        output = tmp_path / f"{len(pictures)}.png"
        given = ["render", str(tmp_path / "noisy.png"), "--halo", "32", "-o", str(output), "--json"]
        assert main([*given, *how]) == 0
        assert json.loads(capfd.readouterr().out)["height"] == 150
        with Image.open(output) as image:
            pictures.append(np.asarray(image, int))
    assert np.abs(pictures[0] - pictures[1]).max() <= 1
