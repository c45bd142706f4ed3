"""Rewrites: named, exact changes that make a network fit for phones. Targets list theirs, in order, from here.

Why this order: a rewrite on modules needs the blocks whole, so these come before capture breaks them into operations; sums
over channels come before matrix products only because a reader meets them in that order, they are independent.
"""

from edgeisp.export.rewrites.base import Prepared, Rewrite, prepare
from edgeisp.export.rewrites.graph import CHANNEL_SUMS, CONSTANT_MATMULS, SLICES
from edgeisp.export.rewrites.haar import FOLD_HAAR_DOWN, FOLD_HAAR_UP
from edgeisp.export.rewrites.norm import CONV_LAYER_NORM

__all__ = [
    "CHANNEL_SUMS",
    "CONSTANT_MATMULS",
    "CONV_LAYER_NORM",
    "FOLD_HAAR_DOWN",
    "FOLD_HAAR_UP",
    "SLICES",
    "Prepared",
    "Rewrite",
    "prepare",
]
