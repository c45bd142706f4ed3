"""Modules on phones: XNNPACK takes every operation of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from edgeisp.engines import ENGINES
from edgeisp.engines.torch import run
from edgeisp.export import TARGETS
from edgeisp.export.rewrites import prepare
from edgeisp.posisp.network import PosISP
from edgeisp.posisp.pipeline import Pipeline
from edgeisp.quantize.precision import parse_precision

NAMES = (
    "exposure",
    "gamma",
    "ccm",
    "sharpen",
    "tone",
    "contrast",
    "saturation",
    "white-balance",
    "local-tone",
)


def _ports(shapes: Mapping[str, tuple[int, ...]]) -> list[dict[str, object]]:
    return [{"name": name, "shape": shape} for name, shape in shapes.items()]


@pytest.mark.parametrize("name", ["tflite", "executorch"])
def test_xnnpack_takes_every_operation_of_modules_and_predictor(name: str, tmp_path: Path) -> None:
    target = TARGETS.get(name)
    if target.missing():
        pytest.skip(f"{name} is not installed")
    functions = PosISP(Pipeline.of(NAMES)).eval().separate(32, 32)
    ready = {key: prepare(function, target.rewrites).function for key, function in functions.items()}
    path = tmp_path / f"modules{target.suffix}"
    told = {
        "functions": {
            key: {"inputs": _ports(function.inputs), "outputs": _ports(function.outputs)}
            for key, function in functions.items()
        }
    }
    report = target.convert(ready, path, parse_precision("fp32"), {"edgeisp": json.dumps(told)})
    assert {key: part.portable for key, part in report.delegation.items()} == {key: {} for key in functions}
    program = ENGINES.get(target.engine()).open(path)
    for key, function in functions.items():
        inputs = {port: torch.rand(shape).numpy() for port, shape in function.inputs.items()}
        for port, value in run(function, inputs).items():
            assert np.abs(program.run(key, inputs)[port] - value).max() < 1e-4


def test_modules_convert_to_half_precision_when_a_plane_is_read_twice(tmp_path: Path) -> None:
    target = TARGETS.get("onnx")
    if target.missing():
        pytest.skip("onnx is not installed")
    function = PosISP(Pipeline.of(("saturation",))).eval().separate(32, 32)["module_saturation"]
    ready = {"tile": prepare(function, target.rewrites, "fp16").function}
    target.convert(ready, tmp_path / "module.onnx", parse_precision("fp16"), {})
    inputs = {port: torch.rand(shape).numpy() for port, shape in function.inputs.items()}
    got = ENGINES.get("onnx").open(tmp_path / "module.onnx").run("tile", inputs)["rgb"]
    assert np.abs(got - run(function, inputs)["rgb"]).max() < 4e-3
