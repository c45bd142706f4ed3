"""What is said of a quantized network: in the card of its checkpoint and in the manifest of its artifacts."""

from __future__ import annotations

from typing import Literal

import msgspec


class Layer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Scale and zero point of what goes into a convolution and of what comes out."""

    input: tuple[float, int]
    output: tuple[float, int]


class Calibrated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the ranges were read from."""

    data: str
    pictures: int
    sha256: str
    estimator: str


class Scheme(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="precision",
    tag="w8a8",
):
    """How a checkpoint was quantized; under ``quantization`` in its card, and in the manifest of its artifacts."""

    method: Literal["ptq", "qat"]
    scheme: str = "weights int8 per output channel, symmetric; activations int8 per tensor, asymmetric"
    calibration: Calibrated
    teacher: str
    """sha256 of the fp32 checkpoint that it was made from."""
    float_layers: dict[str, str]
    """Convolutions left in float, with the reason."""
    layers: dict[str, Layer]


class Rounded(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="precision", tag="w8"
):
    """Which weights of an fp32 checkpoint were rounded as they are; nothing is calibrated, nothing trained."""

    scheme: str = "weights int8 per output channel, symmetric; activations in float"
    layers: tuple[str, ...]
    """The convolutions whose weights are int8; all other weights are in float."""
