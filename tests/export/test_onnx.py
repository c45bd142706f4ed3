"""ONNX: what its half-precision converter needs from us."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

pytest.importorskip("onnxscript")

from edgeisp.export import TARGETS
from edgeisp.models.blocks import SubpixelUp
from edgeisp.models.functions import Function
from edgeisp.quantize.precision import parse_precision


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
