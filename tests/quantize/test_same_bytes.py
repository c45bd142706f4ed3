"""Int8 on x86-64 and on emulated ARM64. Skips without qemu, a cross compiler, or the converters."""

from __future__ import annotations

import json
import sys
from importlib import util
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from edgeisp.errors import EdgeISPError
from edgeisp.export import TARGETS
from edgeisp.export.rewrites import prepare
from edgeisp.models.functions import Function
from edgeisp.profile.runners import ABIS, RUNTIMES, build
from edgeisp.quantize.layers import Affine, QDQConv2d, Ranges
from edgeisp.quantize.precision import parse_precision

SCRIPT = Path(__file__).resolve().parent.parent / "phone" / "same_bytes.py"
PACKAGES = {"tflite": "litert_torch", "executorch": "executorch"}
SHAPE = (1, 4, 24, 24)


def script() -> Any:
    spec = util.spec_from_file_location("edgeisp_same_bytes", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = util.module_from_spec(spec)
    sys.modules["edgeisp_same_bytes"] = module
    spec.loader.exec_module(module)
    return module


class Int8Chain(nn.Module):
    """Three convolutions with nothing in float between them; before and behind, what has no rounding."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        middle, end = Affine(0.02, 3), Affine(0.017, -9)
        self.body = nn.Sequential(
            QDQConv2d(nn.Conv2d(4, 16, 3, padding=1), Ranges(Affine(1 / 255, -128), middle)),
            QDQConv2d(nn.Conv2d(16, 16, 3, padding=1), Ranges(middle, end)),
            QDQConv2d(nn.Conv2d(16, 8, 1), Ranges(end, Affine(0.011, 20))),
        )

    def forward(self, raw: Tensor) -> Tensor:
        return torch.relu(self.body(torch.relu(raw)))


@pytest.mark.parametrize("name", PACKAGES)
def test_int8_gives_the_same_bytes_on_arm64(name: str, tmp_path: Path) -> None:
    pytest.importorskip(PACKAGES[name])
    same_bytes = script()
    if not same_bytes.QEMU.is_file() or not ABIS["x86_64"].here:
        pytest.skip("no emulator for ARM64: tests/phone/fetch.sh fetches it")
    try:
        for abi in ABIS.values():
            build(RUNTIMES[name], abi)
    except EdgeISPError as error:
        pytest.skip(str(error))
    target = TARGETS.get(name)
    function = Function("tile", Int8Chain().eval(), {"raw": SHAPE}, {"rgb": (1, 8, 24, 24)})
    ready = prepare(function, target.rewrites, "w8a8").function
    path = tmp_path / f"chain{target.suffix}"
    port = {"functions": {"tile": {"inputs": [{"name": "raw"}], "outputs": [{"name": "rgb"}]}}}
    target.convert({"tile": ready}, path, parse_precision("w8a8"), {"edgeisp": json.dumps(port)})
    found = same_bytes.compare(path, "tile", {"raw": SHAPE})
    assert found.same == 1, str(found)
    assert same_bytes.outputs(path, "tile", {"raw": SHAPE}, ABIS["x86_64"]).std() > 0.01
