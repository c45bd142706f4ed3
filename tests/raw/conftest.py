"""RAW files made on the spot: sound ones of our writer's kind, and ones with tags taken away, changed or added."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from edgeisp.raw import NoiseProfile, RawImage

MATRIX = np.array([[0.8198, -0.2239, -0.0724], [-0.4871, 1.2389, 0.2798], [-0.1043, 0.205, 0.7181]])
Tag = tuple[str, int, Any]

DNG_TAGS: dict[int, Tag] = {
    33421: ("H", 2, (2, 2)),
    33422: ("B", 4, bytes((0, 1, 1, 2))),
    50706: ("B", 4, bytes((1, 4, 0, 0))),
    50713: ("H", 2, (2, 2)),
    50714: ("2I", 4, (257, 4, 65, 1, 66, 1, 67, 1)),
    50717: ("I", 1, 4095),
    50721: ("2i", 9, tuple(part for entry in MATRIX.ravel() for part in (round(entry * 10**4), 10**4))),
    50728: ("2I", 3, (1, 2, 1, 1, 2, 3)),
    50778: ("H", 1, 21),
}


def mosaic(height: int = 48, width: int = 66) -> np.ndarray[Any, Any]:
    return np.random.default_rng(height * 100 + width).integers(64, 4096, (height, width)).astype(np.uint16)


@pytest.fixture
def make_raw() -> Callable[..., RawImage]:
    """Builds a sound `RawImage`; keywords replace its fields."""

    def make(**fields: Any) -> RawImage:
        sound: dict[str, Any] = {
            "mosaic": mosaic(),
            "cfa": "RGGB",
            "black_level": (64.0, 65.0, 66.0, 67.0),
            "white_level": 4095.0,
            "white_balance": (2.1, 1.0, 1.7),
            "color_matrix": MATRIX,
            "iso": 800,
            "noise": NoiseProfile(1e-4, 1e-6),
            "orientation": 6,
            "make": "Foo",
            "model": "Bar 1",
        }
        return RawImage(**{**sound, **fields})

    return make


@pytest.fixture
def dng_tags() -> dict[int, Tag]:
    """Tags that make a TIFF of a mosaic a sound DNG, by code."""
    return dict(DNG_TAGS)


@pytest.fixture
def make_dng(tmp_path: Path) -> Callable[..., Path]:
    """Writes a DNG whose tags are `DNG_TAGS` with ``changes``; None takes a tag away."""

    def make(changes: Mapping[int, Tag | None] | None = None, data: Any = None, **options: Any) -> Path:
        tags = {**DNG_TAGS, **(changes or {})}
        path = tmp_path / "damaged.dng"
        tifffile.imwrite(
            path,
            mosaic() if data is None else data,
            metadata=None,
            extratags=[(code, *tag, True) for code, tag in sorted(tags.items()) if tag is not None],
            **{"photometric": tifffile.PHOTOMETRIC.CFA, "subfiletype": 0, "byteorder": "<", **options},
        )
        return path

    return make
