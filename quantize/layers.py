"""Convolutions in int8: one that learns its ranges, and the plain quantize/dequantize form that exporters consume.

Activations are asymmetric, one scale for the tensor, int8 from -128 to 127; weights are symmetric, one scale for each
output channel, -127 to 127. A stored integer q stands for ``(q - zero_point) * scale``. An int8 convolution needs all
three: quantized input, weights and output; with one of them in float, every runtime computes it in float.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.ao.quantization.fx._decomposed  # registers torch.ops.quantized_decomposed
from torch import Tensor, nn
from torch.nn import functional as F

QD = torch.ops.quantized_decomposed
LOW, HIGH, LARGEST_WEIGHT = -128, 127, 127
SMALLEST_SCALE = 1e-6
PACE = 10.0
"""How much faster than a weight the logarithm of a scale moves at the same learning rate."""


@dataclass(frozen=True)
class Affine:
    """Scale and zero point of an int8 activation."""

    scale: float
    zero_point: int

    @classmethod
    def covering(cls, low: float, high: float) -> Affine:
        """The finest scale that holds ``low``, ``high`` and an exact zero (Jacob et al. 2018, section 3)."""
        low, high = min(low, 0.0), max(high, 0.0)
        scale = max((high - low) / (HIGH - LOW), SMALLEST_SCALE)
        return cls(float(torch.tensor(scale)), max(LOW, min(HIGH, round(LOW - low / scale))))

    def __call__(self, x: Tensor) -> Tensor:
        """Quantize and dequantize."""
        stored = QD.quantize_per_tensor(x, self.scale, self.zero_point, LOW, HIGH, torch.int8)
        back: Tensor = QD.dequantize_per_tensor(stored, self.scale, self.zero_point, LOW, HIGH, torch.int8)
        return back


@dataclass(frozen=True)
class Ranges:
    """Where a convolution's input and output lie; None for both where only the weights are quantized."""

    input: Affine | None
    output: Affine | None


def weight_scales(weight: Tensor) -> Tensor:
    """One scale for each output channel, so that its largest weight is `LARGEST_WEIGHT`."""
    return (weight.detach().abs().flatten(1).amax(1) / LARGEST_WEIGHT).clamp(min=SMALLEST_SCALE)


class _Convolution(nn.Module):
    """What both forms share: the geometry of the convolution that they stand for."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        assert conv.padding_mode == "zeros"
        self.geometry: dict[str, Any] = {
            "stride": conv.stride,
            "padding": conv.padding,
            "dilation": conv.dilation,
            "groups": conv.groups,
        }


class QDQConv2d(_Convolution):
    """Frozen: int8 weights behind a dequantize, activations between quantize and dequantize. Captures as it is."""

    def __init__(self, conv: nn.Conv2d, ranges: Ranges) -> None:
        super().__init__(conv)
        self.ranges = ranges
        scale = weight_scales(conv.weight).float()
        stored = torch.round(conv.weight.detach() / scale[:, None, None, None])
        self.weight: Tensor
        self.weight_scale: Tensor
        self.weight_zero_point: Tensor
        self.bias: Tensor | None
        self.register_buffer("weight", stored.clamp(-LARGEST_WEIGHT, LARGEST_WEIGHT).to(torch.int8))
        self.register_buffer("weight_scale", scale)
        self.register_buffer(
            "weight_zero_point", torch.zeros_like(scale, dtype=torch.int64), persistent=False
        )
        self.register_buffer("bias", None if conv.bias is None else self._bias(conv.bias.detach()))

    def _bias(self, bias: Tensor) -> Tensor:
        """On the grid of the products, where int8 kernels hold it: so all runtimes add the same."""
        if self.ranges.input is None:
            return bias.clone()
        step = self.weight_scale.double() * self.ranges.input.scale
        return (torch.round(bias / step) * step).float()

    def forward(self, x: Tensor) -> Tensor:
        weight = QD.dequantize_per_channel(
            self.weight,
            self.weight_scale,
            self.weight_zero_point,
            0,
            -LARGEST_WEIGHT,
            LARGEST_WEIGHT,
            torch.int8,
        )
        x = x if self.ranges.input is None else self.ranges.input(x)
        y = F.conv2d(x, weight, self.bias, **self.geometry)
        return y if self.ranges.output is None else self.ranges.output(y)

    def floating(self) -> nn.Conv2d:
        """The convolution in float that it was made of, with its rounded weights."""
        conv = _plain(self.weight * self.weight_scale[:, None, None, None], self.bias, self.geometry)
        return conv.requires_grad_(False)


def _plain(weight: Tensor, bias: Tensor | None, geometry: dict[str, Any]) -> nn.Conv2d:
    """A convolution with these weights."""
    groups = geometry["groups"]
    conv = nn.Conv2d(
        weight.shape[1] * groups,
        weight.shape[0],
        weight.shape[2:],  # type: ignore[arg-type]
        bias=bias is not None,
        **geometry,
    )
    conv.weight = nn.Parameter(weight)
    conv.bias = None if bias is None else nn.Parameter(bias)
    return conv


class LearnedRange(nn.Module):
    """Fake quantization whose scale is trained, in its logarithm; the zero point stays (LSQ, Esser et al. 2020)."""

    def __init__(self, start: Affine) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor([start.scale]).log() / PACE)
        self.zero_point: Tensor
        self.register_buffer("zero_point", torch.tensor([float(start.zero_point)]))

    def forward(self, x: Tensor) -> Tensor:
        factor = (x.numel() * HIGH) ** -0.5
        return torch._fake_quantize_learnable_per_tensor_affine(
            x, self.scale(), self.zero_point, LOW, HIGH, factor
        )

    def scale(self) -> Tensor:
        """The scale as it is now, ``1``."""
        return (PACE * self.log_scale).exp()

    def frozen(self) -> Affine:
        return Affine(float(self.scale().detach()), int(self.zero_point))


class LearnedConv2d(_Convolution):
    """Training form: gradients pass the rounding, weights and ranges learn."""

    def __init__(self, conv: nn.Conv2d, ranges: Ranges) -> None:
        super().__init__(conv)
        assert ranges.input is not None and ranges.output is not None
        self.weight, self.bias = conv.weight, conv.bias
        self.own: LearnedRange | None = LearnedRange(ranges.input)
        self.output = LearnedRange(ranges.output)
        self.others: tuple[LearnedRange, ...] = ()

    @property
    def input(self) -> LearnedRange:
        """The quantizer of what it reads: its own or another layer's."""
        return self.own or self.others[0]

    def read_through(self, quantizer: LearnedRange) -> None:
        """Share the ``quantizer`` of another layer; in a tuple, so that it is no part of this one's state."""
        self.own, self.others = None, (quantizer,)

    def forward(self, x: Tensor) -> Tensor:
        scales = weight_scales(self.weight)
        zeros = torch.zeros_like(scales, dtype=torch.int32)
        weight = torch.fake_quantize_per_channel_affine(
            self.weight, scales, zeros, 0, -LARGEST_WEIGHT, LARGEST_WEIGHT
        )
        y = F.conv2d(self.input(x), weight, self.bias, **self.geometry)
        quantized: Tensor = self.output(y)
        return quantized

    def frozen(self) -> QDQConv2d:
        """The plain form of what it computes now."""
        conv = _plain(self.weight, self.bias, self.geometry)
        return QDQConv2d(conv, Ranges(self.input.frozen(), self.output.frozen()))
