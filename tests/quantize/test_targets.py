"""Each target takes the quantize/dequantize program: what is in the file, and that it computes the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgeisp.engines import ENGINES
from edgeisp.export import TARGETS, census
from edgeisp.export.census import Convolutions
from edgeisp.export.integers import of_graph
from edgeisp.export.onnx_file import convolutions
from edgeisp.export.records import Census, Parity
from edgeisp.export.rewrites import prepare
from edgeisp.export.tflite_file import parse
from edgeisp.export.verification import LEAST_DB, THRESHOLDS_DB, compare, lowered
from edgeisp.models.blocks import SubpixelUp
from edgeisp.models.functions import Function, ISPNetwork
from edgeisp.quantize.checkpoint import described_by, load
from edgeisp.quantize.layers import Ranges
from edgeisp.quantize.network import convolutions as layers_of
from edgeisp.quantize.network import with_qdq
from edgeisp.quantize.precision import parse_precision

SIDE = 16
PACKAGES = {
    "onnx": "onnxscript",
    "tflite": "litert_torch",
    "executorch": "executorch",
    "coreml": "coremltools",
}


@pytest.fixture(scope="module")
def functions(tiny: ISPNetwork, ranges: dict[str, Ranges]) -> dict[str, Function]:
    return with_qdq(tiny, ranges).functions(SIDE, SIDE)


@pytest.mark.parametrize("name", PACKAGES)
def test_every_quantized_convolution_is_int8_in_the_file_and_agrees(
    name: str, functions: dict[str, Function], tiny: ISPNetwork, tmp_path: Path
) -> None:
    pytest.importorskip(PACKAGES[name])
    target = TARGETS.get(name)
    ready = {key: prepare(f, target.rewrites, "w8a8").function for key, f in functions.items()}
    wanted = {key: census.expected(f.module, tiny.float_layers) for key, f in ready.items()}
    assert wanted["tile"] == Census(
        int8=5, float={"carries the picture": 1}, layers={"skip": "carries the picture"}
    )
    path = tmp_path / f"tiny{target.suffix}"
    port = [{"name": key} for key in ("raw", "color")]
    described = json.dumps({"functions": {"tile": {"inputs": port, "outputs": [{"name": "rgb"}]}}})
    report = target.convert(ready, path, parse_precision("w8a8"), {"edgeisp": described})
    assert report.convolutions == {"tile": Convolutions(int8=5, other=1)}
    assert len(report.convolutions["tile"].integers) == (5 if name in ("onnx", "tflite") else 0)
    integers = {key: of_graph(f.module) for key, f in ready.items()}
    assert census.shortfall(wanted, report.convolutions, integers) is None
    program = ENGINES.get(target.engine()).open(path, threads=1)
    assert compare(program, functions)["tile"].psnr_db > 50
    if name == "tflite":
        sources = dequantized(path)
        assert sources and len(sources) == len(set(sources))
        assert "GELU" not in report.delegation["tile"].portable


def test_census_knows_a_layer_whose_weights_a_rewrite_reordered() -> None:
    loaded = load("lwisp", None, "w8a8")
    tile = loaded.network.functions(SIDE, SIDE)["tile"]
    ready = prepare(tile, TARGETS.get("tflite").rewrites, "w8a8").function
    reasons = described_by(loaded.card, loaded.path).float_layers
    wanted = census.expected(ready.module, reasons)
    assert wanted.float[reasons["demosaic"]] == 1
    upsampled = [module for module in loaded.network.modules() if isinstance(module, SubpixelUp)]
    assert wanted.float[census.FIXED] == 4 * len(upsampled), "two of two taps along each axis"
    assert set(wanted.float) <= {*reasons.values(), census.FIXED}
    assert {"demosaic", "head", "fuse.2"} <= set(wanted.layers)
    assert all(reasons[layer] == reason for layer, reason in wanted.layers.items())


def dequantized(path: Path) -> list[int]:
    """The tensor that each dequantize of a TFLite file reads."""
    from ai_edge_litert.schema_py_generated import BuiltinOperator

    model = parse(path.read_bytes())
    kinds = [code.builtinCode for code in model.operatorCodes]
    operators = model.subgraphs[0].operators
    return [int(op.inputs[0]) for op in operators if kinds[op.opcodeIndex] == BuiltinOperator.DEQUANTIZE]


def test_census_fails_when_a_convolution_is_float() -> None:
    wanted = {"tile": Census(int8=5, float={"reason": 1})}
    assert census.shortfall(wanted, {"tile": Convolutions(5, 1)}) is None
    assert "4 of 5" in (census.shortfall(wanted, {"tile": Convolutions(4, 1)}) or "")
    assert "2 convolutions of tile are float" in (
        census.shortfall(wanted, {"tile": Convolutions(5, 2)}) or ""
    )
    assert "no convolution" in (census.shortfall(wanted, {}) or "")


@pytest.mark.parametrize("what", ["weights", "bias", "scale", "zero point"])
def test_census_names_the_convolution_whose_integers_are_not_those_of_the_program(
    what: str, functions: dict[str, Function], tmp_path: Path
) -> None:
    pytest.importorskip("onnxscript")
    import onnx
    from onnx import numpy_helper

    target, path = TARGETS.get("onnx"), tmp_path / "tiny.onnx"
    ready = {key: prepare(f, target.rewrites, "w8a8").function for key, f in functions.items()}
    target.convert(ready, path, parse_precision("w8a8"), {})
    model = onnx.load(path)
    held = {tensor.name: tensor for tensor in model.graph.initializer}
    makers = {name: node for node in model.graph.node for name in node.output}
    conv = [node for node in model.graph.node if node.op_type == "Conv" and node.input[0] in makers][-2]
    x, weights = makers[conv.input[0]], makers[conv.input[1]]
    names = {
        "weights": weights.input[0],
        "bias": conv.input[2],
        "scale": x.input[1],
        "zero point": x.input[2],
    }
    value = numpy_helper.to_array(held[names[what]]).copy()
    value.flat[0] += {"bias": 0.01, "scale": 0.0002}.get(what, 1)
    held[names[what]].CopyFrom(numpy_helper.from_array(value, names[what]))
    onnx.save(model, path)
    wanted = {"tile": Census(int8=5, float={"carries the picture": 1})}
    found = {"tile": convolutions(path)}
    assert census.shortfall(wanted, found) is None
    integers = {key: of_graph(f.module) for key, f in ready.items()}
    assert "are not those of the program" in (census.shortfall(wanted, found, integers) or "")


def test_limit_is_lowered_and_says_why_when_the_program_does_not_agree_with_itself() -> None:
    own = {"tile": Parity(psnr_db=50.5, max_error=0.1), "context": Parity(psnr_db=80, max_error=0.001)}
    limits, why = lowered({"tile": 50.0, "context": 50.0}, own, 1e-6)
    assert limits == {"tile": 46.5, "context": 50.0}
    assert "tile lowered from 50 to 46.5 dB" in why
    assert "context" not in why
    assert lowered({"tile": 50.0}, {"tile": Parity(psnr_db=20, max_error=1)}, 1e-6)[0] == {"tile": LEAST_DB}


@pytest.mark.parametrize("name", ["onnx", "coreml"])
def test_int8_weights_are_stored_in_a_byte_and_mean_the_rounded_network_when_activations_are_float(
    name: str, tiny: ISPNetwork, tmp_path: Path
) -> None:
    pytest.importorskip(PACKAGES[name])
    target, path = TARGETS.get(name), tmp_path / f"tiny{TARGETS.get(name).suffix}"
    functions = with_qdq(tiny, dict.fromkeys(layers_of(tiny), Ranges(None, None))).functions(SIDE, SIDE)
    ready = {key: prepare(f, target.rewrites, "w8").function for key, f in functions.items()}
    target.convert(ready, path, parse_precision("w8"), {})
    program = ENGINES.get(target.engine()).open(path, threads=1)
    assert compare(program, functions)["tile"].psnr_db > THRESHOLDS_DB["w8"]
    assert int8_weights(path) == len(layers_of(tiny)) == 6


def int8_weights(path: Path) -> int:
    """Weights of convolutions that the file holds as int8."""
    if path.suffix == ".onnx":
        import onnx

        held = onnx.load(str(path)).graph.initializer
        return sum(tensor.data_type == onnx.TensorProto.INT8 and len(tensor.dims) == 4 for tensor in held)
    from edgeisp.engines.mil.ops import OPS
    from edgeisp.engines.mil.reading import read

    convs = [op for op in read(path, OPS).functions["tile"].operations if op.op_type == "conv"]
    return sum(op.inputs["weight"].op.op_type.startswith("constexpr") for op in convs)
