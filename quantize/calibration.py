"""Pictures that ranges are read from: as recorded, dark, bright, saturated, noisy."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from edgeisp.data.open import open_pairs
from edgeisp.errors import BadInputError
from edgeisp.raw.image import Floats
from edgeisp.raw.reader import RawReader

DARK, BRIGHT, SATURATED = 0.08, 2.0, 6.0
NOISE = 0.03
DARKEST = 2e-3
KINDS = ("as recorded", "dark", "bright", "saturated", "noisy")


@dataclass(frozen=True, eq=False)
class Calibration:
    """Calibration pictures: canonical packed planes ``N x 4 x p x p`` and colour matrices ``N x 9 x 1 x 1``."""

    data: str
    raw: Floats
    color: Floats

    @property
    def sha256(self) -> str:
        """Of all pictures, so that a scheme says what it was calibrated on."""
        return hashlib.sha256(self.raw.tobytes() + self.color.tobytes()).hexdigest()

    def __len__(self) -> int:
        return len(self.raw)


def calibration_set(data: str, count: int, patch: int, seed: int, reader: RawReader) -> Calibration:
    """``count`` pictures of the training data ``data``, a fifth of them of each of `KINDS`.

    Raises:
        BadInputError: no such data, no picture, or none but dark ones.
    """
    pairs = open_pairs(data, patch=patch, seed=seed, reader=reader)
    items = [pairs[index] for index in range(count)]
    raw, color = np.stack([item.raw for item in items]), np.stack([item.color for item in items])
    if (brightest := float(raw.mean((1, 2, 3)).max())) < DARKEST:
        raise BadInputError(
            f"all {count} calibration pictures are dark, the brightest has a mean of {brightest:.1e}",
            where=f"--data {data}",
            cure="add pictures of daylight: ranges read from black clip everything else",
        )
    rng = np.random.default_rng((seed, 1))
    shown = [_as(KINDS[index % len(KINDS)], planes, rng) for index, planes in enumerate(raw)]
    return Calibration(data, np.stack(shown), color)


def _as(kind: str, planes: Floats, rng: np.random.Generator) -> Floats:
    gain = {"dark": DARK, "bright": BRIGHT, "saturated": SATURATED}.get(kind, 1.0)
    noise = rng.normal(0, NOISE, planes.shape) if kind == "noisy" else 0.0
    shown: Floats = np.minimum(planes * gain + noise, 1).astype(np.float32)
    return shown
