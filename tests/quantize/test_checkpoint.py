from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import torch

from edgeisp.checkpoints import bundled
from edgeisp.errors import BadInputError, CheckpointError
from edgeisp.models import checkpoint as fp32
from edgeisp.models.contextual import ContextNetwork
from edgeisp.models.cost import parameters
from edgeisp.quantize import checkpoint
from edgeisp.quantize.layers import Affine, QDQConv2d, Ranges
from edgeisp.quantize.network import convolutions, deployable, float_layers, with_qdq
from edgeisp.quantize.precision import Name
from edgeisp.quantize.scheme import Calibrated, Rounded, Scheme
from edgeisp.quantize.sensitivity import Probe, decibels
from edgeisp.raw.reader import RawReader


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MetaISP with ranges that fit nothing in particular."""
    path = tmp_path_factory.mktemp("w8a8") / "q.safetensors"
    loaded = fp32.load("metaisp")
    network = deployable(loaded.network)
    ranges = {
        name: Ranges(Affine(0.02, -10), Affine(0.03, 5))
        for name in convolutions(network)
        if name not in network.float_layers
    }
    quantized = with_qdq(network, ranges)
    described = checkpoint.quantization(
        quantized,
        method="ptq",
        calibration=Calibrated("synthetic", 5, "0" * 64, "minmax"),
        teacher=loaded.sha256,
        float_layers=float_layers(network, ()),
    )
    checkpoint.save(path, quantized, described, loaded.card)
    return path


def test_loading_gives_back_ranges_and_weights(saved: Path) -> None:
    loaded = checkpoint.load("metaisp", saved, "w8a8")
    described = checkpoint.described_by(loaded.card, saved)
    plain = deployable(fp32.load("metaisp").network)
    assert len(described.layers) == len(convolutions(plain)) - len(plain.float_layers)
    conv = loaded.network.get_submodule("encoder.0.0.conv")
    assert isinstance(conv, QDQConv2d)
    assert conv.ranges == Ranges(Affine(0.02, -10), Affine(0.03, 5))
    assert conv.weight.dtype is torch.int8
    assert described.float_layers == plain.float_layers


def test_quantized_checkpoint_is_refused_when_fp32_is_wanted(saved: Path) -> None:
    with pytest.raises(CheckpointError, match="quantized to w8a8"):
        fp32.load("metaisp", saved)


@pytest.mark.parametrize("precision", ["w8", "w8a8"])
def test_weights_are_counted_alike_in_int8_and_in_float(precision: Name) -> None:
    int8 = checkpoint.load("metaisp-npu", None, precision).network
    assert parameters(int8) == parameters(fp32.load("metaisp-npu").network)


def test_fp32_checkpoint_is_refused_when_int8_is_wanted() -> None:
    with pytest.raises(CheckpointError, match="fp32 weights, where a quantized"):
        checkpoint.load("metaisp", bundled("metaisp"), "w8a8")


def test_quantized_checkpoint_of_another_network_is_refused(saved: Path) -> None:
    with pytest.raises(CheckpointError, match="which lwisp does not have"):
        checkpoint.load("lwisp", saved, "w8a8")


def test_unknown_layer_is_named_when_it_shall_stay_in_float() -> None:
    with pytest.raises(BadInputError, match="haed"):
        float_layers(deployable(fp32.load("metaisp").network), ("haed",))


def test_checkpoint_is_opened_as_what_its_card_says(saved: Path) -> None:
    assert isinstance(
        checkpoint.load_any("metaisp", saved).network.get_submodule("encoder.0.0.conv"), QDQConv2d
    )
    assert not isinstance(
        checkpoint.load_any("metaisp", None).network.get_submodule("encoder.0.0.conv"), QDQConv2d
    )


@pytest.mark.parametrize("name", ["metaisp", "lwisp"])
def test_bundled_int8_weights_make_the_picture_of_the_float_ones(name: str) -> None:
    assert isinstance(checkpoint.load(name, None, "w8a8").network, type(fp32.load(name).network))
    pictures = Probe.of("synthetic", 2, 64, 5, RawReader())
    made, wanted = (
        pictures.run(loaded.network) for loaded in (checkpoint.load(name, None, "w8a8"), fp32.load(name))
    )
    assert decibels(float((made - wanted).square().mean())) > 45


def test_context_is_not_folded_when_weights_are_int8(saved: Path) -> None:
    network = checkpoint.load("metaisp", saved, "w8a8").network
    assert isinstance(network, ContextNetwork)
    assert network.folded(torch.zeros(1, sum(network.parts))) is network
    plain = fp32.load("metaisp").network
    assert isinstance(plain, ContextNetwork)
    assert plain.folded(torch.zeros(1, sum(network.parts))) is not plain


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        (
            "metaisp-large",
            "train it, `edgeisp train metaisp-large -o run`, then make it int8, `edgeisp quantize metaisp-large -o "
            "q.safetensors --checkpoint run/metaisp-large.safetensors`, and pass --checkpoint q.safetensors",
        ),
        (
            "posisp",
            "make one, `edgeisp quantize posisp -o q.safetensors`, and pass --checkpoint q.safetensors",
        ),
        ("lwisp-denoise", "int8 is for networks from RAW to sRGB; take fp32 or fp16"),
        ("metaisp-denoise", "train it, `edgeisp train metaisp-denoise -o run`, and take fp32 or fp16"),
    ],
)
def test_missing_int8_weights_have_a_cure_that_can_be_followed(name: str, cure: str) -> None:
    with pytest.raises(CheckpointError, match="no bundled checkpoint for w8a8") as raised:
        checkpoint.load(name, None, "w8a8")
    assert cure in str(raised.value.cure)


def test_rounded_weights_are_told_by_name_and_read_back() -> None:
    loaded = checkpoint.load("metaisp", None, "w8")
    said = checkpoint.told(loaded, "w8")
    assert isinstance(said, Rounded)
    assert set(said.layers) == set(convolutions(deployable(fp32.load("metaisp").network)))
    assert msgspec.json.decode(msgspec.json.encode(said), type=Scheme | Rounded) == said
    assert isinstance(checkpoint.told(checkpoint.load("metaisp", None, "w8a8"), "w8a8"), Scheme)
    assert checkpoint.told(fp32.load("metaisp"), "fp32") is None
