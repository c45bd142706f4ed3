"""FiveK's layout, and pictures with a colour profile."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image

from edgeisp.data.open import open_set
from edgeisp.data.pairset import read_picture
from edgeisp.errors import BadInputError
from edgeisp.raw import write_dng
from edgeisp.raw.color import planar
from edgeisp.raw.image import NoiseProfile
from edgeisp.raw.reader import RawReader
from edgeisp.raw.unprocess import DAYLIGHT_MATRICES, Camera, unprocess


def photograph(folder: Path, name: str, place: str) -> None:
    picture = np.full((32, 48, 3), 120, np.uint8)
    picture[8:16, 8:24] = 200, 60, 40
    camera = Camera(DAYLIGHT_MATRICES["Nikon D90"], (2.0, 1.0, 1.5), NoiseProfile(0, 0), "RGGB", 64, 4095)
    for sub in (f"raw_photos/{place}/photos", "tiff16_c"):
        (folder / sub).mkdir(parents=True, exist_ok=True)
    raw = unprocess(planar(picture), camera, np.random.default_rng(0))
    write_dng(raw, folder / f"raw_photos/{place}/photos/{name}.dng")
    Image.fromarray(picture).save(folder / f"tiff16_c/{name}.tif")


def test_photographs_meet_their_renderings_and_are_split_by_number(tmp_path: Path) -> None:
    photograph(tmp_path, "a0001-first", "HQa1to700")
    photograph(tmp_path, "a4501-later", "HQa4201to5000")
    found = open_set(f"fivek:{tmp_path}", RawReader())
    assert {entry.name: entry.split for entry in found.entries} == {
        "a0001-first.dng": "train",
        "a4501-later.dng": "test",
    }
    pair = found.read(found.of("train")[0])
    assert pair.picture.shape == (*pair.raw.mosaic.shape, 3)


def test_layout_is_shown_when_nothing_matches(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no DNG has a rendering"):
        open_set(f"fivek:{tmp_path}", RawReader())


def test_picture_in_another_colour_space_is_brought_to_srgb(tmp_path: Path) -> None:
    red = np.full((8, 8, 3), (200, 60, 40), np.uint8)
    path = tmp_path / "wide.tif"
    image = pyvips.Image.new_from_array(red).copy(interpretation="srgb")
    image.icc_transform("p3", input_profile="srgb").write_to_file(str(path))
    with Image.open(path) as stored:
        assert np.abs(np.asarray(stored).astype(int) - red).max() > 5
    assert np.abs(read_picture(path).astype(int) - red).max() <= 2
