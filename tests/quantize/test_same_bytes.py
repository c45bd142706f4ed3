"""Int8 on x86-64 and on emulated ARM64. Skips without qemu, a cross compiler, or the converters."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from importlib import util
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from edgeisp.errors import EdgeISPError
from edgeisp.export import TARGETS
from edgeisp.export.rewrites import prepare
from edgeisp.export.target import Target
from edgeisp.models.functions import Function, ISPNetwork
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


same_bytes = script()


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


class Reads(nn.Module):
    """A network that puts out, joined, its picture and what each of its convolutions reads.

    In the picture a last bit shows only where it moved a rounding, here at once.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, *inputs: Tensor) -> Tensor:
        read: dict[int, Tensor] = {}

        def look(conv: nn.Module, given: tuple[Tensor]) -> None:
            read[id(given[0])] = given[0]

        kinds = (nn.Conv2d, QDQConv2d)
        hooks = [m.register_forward_pre_hook(look) for m in self.network.modules() if isinstance(m, kinds)]
        picture = self.network(*inputs)
        for hook in hooks:
            hook.remove()
        return torch.cat([x.flatten() for x in (picture, *read.values())])


@pytest.fixture(params=PACKAGES)
def target(request: pytest.FixtureRequest) -> Target:
    """Each target whose artifacts both processors can run here."""
    pytest.importorskip(PACKAGES[request.param])
    if not same_bytes.QEMU.is_file() or not ABIS["x86_64"].here:
        pytest.skip("no emulator for ARM64: tests/phone/fetch.sh fetches it")
    try:
        for abi in ABIS.values():
            build(RUNTIMES[request.param], abi)
    except EdgeISPError as error:
        pytest.skip(str(error))
    return TARGETS.get(request.param)


def compared(target: Target, functions: dict[str, Function], folder: Path) -> dict[str, Any]:
    """What an int8 artifact of ``functions`` gives on both processors; no output may be constant."""
    ready = {
        name: prepare(function, target.rewrites, "w8a8").function for name, function in functions.items()
    }
    path = folder / f"small{target.suffix}"
    ports = {
        name: {
            "inputs": [{"name": port} for port in f.inputs],
            "outputs": [{"name": port} for port in f.outputs],
        }
        for name, f in functions.items()
    }
    target.convert(ready, path, parse_precision("w8a8"), {"edgeisp": json.dumps({"functions": ports})})
    for name, function in functions.items():
        assert same_bytes.outputs(path, name, function.inputs, ABIS["x86_64"]).std() > 0.01
    return {name: same_bytes.compare(path, name, function.inputs) for name, function in functions.items()}


def test_int8_chain_gives_the_same_bytes_on_arm64(target: Target, tmp_path: Path) -> None:
    function = Function("tile", Int8Chain().eval(), {"raw": SHAPE}, {"rgb": (1, 8, 24, 24)})
    (found,) = compared(target, {"tile": function}, tmp_path).values()
    assert found.same == 1, str(found)


def test_int8_network_gives_the_same_bytes_on_arm64(
    target: Target, blocks_int8: ISPNetwork, tmp_path: Path
) -> None:
    function = blocks_int8.functions(24, 24)["tile"]
    watched = replace(function, module=Reads(function.module).eval())
    (found,) = compared(target, {"tile": watched}, tmp_path).values()
    assert found.same == 1, str(found)
