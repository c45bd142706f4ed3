"""The Core ML target: what it writes, that it computes what PyTorch computes, and that fp16 survives every exposure."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from edgeisp.checkpoints import bundled
from edgeisp.engines import ENGINES
from edgeisp.engines.coreml import ENGINE as COREML
from edgeisp.engines.mil import ENGINE as MIL
from edgeisp.engines.mil.reading import op_counts
from edgeisp.errors import UnavailableError
from edgeisp.export.coreml import TARGET
from edgeisp.export.rewrites import prepare
from edgeisp.export.verification import THRESHOLDS_DB, compare
from edgeisp.files import sha256
from edgeisp.models import MODELS, checkpoint
from edgeisp.models.blocks import Companding, HaarDown, HaarUp
from edgeisp.models.functions import Function
from edgeisp.models.metaisp import MCCB, MSCB
from edgeisp.quantize.precision import parse_precision

pytest.importorskip("coremltools")
METADATA = {"edgeisp": json.dumps({"model": "tiny", "checkpoint": "0" * 64})}


class Tiny(nn.Module):
    """One level of MetaISP: every kind of block that it has, few of them."""

    def __init__(self) -> None:
        super().__init__()
        self.compand = Companding()
        self.down, self.channel, self.spatial = HaarDown(4, 8), MCCB(8, 6, 3), MSCB(8, 6, 3)
        self.up, self.head = HaarUp(8, 8), nn.Conv2d(8, 12, 3, padding=1)
        for name, parameter in self.named_parameters():
            if "norm" in name:
                nn.init.uniform_(parameter, 0.5, 1.5)

    def forward(self, raw: Tensor, context: Tensor) -> Tensor:
        return self.both(raw, context)[0].clamp(min=0).clamp(max=1)

    def both(self, raw: Tensor, context: Tensor | None) -> tuple[Tensor, Tensor]:
        first, second = (None, None) if context is None else context.split(3, 1)
        x, used = self.channel(self.down(self.compand(raw)), first)
        x, more = self.spatial(x, second)
        return torch.nn.functional.pixel_shuffle(self.head(self.up(x)), 2), torch.cat([used, more], 1)


class Context(nn.Module):
    def __init__(self, network: Tiny) -> None:
        super().__init__()
        self.network = network

    def forward(self, raw: Tensor) -> Tensor:
        return self.network.both(raw, None)[1]


class Pool(nn.Module):
    def forward(self, raw: Tensor) -> Tensor:
        return raw.mean((2, 3))


def tiny() -> dict[str, Function]:
    torch.manual_seed(0)
    network = Tiny().eval()
    raw, context = (1, 4, 16, 24), (1, 6)
    return {
        "tile": Function("tile", network, {"raw": raw, "context": context}, {"rgb": (1, 3, 32, 48)}),
        "context": Function("context", Context(network), {"raw": (1, 4, 16, 16)}, {"context": context}),
    }


def convert(functions: dict[str, Function], path: Path, precision: str) -> Path:
    ready = {name: prepare(function, TARGET.rewrites).function for name, function in functions.items()}
    TARGET.convert(ready, path, parse_precision(precision), METADATA)
    return path


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("coreml")
    return {name: convert(tiny(), folder / f"{name}.mlpackage", name) for name in TARGET.precisions}


@pytest.mark.parametrize("precision", TARGET.precisions)
def test_package_computes_what_pytorch_computes_when_read_back(
    packages: dict[str, Path], precision: str
) -> None:
    parities = compare(MIL.open(packages[precision], threads=1), tiny())
    assert set(parities) == {"tile", "context"}
    for parity in parities.values():
        assert parity.psnr_db >= THRESHOLDS_DB[precision]


def test_ports_are_float32_when_the_inside_is_half(packages: dict[str, Path]) -> None:
    half, full = (MIL.open(packages[name], threads=1) for name in ("fp16", "fp32"))
    for executable in half.functions.values():
        assert {value.dtype for value in (*executable.inputs, *executable.outputs)} == {"fp32"}
    assert {v.dtype for step in full.functions["tile"].steps for v in step.results} == {"fp32"}
    inner = [v.dtype for step in half.functions["tile"].steps if step.kind == "conv" for v in step.results]
    assert set(inner) == {"fp16"}


def test_same_bytes_when_converted_twice(packages: dict[str, Path], tmp_path: Path) -> None:
    again = convert(tiny(), tmp_path / "again.mlpackage", "fp16")
    assert sha256(again) == sha256(packages["fp16"])


def test_constants_are_finite_when_clamps_have_one_side(packages: dict[str, Path]) -> None:
    clips = [step for step in MIL.open(packages["fp16"]).functions["tile"].steps if step.kind == "clip"]
    bounds = [clip.arguments[name]({}) for clip in clips for name in ("alpha", "beta")]
    assert len(bounds) == 4
    assert np.isfinite(bounds).all()


def test_no_mean_has_more_terms_than_half_precision_can_add(tmp_path: Path) -> None:
    pool = Function("tile", Pool(), {"raw": (1, 4, 64, 48)}, {"rgb": (1, 4)})
    prepared = prepare(pool, TARGET.rewrites)
    assert prepared.applied["staged-means"] == 1
    TARGET.convert({"tile": prepared.function}, tmp_path / "pool.mlpackage", parse_precision("fp16"), {})
    program = MIL.open(tmp_path / "pool.mlpackage")
    steps = [step for step in program.functions["tile"].steps if step.kind == "reduce_mean"]
    assert [step.results[0].shape for step in steps] == [(1, 4, 64, 1), (1, 4)]
    raw = np.random.default_rng(7).random((1, 4, 64, 48), np.float32)
    np.testing.assert_allclose(program.run("tile", {"raw": raw})["rgb"], raw.mean((2, 3)), atol=5e-4)


def test_no_op_that_phones_dislike_when_converted(packages: dict[str, Path]) -> None:
    for executable in MIL.open(packages["fp16"]).functions.values():
        kinds = [step.kind for step in executable.steps]
        assert not {"transpose", "gather", "gather_nd", "conv_transpose", "slice_by_index"} & set(kinds)
        assert kinds.count("layer_norm") == 2
        assert max(len(value.shape) for step in executable.steps for value in step.results) <= 4


def test_tile_has_no_operation_over_the_whole_picture(packages: dict[str, Path]) -> None:
    for path in packages.values():
        counted = op_counts(path)
        assert not {"reduce_mean", "reduce_max", "avg_pool", "max_pool"} & set(counted["tile"])
        assert counted["context"]["reduce_mean"] >= 2


def test_weights_are_stored_once_when_functions_share_them(packages: dict[str, Path]) -> None:
    both = packages["fp16"] / "Data/com.apple.CoreML/weights/weight.bin"
    parameters = sum(parameter.numel() for parameter in Tiny().parameters())
    assert both.stat().st_size < 1.3 * 2 * parameters + 64 * 60  # two bytes each; blobs are aligned to 64


def test_description_travels_inside_when_saved(packages: dict[str, Path]) -> None:
    import coremltools as ct

    model = ct.models.MLModel(str(packages["fp16"]), skip_model_load=True)
    description = model.get_spec().description
    assert description.defaultFunctionName == "tile"
    assert dict(description.metadata.userDefined) == METADATA
    assert "tile(raw 1x4x16x24, context 1x6) -> rgb 1x3x32x48" in description.metadata.shortDescription
    assert description.metadata.author.startswith("exported by edgeisp")
    ports = {p.name: p.shortDescription for f in description.functions for p in (*f.input, *f.output)}
    assert ports["context"] == "made by the function context"
    assert "white" in ports["raw"]
    assert "sRGB" in ports["rgb"] or "gamma" in ports["rgb"]


def test_table_of_contents_names_its_items_by_their_content(packages: dict[str, Path]) -> None:
    tables = [json.loads((path / "Manifest.json").read_text()) for path in packages.values()]
    items = [{item["name"]: key for key, item in table["itemInfoEntries"].items()} for table in tables]
    assert tables[0]["rootModelIdentifier"] == items[0]["model.mlmodel"]
    assert items[0]["weights"] != items[1]["weights"]


@pytest.mark.skipif(sys.platform == "darwin", reason="Core ML runs here")
def test_interpreter_verifies_when_core_ml_does_not_run(packages: dict[str, Path]) -> None:
    assert TARGET.engine() == "mil"
    assert ENGINES.get("mil") is MIL
    assert "macOS only" in str(COREML.missing())
    with pytest.raises(UnavailableError, match="the engine mil interprets"):
        COREML.open(packages["fp16"])


@pytest.mark.skipif(sys.platform != "darwin", reason="needs macOS")
@pytest.mark.parametrize("precision", TARGET.precisions)
def test_core_ml_agrees_with_pytorch_on_a_mac(packages: dict[str, Path], precision: str) -> None:
    assert TARGET.engine() == "coreml"
    for parity in compare(COREML.open(packages[precision]), tiny()).values():
        assert parity.psnr_db >= THRESHOLDS_DB["fp16"]


@pytest.fixture(scope="module")
def metaisp(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Function]]:
    torch.manual_seed(1)
    network = (
        checkpoint.load("metaisp").network if bundled("metaisp") else MODELS.get("metaisp").build().eval()
    )
    functions = network.functions(32, 48)
    return convert(functions, tmp_path_factory.mktemp("metaisp") / "metaisp.mlpackage", "fp16"), functions


def frames(shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    """From the black frame to the saturated one, with read noise below black and edges of full contrast."""
    rng = np.random.default_rng(6)
    scene = rng.random(shape, np.float32)
    edges = np.indices(shape[2:]).sum(0) // 4 % 2 * np.ones(shape, np.float32)
    stops = {f"{2.0**-stop:g} of full scale": scene * np.float32(2.0**-stop) for stop in (0, 2, 4, 7, 10)}
    flat = {f"flat {level:g}": np.full(shape, level, np.float32) for level in (0, 1e-4, 0.18, 1)}
    noise = {"below black": rng.normal(0, 0.01, shape).astype(np.float32), "edges": edges.astype(np.float32)}
    return {**stops, **flat, **noise}


def test_half_precision_holds_when_exposure_sweeps_the_range(
    metaisp: tuple[Path, dict[str, Function]],
) -> None:
    path, functions = metaisp
    program = MIL.open(path, threads=1)
    tile, context = functions["tile"], functions["context"]
    eye = {"color": np.eye(3, dtype=np.float32)}
    raws = zip(frames(tile.inputs["raw"]).items(), frames(context.inputs["raw"]).values(), strict=True)
    for (name, raw), frame in raws:
        with torch.inference_mode():
            dynamic = context.module(torch.from_numpy(frame)).numpy()
            given = {"raw": raw, "context": dynamic, **eye}
            inputs = {key: given[key].reshape(shape) for key, shape in tile.inputs.items()}
            expected = tile.module(*map(torch.from_numpy, inputs.values())).numpy()
        got = program.run("tile", inputs)["rgb"]
        assert np.isfinite(got).all(), name
        assert -10 * np.log10(np.mean((got - expected) ** 2, dtype=np.float64)) >= THRESHOLDS_DB["fp16"], name
        weights = program.run("context", {"raw": frame})["context"]
        assert np.abs(weights - dynamic).max() < 0.01, name


def test_network_has_no_op_that_phones_dislike_when_exported(
    metaisp: tuple[Path, dict[str, Function]],
) -> None:
    for executable in MIL.open(metaisp[0]).functions.values():
        kinds = {step.kind for step in executable.steps}
        assert not {"transpose", "gather", "gather_nd", "conv_transpose", "slice_by_index", "tile"} & kinds
        assert max(len(value.shape) for step in executable.steps for value in step.results) <= 4
