"""Quantized checkpoints: int8 weights and float biases as safetensors, ranges and provenance in the card."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

from edgeisp.checkpoints import bundled, named
from edgeisp.errors import CheckpointError
from edgeisp.files import sha256
from edgeisp.models import MODELS, checkpoint
from edgeisp.models.checkpoint import QUANTIZATION, LoadedModel
from edgeisp.models.functions import ISPNetwork
from edgeisp.models.task import ISP
from edgeisp.quantize.layers import Affine, Ranges
from edgeisp.quantize.network import convolutions, deployable, scheme_of, with_qdq
from edgeisp.quantize.precision import Name, parse_precision
from edgeisp.quantize.scheme import Calibrated, Layer, Rounded, Scheme


def quantization(
    network: ISPNetwork,
    *,
    method: Literal["ptq", "qat"],
    calibration: Calibrated,
    teacher: str,
    float_layers: dict[str, str],
) -> Scheme:
    """The description of a frozen network."""
    layers = {
        name: Layer((r.input.scale, r.input.zero_point), (r.output.scale, r.output.zero_point))
        for name, r in scheme_of(network).items()
        if r.input and r.output
    }
    return Scheme(
        method=method,
        calibration=calibration,
        teacher=teacher,
        float_layers=float_layers,
        layers=layers,
    )


def save(path: Path, network: ISPNetwork, described: Scheme, card: dict[str, Any]) -> None:
    """Write a frozen network to ``path``, whole or not at all; ``card`` is that of the fp32 checkpoint."""
    checkpoint.save(path, network, {**card, QUANTIZATION: msgspec.to_builtins(described)})


def load(name: str, path: Path | None, precision: Name) -> LoadedModel:
    """The network that an artifact of ``precision`` computes: what it is made from and compared with.

    ``fp32``, ``fp16`` and ``w8`` take fp32 weights, ``w8a8`` a checkpoint of `edgeisp quantize`. The default is the
    bundled one.

    Raises:
        BadInputError: no such network.
        CheckpointError: no such file, damaged, of another network, or of the other kind.
    """
    wanted = parse_precision(precision)
    if wanted.activation_bits > 8:
        loaded = checkpoint.load(name, path)
        return rounded(loaded) if wanted.integer else loaded
    path = named(path) if path else bundled(f"{name}-{precision}")
    if path is None:
        raise CheckpointError(f"{name} has no bundled checkpoint for {precision}", cure=_way(name))
    weights, card = checkpoint.read(path)
    described = described_by(card, path)
    network = deployable(checkpoint.described(name, weights, card, path))
    known = convolutions(network)
    if strange := [layer for layer in described.layers if layer not in known]:
        raise CheckpointError(
            f"quantizes {strange[0]}, which {name} does not have",
            where=path,
            cure="name the network it was made of",
        )
    network = with_qdq(
        network,
        {key: Ranges(Affine(*layer.input), Affine(*layer.output)) for key, layer in described.layers.items()},
    )
    checkpoint.fill(network, weights, path)
    return LoadedModel(name, network.eval(), path, sha256(path), card)


def _way(name: str) -> str:
    """What leads to an int8 artifact of a network without int8 weights, from what is bundled of it on."""
    train = f"train it, `edgeisp train {name} -o run`"
    weights = f"--checkpoint run/{name}.safetensors"
    if MODELS.get(name).task != ISP:
        why = "int8 is for networks from RAW to sRGB"
        return (
            f"{why}; take fp32 or fp16"
            if bundled(name)
            else f"{why}; {train}, and take fp32 or fp16 with {weights}"
        )
    quantize = f"edgeisp quantize {name} -o q.safetensors"
    if bundled(name):
        return f"make one, `{quantize}`, and pass --checkpoint q.safetensors"
    return f"{train}, then make it int8, `{quantize} {weights}`, and pass --checkpoint q.safetensors"


def load_any(name: str, path: Path | None) -> LoadedModel:
    """The network of a checkpoint as it is: in float, or the quantize/dequantize program of int8 weights.

    Raises:
        BadInputError, CheckpointError: see `edgeisp.models.checkpoint.load` and `load`.
    """
    found = checkpoint.located(name, path)
    quantized = QUANTIZATION in checkpoint.read(found)[1]
    return load(name, found, "w8a8") if quantized else checkpoint.load(name, found)


def rounded(loaded: LoadedModel) -> LoadedModel:
    """``loaded`` with its convolutions' weights in int8 and all else in float."""
    network = deployable(loaded.network)
    layers = dict.fromkeys(convolutions(network), Ranges(None, None))
    return LoadedModel(loaded.name, with_qdq(network, layers), loaded.path, loaded.sha256, loaded.card)


def told(loaded: LoadedModel, precision: Name) -> Scheme | Rounded | None:
    """How a network from `load` was quantized; None where nothing of it is int8.

    Raises:
        CheckpointError: the card of an int8 checkpoint makes no sense.
    """
    if precision == "w8a8":
        return described_by(loaded.card, loaded.path)
    return Rounded(layers=tuple(scheme_of(loaded.network))) if precision == "w8" else None


def described_by(card: dict[str, Any], path: Path) -> Scheme:
    """The quantization that a checkpoint's card tells of.

    Raises:
        CheckpointError: fp32 weights, or a card that makes no sense.
    """
    if QUANTIZATION not in card:
        raise CheckpointError(
            "fp32 weights, where a quantized checkpoint is wanted",
            where=path,
            cure="quantize them first: `edgeisp quantize MODEL --checkpoint F -o q.safetensors`",
        )
    try:
        return msgspec.convert(card[QUANTIZATION], Scheme)
    except msgspec.ValidationError as error:
        raise CheckpointError(
            f"its quantization is damaged ({error})", where=path, cure="quantize again"
        ) from error
