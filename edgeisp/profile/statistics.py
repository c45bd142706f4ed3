"""What samples of a latency say, and how sure one can be that two sets of them differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES, SEED = 4000, 20240803


def quantile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that at least ``share`` of all samples do not exceed; no values are made up in between."""
    return float(np.quantile(samples, share, method="inverted_cdf"))


def median(samples: Sequence[float]) -> float:
    """Half of the samples lie on either side."""
    return float(np.median(samples))


@dataclass(frozen=True)
class Ratio:
    """A ratio of medians with its bootstrap interval."""

    value: float
    low: float
    high: float
    confidence: float

    def above(self, bound: float) -> bool:
        """Whether the whole interval lies above ``bound``."""
        return self.low > bound


def ratio_of_medians(
    new: Sequence[float],
    old: Sequence[float],
    confidence: float = 0.95,
    controls: tuple[Sequence[float], Sequence[float]] | None = None,
) -> Ratio:
    """Median of ``new`` over median of ``old``, with a percentile bootstrap interval (Efron 1979).

    Args:
        new, old: samples in one unit.
        confidence: of the two-sided interval.
        controls: samples of something that did not change, measured with ``new`` and with ``old``: their ratio is
            what the machine did, and is divided out.
    """
    rng = np.random.default_rng(SEED)

    def resampled(samples: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        drawn = rng.choice(np.asarray(samples, np.float64), (RESAMPLES, len(samples)))
        medians: np.ndarray[tuple[int], np.dtype[np.float64]] = np.median(drawn, 1)
        return medians

    value = median(new) / median(old)
    ratios = resampled(new) / resampled(old)
    if controls is not None:
        value /= median(controls[0]) / median(controls[1])
        ratios = ratios / (resampled(controls[0]) / resampled(controls[1]))
    low, high = np.quantile(ratios, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Ratio(value, float(low), float(high), confidence)
