"""Folders of RAW files and pictures."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgeisp.data.open import open_pairs
from edgeisp.data.pairs import Frame, RawPairs, find_pairs
from edgeisp.errors import BadInputError
from edgeisp.raw import write_dng
from edgeisp.raw.color import planar
from edgeisp.raw.image import CFAS, NoiseProfile
from edgeisp.raw.reader import RawReader
from edgeisp.raw.unprocess import DAYLIGHT_MATRICES, Camera, unprocess


def make_pair(folder: Path, stem: str, cfa: str = "RGGB", size: tuple[int, int] = (40, 48)) -> None:
    """A DNG of blocks of colour without noise, and the picture it was made from, in raw/ and rgb/."""
    rng = np.random.default_rng(len(stem))
    blocks = rng.integers(60, 200, (size[0] // 4 + 1, size[1] // 4 + 1, 3)).repeat(4, 0).repeat(4, 1)
    picture = np.ascontiguousarray(blocks[: size[0], : size[1]], np.uint8)
    camera = Camera(DAYLIGHT_MATRICES["Nikon D90"], (2.0, 1.0, 1.5), NoiseProfile(0, 0), cfa, 64, 4095)
    for name in ("raw", "rgb"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    write_dng(unprocess(planar(picture), camera, rng), folder / "raw" / f"{stem}.dng")
    Image.fromarray(picture).save(folder / "rgb" / f"{stem}.png")


@pytest.mark.parametrize("cfa", CFAS)
@pytest.mark.parametrize("size", [(40, 48), (41, 47)])
def test_patches_stay_aligned_whatever_the_layout_and_the_flips(
    tmp_path: Path, cfa: str, size: tuple[int, int]
) -> None:
    make_pair(tmp_path, "one", cfa, size)
    (raw_path, picture_path) = find_pairs(tmp_path)[0]
    frame = Frame.of(RawReader().read(raw_path), picture_path)
    for index in range(8):
        planes, color, picture, _ = frame.sample(12, np.random.default_rng(index))
        assert planes.shape == (4, 12, 12)
        assert color.shape == (9, 1, 1)
        from edgeisp.raw.unprocess import camera_rgb, sample_planes

        camera = Camera(frame.raw.color_matrix, frame.raw.white_balance, NoiseProfile(0, 0))
        gains = np.array(frame.raw.white_balance)[[0, 1, 1, 2]] / min(frame.raw.white_balance)
        expected = sample_planes(camera_rgb(picture, camera)) * gains[:, None, None]
        assert np.abs(planes - np.minimum(expected, 1)).max() < 2e-3


def test_pair_is_a_pure_function_of_its_index(tmp_path: Path) -> None:
    make_pair(tmp_path, "one")
    make_pair(tmp_path, "two")
    first, second = (RawPairs(tmp_path, 8, seed=3) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first[9], second[9], strict=True))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("pairs:{}/none", "no such folder"),
        ("pairs:{}", "no RAW file has a picture"),
        ("zurich", "no data set"),
    ],
)
def test_wrong_folder_is_told_what_was_expected(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        open_pairs(name.format(tmp_path), patch=8, seed=0, reader=RawReader())


def test_picture_of_another_size_is_named(tmp_path: Path) -> None:
    make_pair(tmp_path, "one")
    Image.new("RGB", (10, 10)).save(tmp_path / "rgb" / "one.png")
    with pytest.raises(BadInputError, match="the picture is 10x10, its RAW 48x40"):
        _ = RawPairs(tmp_path, 8).frames


def test_damaged_picture_is_named(tmp_path: Path) -> None:
    make_pair(tmp_path, "one")
    (tmp_path / "rgb" / "one.png").write_bytes(b"no picture")
    with pytest.raises(BadInputError, match="not a whole picture"):
        _ = RawPairs(tmp_path, 8).frames


def test_frame_too_small_for_the_patch_is_refused(tmp_path: Path) -> None:
    make_pair(tmp_path, "one")
    with pytest.raises(BadInputError, match="too small for patches"):
        _ = RawPairs(tmp_path, 64).frames
