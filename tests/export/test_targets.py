"""Each target on the small network: what is in the file, how much is delegated, and that it agrees with PyTorch."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import pytest

from edgeisp.engines import ENGINES
from edgeisp.errors import BadInputError
from edgeisp.export import TARGETS
from edgeisp.export.records import Delegation
from edgeisp.export.rewrites import FOLD_HAAR_DOWN, FOLD_HAAR_UP, NARROW_CONCATS, prepare
from edgeisp.export.target import WHY_NOT, precision_of
from edgeisp.export.tflite_file import read_metadata, xnnpack_delegation
from edgeisp.export.verification import THRESHOLDS_DB, compare
from edgeisp.files import sha256
from edgeisp.models.functions import Function
from edgeisp.profile.files import count
from edgeisp.profile.report import Static
from edgeisp.quantize.layers import Affine, QDQConv2d, Ranges
from edgeisp.quantize.network import convolutions
from edgeisp.quantize.precision import NAMES

SIDE = 16

PAIRS = [
    ("onnx", "fp32"),
    ("onnx", "fp16"),
    ("tflite", "fp32"),
    ("tflite", "fp16"),
    ("executorch", "fp32"),
    ("executorch", "fp16"),
]


def metadata(functions: dict[str, Function]) -> dict[str, str]:
    def ports(names: Any) -> list[dict[str, str]]:
        return [{"name": name} for name in names]

    described = {
        name: {"inputs": ports(f.inputs), "outputs": ports(f.outputs)} for name, f in functions.items()
    }
    return {"edgeisp": json.dumps({"functions": described})}


@dataclass(frozen=True)
class Artifact:
    target: str
    precision: str
    path: Path
    delegation: dict[str, Delegation]


def convert(target: str, precision: str, functions: dict[str, Function], folder: Path) -> Artifact:
    pytest.importorskip({"onnx": "onnxscript", "tflite": "litert_torch", "executorch": "executorch"}[target])
    chosen = TARGETS.get(target)
    kind = precision_of(chosen, precision)
    ready = {name: prepare(f, chosen.rewrites, kind.name).function for name, f in functions.items()}
    path = folder / f"small{chosen.suffix}"
    report = chosen.convert(ready, path, kind, metadata(functions))
    return Artifact(target, precision, path, dict(report.delegation))


@pytest.fixture(scope="module", params=PAIRS, ids="-".join)
def artifact(
    request: pytest.FixtureRequest, small: dict[str, Function], tmp_path_factory: pytest.TempPathFactory
) -> Artifact:
    target, precision = request.param
    return convert(target, precision, small, tmp_path_factory.mktemp(f"{target}-{precision}"))


def test_artifact_agrees_with_pytorch_in_both_functions(
    artifact: Artifact, small: dict[str, Function]
) -> None:
    program = ENGINES.get(TARGETS.get(artifact.target).engine()).open(artifact.path, threads=1)
    parity = compare(program, small)
    assert set(parity) == {"tile", "context"}
    assert min(p.psnr_db for p in parity.values()) >= THRESHOLDS_DB[artifact.precision] - SMALL_NETWORK_DB
    assert program.ran_on


SMALL_NETWORK_DB = 10
"""The small network has random weights, which spread half precision's rounding more than trained ones."""


def test_delegate_takes_all_but_the_casts_of_half_precision_inputs(artifact: Artifact) -> None:
    for part in artifact.delegation.values():
        assert part.backend == "XNNPACK"
        assert set(part.portable) <= {"dim_order_ops__to_dim_order_copy_default"}
        assert sum(part.portable.values()) == (4 if part.total > 100 else 2) * bool(part.portable)
        if (artifact.target, artifact.precision) != ("executorch", "fp16"):
            assert part.share == 1.0


def _global(counted: Static, pixels: int, size: int = 2) -> list[str]:
    """Operations that read a map of eight channels or more, and write fewer values than the smallest map has pixels.

    ``size`` is that of the smallest value in bytes; 2 in half precision.
    """
    return [
        f"{layer.operation} {layer.name}"
        for layer in counted.layers
        if layer.read_bytes >= 8 * pixels * size and prod(layer.shape) < pixels
    ]


def test_tile_has_no_operation_over_the_whole_picture_in_the_written_file(
    artifact: Artifact, small: dict[str, Function]
) -> None:
    counted, pixels = count(artifact.path), prod(small["tile"].inputs["raw"][2:]) // 4
    assert not _global(counted["tile"], pixels)
    assert _global(counted["context"], pixels)  # where it belongs


@pytest.mark.parametrize("target", ["onnx", "tflite", "executorch"])
def test_int8_files_are_delegated_whole_and_their_tile_looks_at_no_whole_picture(
    target: str, small: dict[str, Function], tmp_path: Path
) -> None:
    network = copy.deepcopy(small["tile"].module)
    FOLD_HAAR_DOWN.apply(network)
    FOLD_HAAR_UP.apply(network)
    for name, conv in convolutions(network).items():
        network.set_submodule(name, QDQConv2d(conv, Ranges(Affine(0.03, 3), Affine(0.02, -7))))
    functions = network.functions(SIDE, SIDE)  # type: ignore[operator]
    artifact = convert(target, "w8a8", functions, tmp_path)
    assert all(part.portable == {} for part in artifact.delegation.values())
    counted, pixels = count(artifact.path), SIDE * SIDE // 4
    assert not _global(counted["tile"], pixels, size=1)
    assert _global(counted["context"], pixels, size=1)


def test_metadata_travels_inside_the_file(artifact: Artifact, small: dict[str, Function]) -> None:
    expected = metadata(small)["edgeisp"]
    if artifact.target == "onnx":
        import onnx

        for file in (artifact.path, artifact.path.with_name("small.context.onnx")):
            assert {prop.key: prop.value for prop in onnx.load(file).metadata_props}["edgeisp"] == expected
    elif artifact.target == "tflite":
        assert read_metadata(artifact.path.read_bytes())["edgeisp"] == expected
    else:
        from executorch.runtime import Runtime

        program = Runtime.get().load_program(artifact.path)
        assert program.load_method("edgeisp").execute([]) == [expected]


@pytest.mark.parametrize("target", ["onnx", "tflite", "executorch"])
def test_same_inputs_give_the_same_bytes(target: str, small: dict[str, Function], tmp_path: Path) -> None:
    only = {"tile": small["context"]}
    hashes = set()
    for attempt in ("first", "second"):
        (tmp_path / attempt).mkdir()
        hashes.add(sha256(convert(target, "fp32", only, tmp_path / attempt).path))
    assert len(hashes) == 1


def test_tflite_file_has_no_operation_that_phones_refuse(artifact: Artifact) -> None:
    if artifact.target != "tflite":
        pytest.skip("of TFLite only")
    from edgeisp.engines.tflite import interpret

    names = {op["op_name"] for op in interpret(artifact.path)._get_ops_details()}
    assert not names & {"GATHER_ND", "TRANSPOSE_CONV", "STRIDED_SLICE", "SELECT_V2", "BROADCAST_TO", "GATHER"}
    details = interpret(artifact.path).get_tensor_details()
    assert max(len(tensor["shape"]) for tensor in details) <= 6


def test_delegation_names_what_xnnpack_leaves_when_concatenations_are_wide(
    small: dict[str, Function], tmp_path: Path
) -> None:
    import torch
    from torch import Tensor, nn

    class Wide(nn.Module):
        def forward(self, raw: Tensor) -> Tensor:
            return nn.functional.relu(torch.cat([raw * i for i in range(1, 9)], 1))

    wide = Function("tile", Wide().eval(), {"raw": (1, 4, 4, 4)}, {"rgb": (1, 32, 4, 4)})
    chosen = TARGETS.get("tflite")
    path = tmp_path / "wide.tflite"
    chosen.convert({"tile": prepare(wide, []).function}, path, precision_of(chosen, "fp32"), {})
    part = xnnpack_delegation(path.read_bytes())["tile"]
    assert part.portable == {"CONCATENATION": 1}
    assert part.delegated == part.total - 1
    narrow = prepare(wide, [NARROW_CONCATS]).function
    chosen.convert({"tile": narrow}, path, precision_of(chosen, "fp32"), {})
    assert xnnpack_delegation(path.read_bytes())["tile"].portable == {}


@pytest.mark.parametrize("target", TARGETS.names())
def test_precision_is_refused_with_the_legal_ones_when_a_target_does_not_take_it(target: str) -> None:
    chosen = TARGETS.get(target)
    for name in NAMES:
        if name not in chosen.precisions:
            with pytest.raises(BadInputError, match=f"it takes: {', '.join(chosen.precisions)}") as raised:
                precision_of(chosen, name)
            assert WHY_NOT[target, name] in str(raised.value)
    assert precision_of(chosen, None).name == chosen.precisions[0]
