"""Small data sets of exactly the layouts that are published, and a cache of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from edgeisp.raw.color import decode_srgb, planar
from edgeisp.raw.unprocess import sample_planes

MakePatches = Callable[..., Path]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def blocks(size: int, seed: int) -> NDArray[np.uint8]:
    """Blocks of 4 x 4 pixels of random colours, from black to white."""
    values = np.random.default_rng(seed).integers(0, 256, (size // 4, size // 4, 3), np.uint8)
    values[0, 0], values[0, 1] = 0, 255
    return values.repeat(4, 0).repeat(4, 1)


def mosaic_of(picture: NDArray[np.uint8], black: float, white: float) -> NDArray[np.uint16]:
    """What a sensor with the primaries of sRGB and red at the top left records of ``picture``."""
    planes = sample_planes(decode_srgb(planar(picture)))
    mosaic = np.empty(picture.shape[:2], np.uint16)
    for plane, (row, column) in zip(planes, ((0, 0), (0, 1), (1, 0), (1, 1)), strict=True):
        mosaic[row::2, column::2] = np.round(black + plane * (white - black))
    return mosaic


@pytest.fixture
def make_zrr(tmp_path: Path) -> MakePatches:
    """Makes a folder in the layout of the Zurich set, with three training pairs and two for testing."""

    def make(size: int = 64) -> Path:
        for split, count in (("train", 3), ("test", 2)):
            raws, pictures = (tmp_path / "zrr" / split / name for name in ("huawei_raw", "canon"))
            for folder in (raws, pictures):
                folder.mkdir(parents=True)
            for number in range(count):
                picture = blocks(size, number)
                Image.fromarray(mosaic_of(picture, 63, 1020)).save(raws / f"{number}.png")
                Image.fromarray(picture).save(pictures / f"{number}.jpg", quality=100, subsampling=0)
        return tmp_path / "zrr"

    return make


@pytest.fixture
def make_mai21(tmp_path: Path) -> MakePatches:
    """Makes a folder in one of the layouts of MAI21, with samples of some depth."""

    def make(black: float, white: float, layout: str = "train", brightest: int = 255) -> Path:
        root = tmp_path / "mai21"
        raws, pictures = (root / layout / name for name in ("mediatek_raw", "fujifilm"))
        for folder in (raws, pictures):
            folder.mkdir(parents=True)
        for number in range(2):
            picture = np.minimum(blocks(64, number), np.uint8(brightest))
            Image.fromarray(mosaic_of(picture, black, white)).save(raws / f"{number}.png")
            Image.fromarray(picture).save(pictures / f"{number}.png")
        (root / "test" / "mediatek_raw").mkdir(parents=True)
        Image.fromarray(mosaic_of(blocks(64, 9), black, white)).save(root / "test/mediatek_raw/0.png")
        return root

    return make
