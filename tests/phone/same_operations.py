"""Which float operations give other bytes on ARM64 than on x86-64? Each alone in a file, run on both processors.

    python tests/phone/same_operations.py [tflite] [executorch]

The operations are those between the int8 convolutions of our networks. See same_bytes.py for what it needs.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import torch
from same_bytes import compare
from torch import Tensor, nn
from torch.nn import functional as F

from edgeisp.export import TARGETS
from edgeisp.export.rewrites import prepare
from edgeisp.models.functions import Function
from edgeisp.quantize.precision import parse_precision

SHAPE = (1, 16, 24, 24)
_BASES = torch.randn(8, 1600, generator=torch.Generator().manual_seed(2))
_WEIGHTS = torch.randn(16, 16, 3, 3, generator=torch.Generator().manual_seed(0)) / 12


def _squares(x: Tensor) -> Tensor:
    last = torch.cat([x, x.flip(1)], 1).permute(0, 2, 3, 1)
    return (last * last).sum(3, keepdim=True)


OPERATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "addition": lambda x: x + x.flip(1),
    "product": lambda x: x * x.flip(1),
    "quotient": lambda x: x / (x.flip(1) + 0.1),
    "square root": lambda x: (x + 0.004).sqrt(),
    "reciprocal square root": lambda x: (x + 0.004).rsqrt(),
    "exponential": lambda x: torch.exp(6 * x - 3),
    "logarithm": lambda x: torch.log(x + 0.004),
    "hyperbolic tangent": lambda x: torch.tanh(6 * x - 3),
    "sigmoid": lambda x: torch.sigmoid(6 * x - 3),
    "GELU": lambda x: F.gelu(6 * x - 3),
    "leaky ReLU": lambda x: F.leaky_relu(x - 0.5, 0.2),
    "softmax": lambda x: F.softmax(6 * x, 1),
    "softmax of one row": lambda x: F.softmax(6 * x[:, :8, 0, 0], 1),
    "mean over channels": lambda x: x.mean(1, keepdim=True),
    "mean over pixels": lambda x: x.mean((2, 3), keepdim=True),
    "mean over pixels of a convolution": lambda x: F.conv2d(x, _WEIGHTS, padding=1).mean(
        (2, 3), keepdim=True
    ),
    "mean over heights": lambda x: x.mean(2, keepdim=True),
    "mean over widths": lambda x: x.mean(3, keepdim=True),
    "sum of 32 squares": _squares,
    "convolution, float": lambda x: F.conv2d(x, _WEIGHTS, padding=1),
    "convolution 1x1, float": lambda x: F.conv2d(x, _WEIGHTS[:, :, :1, :1]),
    "convolution 1x1, float, eight columns": lambda x: F.conv2d(x, _WEIGHTS[:8, :, :1, :1]),
    "convolution 1x1, float, four columns": lambda x: F.conv2d(x, _WEIGHTS[:4, :, :1, :1]),
    "depthwise convolution, float": lambda x: F.conv2d(x, _WEIGHTS[:, :1], padding=1, groups=16),
    "product of matrices": lambda x: x.flatten(2).transpose(1, 2) @ x.flatten(2),
    "product of one row": lambda x: x[:, :8, 0, 0] @ _BASES,
    "product of two rows": lambda x: x[0, :8, :2, 0].T @ _BASES,
    "product of two rows with one column": lambda x: x[0, :8, :2, 0].T @ _BASES[:, :1],
    "bilinear interpolation": lambda x: F.interpolate(
        x, scale_factor=2.0, mode="bilinear", align_corners=False
    ),
}


class Alone(nn.Module):
    """A module of one operation, on values whose mantissas are full: sums of a picture's own few bits are exact."""

    def __init__(self, operation: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.operation = operation

    def forward(self, x: Tensor) -> Tensor:
        return self.operation(x * 0.7310586)


def main(names: list[str]) -> None:
    """Every operation in the runtimes called ``names``."""
    for name in names:
        target = TARGETS.get(name)
        for said, operation in OPERATIONS.items():
            made = operation(torch.zeros(SHAPE)).shape
            function = Function("tile", Alone(operation).eval(), {"x": SHAPE}, {"y": tuple(made)})
            port = {"functions": {"tile": {"inputs": [{"name": "x"}], "outputs": [{"name": "y"}]}}}
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / f"alone{target.suffix}"
                ready = {"tile": prepare(function, target.rewrites, "fp32").function}
                with redirect_stdout(sys.stderr):  # LiteRT's converter talks
                    target.convert(ready, path, parse_precision("fp32"), {"edgeisp": json.dumps(port)})
                print(f"{name}: {said}: {compare(path, 'tile', {'x': SHAPE})}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:] or ["tflite", "executorch"])
