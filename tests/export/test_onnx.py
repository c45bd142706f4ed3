"""ONNX: what its half-precision converter needs from us, and the context in its weights."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

pytest.importorskip("onnxscript")

import onnx

from edgeisp.engines import onnx_fold
from edgeisp.engines.onnx import ENGINE
from edgeisp.export import TARGETS
from edgeisp.export.rewrites import prepare
from edgeisp.models.blocks import SubpixelUp
from edgeisp.models.functions import Function
from edgeisp.quantize.precision import Name, parse_precision


def test_two_interpolations_survive_half_precision(tmp_path: Path) -> None:
    import onnxruntime

    torch.manual_seed(0)
    network = nn.Sequential(SubpixelUp(4, 4), SubpixelUp(4, 4)).eval()
    function = Function("tile", network, {"raw": (1, 4, 6, 6)}, {"rgb": (1, 4, 24, 24)})
    TARGETS.get("onnx").convert({"tile": function}, tmp_path / "a.onnx", parse_precision("fp16"), {})
    x = torch.rand(1, 4, 6, 6)
    (half,) = onnxruntime.InferenceSession(tmp_path / "a.onnx").run(None, {"raw": x.numpy()})
    with torch.inference_mode():
        assert np.abs(half - network(x).numpy()).max() < 5e-3


@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 1e-5), ("fp16", 5e-3)])
def test_folded_program_makes_the_same_picture_without_the_product_over_channels(
    small: dict[str, Function],
    pictures: list[tuple[dict[str, dict[str, np.ndarray]], dict[str, dict[str, np.ndarray]]]],
    precision: Name,
    tolerance: float,
    tmp_path: Path,
) -> None:
    target, path = TARGETS.get("onnx"), tmp_path / "a.onnx"
    ready = {name: prepare(f, target.rewrites, precision).function for name, f in small.items()}
    described = {"edgeisp": json.dumps({"functions": dict.fromkeys(small)})}
    target.convert(ready, path, parse_precision(precision), described)
    program = ENGINE.open(path, threads=1)
    inputs = pictures[0][0]["tile"]
    context = {"context": inputs["context"]}
    folded = program.folded(context)
    assert folded is not program
    assert folded.run("context", pictures[0][0]["context"])
    assert np.abs(folded.run("tile", inputs)["rgb"] - program.run("tile", inputs)["rgb"]).max() < tolerance

    model = onnx.load(path)
    products = [node for node in model.graph.node if node.op_type == "MatMul"]
    assert onnx_fold.folded(model, context)
    left = [node for node in model.graph.node if node.op_type == "MatMul"]
    assert len(left) == len(products) - 1  # the other one weighs pixels: it is no convolution
    onnx.checker.check_model(model)
    assert not onnx_fold.folded(model, context)


class Gained(nn.Module):
    """A gain for each channel behind a convolution, and one before another; both from the context."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = nn.Conv2d(4, 6, 3, padding=1), nn.Conv2d(6, 3, 1)

    def forward(self, raw: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        one, other = context[:, :, None, None].split(6, 1)
        y = torch.relu(self.first(raw) * one)
        return self.second(y * other)


def test_gains_from_the_context_go_into_the_convolutions_beside_them(tmp_path: Path) -> None:
    shapes = {"raw": (1, 4, 8, 8), "context": (1, 12)}
    function = Function("tile", Gained().eval(), shapes, {"rgb": (1, 3, 8, 8)})
    path, kind = tmp_path / "a.onnx", parse_precision("fp32")
    described = {"edgeisp": json.dumps({"functions": {"tile": {}}})}
    TARGETS.get("onnx").convert({"tile": function}, path, kind, described)
    inputs = {name: torch.rand(shape).numpy() for name, shape in shapes.items()}
    program = ENGINE.open(path, threads=1)
    folded = program.folded({"context": inputs["context"]})
    assert np.abs(folded.run("tile", inputs)["rgb"] - program.run("tile", inputs)["rgb"]).max() < 1e-5
    model = onnx.load(path)
    assert onnx_fold.folded(model, {"context": inputs["context"]})
    assert not [node for node in model.graph.node if node.op_type == "Mul"]
    onnx.checker.check_model(model)
