"""Folders of RAW files and pictures."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgeisp.data.frame import frame_of, sample
from edgeisp.data.open import Pairs, open_pairs, open_set
from edgeisp.data.pairset import read_picture
from edgeisp.errors import BadInputError
from edgeisp.raw import Assumptions, write_dng
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


def training(folder: Path, patch: int = 8, seed: int = 0) -> Pairs:
    return open_pairs(f"pairs:{folder}", patch=patch, seed=seed, reader=RawReader())


@pytest.mark.parametrize("cfa", CFAS)
@pytest.mark.parametrize("size", [(40, 48), (41, 47)])
def test_patches_stay_aligned_whatever_the_layout_and_the_flips(
    tmp_path: Path, cfa: str, size: tuple[int, int]
) -> None:
    make_pair(tmp_path, "one", cfa, size)
    pairs = open_set(f"pairs:{tmp_path}", RawReader())
    pair = pairs.read(pairs.entries[0])
    frame = frame_of(pair)
    for index in range(8):
        planes, color, picture, _ = sample(frame, 12, np.random.default_rng(index))
        assert planes.shape == (4, 12, 12)
        assert color.shape == (9, 1, 1)
        from edgeisp.raw.unprocess import camera_rgb, sample_planes

        camera = Camera(pair.raw.color_matrix, pair.raw.white_balance, NoiseProfile(0, 0))
        gains = np.array(pair.raw.white_balance)[[0, 1, 1, 2]] / min(pair.raw.white_balance)
        expected = sample_planes(camera_rgb(picture, camera)) * gains[:, None, None]
        assert np.abs(planes - np.minimum(expected, 1)).max() < 2e-3


def test_pair_is_a_pure_function_of_its_index(tmp_path: Path) -> None:
    make_pair(tmp_path, "one")
    make_pair(tmp_path, "two")
    first, second = (training(tmp_path, seed=3) for _ in range(2))
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
    Image.new("RGB", (50, 40)).save(tmp_path / "rgb" / "one.png")
    with pytest.raises(BadInputError, match="the picture is 50x40, its RAW 48x40 -> crop"):
        training(tmp_path)


def test_damaged_picture_is_named(tmp_path: Path) -> None:
    make_pair(tmp_path, "one")
    (tmp_path / "rgb" / "one.png").write_bytes(b"no picture")
    with pytest.raises(BadInputError, match="not a whole picture"):
        training(tmp_path)


def test_frame_too_small_for_the_patch_is_refused(tmp_path: Path) -> None:
    make_pair(tmp_path, "one")
    with pytest.raises(BadInputError, match="too small for patches"):
        training(tmp_path, 64)


def test_folders_train_and_test_are_the_splits(tmp_path: Path) -> None:
    make_pair(tmp_path / "train", "one")
    make_pair(tmp_path / "test", "other")
    pairs = open_set(f"pairs:{tmp_path}", RawReader())
    assert [entry.name for entry in pairs.of("train")] == ["one.dng"]
    assert [entry.name for entry in pairs.of("test")] == ["other.dng"]


def test_notes_beside_the_pairs_are_no_raw_files(tmp_path: Path) -> None:
    make_pair(tmp_path, "one")
    for path in (tmp_path / "raw/one.dng", tmp_path / "rgb/one.png"):
        path.rename(tmp_path / path.name)
        path.parent.rmdir()
    (tmp_path / "LICENSE").touch()
    (tmp_path / "README.md").touch()
    pairs = open_set(f"pairs:{tmp_path}", RawReader())
    assert (len(pairs.entries), pairs.unpaired) == (1, [])


def test_png_mosaic_is_read_with_what_the_user_says_of_it(tmp_path: Path) -> None:
    make_pair(tmp_path, "one")
    dng = RawReader().read(tmp_path / "raw/one.dng")
    (tmp_path / "raw/one.dng").unlink()
    Image.fromarray(dng.mosaic).save(tmp_path / "raw/one.png")
    with pytest.raises(BadInputError, match="--assume-white-level"):
        training(tmp_path)
    assume = Assumptions(
        dng.cfa, dng.black_level, dng.white_level, dng.white_balance, tuple(dng.color_matrix.ravel())
    )
    pairs = open_set(f"pairs:{tmp_path}", RawReader(assume=assume))
    assert np.array_equal(pairs.read(pairs.entries[0]).raw.mosaic, dng.mosaic)


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ((49, 41), None),
        ((60, 50), None),
        ((30, 25), "holds less detail"),
        ((48, 48), "another ratio of sides"),
    ],
)
def test_reference_of_a_camera_is_scaled_to_its_raw_when_it_nearly_fits(
    tmp_path: Path, size: tuple[int, int], message: str | None
) -> None:
    make_pair(tmp_path, "one")
    Image.new("RGB", size, (10, 200, 30)).save(tmp_path / "rgb/one.png")
    pairs = open_set(f"dng:{tmp_path}", RawReader())
    if message is None:
        assert pairs.read(pairs.entries[0]).picture.shape == (40, 48, 3)
    else:
        with pytest.raises(BadInputError, match=message):
            pairs.read(pairs.entries[0])


def test_jpeg_of_a_turned_camera_is_put_upright(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    exif = Image.Exif()
    exif[274] = 6
    Image.new("RGB", (30, 20)).save(path, exif=exif)
    assert read_picture(path).shape == (30, 20, 3)
