"""What the writers of golden files share: cameras, a mosaic that needs no random generator, JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeisp.raw.image import CFA, RawImage

MATRICES = {
    "Sony ILCE-7": (0.5271, -0.0712, -0.0347, -0.6153, 1.3653, 0.2763, -0.1601, 0.2366, 0.7242),
    "Pixel": (0.7171, -0.1986, -0.0674, -0.4279, 1.2265, 0.2282, -0.0607, 0.1529, 0.5605),
    "identity": (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0),
}
Write = Callable[[str, Any], str]


def mosaic(width: int, height: int, black: float, white: float) -> NDArray[np.uint16]:
    """A sloped, noisy mosaic by integer arithmetic: from below black to saturated."""
    y, x = np.mgrid[:height, :width].astype(np.int64)
    noise = (x * 40503 + y * 30011 + x * y * 73) % 241 - 120
    level = int(black) + (x * 7 + y * 5) * int(white - black) // (5 * width + 4 * height) + noise - 40
    return np.clip(level, 0, int(white)).astype(np.uint16)


def raw_image(cfa: CFA, width: int, height: int, **fields: Any) -> RawImage:
    """A RAW image with four different black levels."""
    chosen = RawImage(
        mosaic(width, height, 64, 1023),
        cfa,
        (64.0, 63.5, 65.25, 66.0),
        1023.0,
        (2.0625, 1.0, 1.5),
        np.reshape(MATRICES["Pixel"], (3, 3)),
    )
    return replace(chosen, **fields)


def as_json(content: Any) -> str:
    """Readable; lists of numbers on one line."""
    return (
        re.sub(r"\[[^][{}]*\]", lambda found: " ".join(found[0].split()), json.dumps(content, indent=1))
        + "\n"
    )
