"""Rewrites: named, exact changes that make a network fit for phones.

Targets list theirs, in order. The rules of the order:

* Rewrites on modules come before all others, because capture breaks blocks into operations.
* ``half-gelu`` comes before ``held-scalars``, because it writes numbers into the graph.
* ``portable-products`` comes after ``constant-matmuls`` and ``held-kernels``, whose layers it pads, and after the other
  portable ones, which make such layers.
* Those on quantize/dequantize graphs come last, because others insert operations between their pairs; only
  ``channels-last-shuffles`` follows, since ``quantized-shuffles`` looks for the shuffles that it spells out.

Otherwise they touch different operations and any order gives the same graph.
"""

from edgeisp.export.rewrites.base import Prepared, Rewrite, prepare
from edgeisp.export.rewrites.color import COLOR_PRODUCT
from edgeisp.export.rewrites.gate import MULTIPLIED_GATE, SUMMED_GATE
from edgeisp.export.rewrites.graph import (
    CHANNEL_SUMS,
    CONSTANT_MATMULS,
    HELD_KERNELS,
    HELD_SCALARS,
    NARROW_CONCATS,
    SLICES,
)
from edgeisp.export.rewrites.haar import FOLD_HAAR_DOWN, FOLD_HAAR_UP
from edgeisp.export.rewrites.half import HALF_GELU
from edgeisp.export.rewrites.norm import CONV_LAYER_NORM, MEAN_LAYER_NORM
from edgeisp.export.rewrites.portable_sums import PORTABLE_SQUARES, PRODUCTS, UPSAMPLING
from edgeisp.export.rewrites.portable_values import ROOTS, SIGMOIDS, SOFTMAXES
from edgeisp.export.rewrites.products import CHANNELS_LAST_PRODUCTS
from edgeisp.export.rewrites.quantized import QUANTIZED, UNFOLDED_WEIGHTS
from edgeisp.export.rewrites.shuffles import CHANNELS_LAST_SHUFFLES

PORTABLE = (ROOTS, SIGMOIDS, SOFTMAXES, UPSAMPLING, PRODUCTS)
"""What gives an int8 artifact the same bytes on every processor; LiteRT, which sums over channels, wants squares."""

XNNPACK = (
    FOLD_HAAR_DOWN,
    FOLD_HAAR_UP,
    CONV_LAYER_NORM,
    COLOR_PRODUCT,
    CHANNEL_SUMS,
    SLICES,
    CONSTANT_MATMULS,
    HELD_KERNELS,
    NARROW_CONCATS,
    *PORTABLE,
    *QUANTIZED,
)
"""What leaves nothing of our networks to other kernels where XNNPACK does not reduce over channels: ExecuTorch."""

__all__ = [
    "CHANNELS_LAST_PRODUCTS",
    "CHANNELS_LAST_SHUFFLES",
    "CHANNEL_SUMS",
    "COLOR_PRODUCT",
    "CONSTANT_MATMULS",
    "CONV_LAYER_NORM",
    "FOLD_HAAR_DOWN",
    "FOLD_HAAR_UP",
    "HALF_GELU",
    "HELD_KERNELS",
    "HELD_SCALARS",
    "MEAN_LAYER_NORM",
    "MULTIPLIED_GATE",
    "NARROW_CONCATS",
    "PORTABLE",
    "PORTABLE_SQUARES",
    "QUANTIZED",
    "SLICES",
    "SUMMED_GATE",
    "UNFOLDED_WEIGHTS",
    "XNNPACK",
    "Prepared",
    "Rewrite",
    "prepare",
]
