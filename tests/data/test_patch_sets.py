"""Zurich RAW-to-RGB and MAI21, in their published layouts."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgeisp.data.open import open_pairs, open_set
from edgeisp.errors import BadInputError
from edgeisp.raw import Assumptions, DumpFormat, canonical, pack
from edgeisp.raw.color import decode_srgb, planar
from edgeisp.raw.reader import RawReader
from edgeisp.raw.unprocess import sample_planes

Make = Callable[..., Path]
PLAIN = RawReader()


def test_zrr_has_its_official_split_levels_and_plane_order(make_zrr: Make) -> None:
    folder = make_zrr(448)
    pairs = open_set(f"zrr:{folder}", PLAIN)
    assert [entry.name for entry in pairs.of("train")] == ["0.png", "1.png", "2.png"]
    assert len(pairs.of("test")) == 2
    pair = pairs.read(pairs.of("test")[1])
    assert pair.picture.shape == (448, 448, 3)
    assert (pair.raw.cfa, pair.raw.black_level, pair.raw.white_level) == ("RGGB", (63.0,) * 4, 1020.0)
    planes = canonical(pack(pair.raw).planes, pair.raw)
    with Image.open(folder / "test/canon/1.jpg") as jpeg:
        expected = sample_planes(decode_srgb(planar(np.asarray(jpeg))))
    assert np.abs(planes - expected).mean() < 0.01
    assert np.abs(planes[[3, 1, 2, 0]] - expected).mean() > 0.1


def test_zrr_is_neutral_until_somebody_gives_a_white_balance(make_zrr: Make) -> None:
    folder = make_zrr()
    plain = open_set(f"zrr:{folder}", PLAIN)
    raw = plain.read(plain.entries[0]).raw
    assert plain.neutral
    assert raw.white_balance == (1, 1, 1)
    given = open_set(f"zrr:{folder}", RawReader(assume=Assumptions(white_balance=(2, 1, 1.5))))
    assert not given.neutral
    assert given.read(given.entries[0]).raw.white_balance == (2, 1, 1.5)


@pytest.mark.parametrize("patch", [16, 32])
def test_patches_of_zrr_have_raw_and_picture_on_one_grid(make_zrr: Make, patch: int) -> None:
    pairs = open_pairs(f"zrr:{make_zrr()}", patch=patch, seed=0, reader=PLAIN)
    for index in range(8):
        raw, _, target, mask = pairs[index]
        assert target.shape == (3, 2 * patch, 2 * patch)
        assert mask.min() == 1
        assert np.abs(raw - sample_planes(decode_srgb(target))).mean() < 0.01


@pytest.mark.parametrize("name", ["zrr", "mai21"])
def test_wrong_folder_is_shown_the_layout_expected(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInputError, match=r"holds no pairs -> expected DIR/train/\w+_raw"):
        open_set(f"{name}:{tmp_path}", PLAIN)
    with pytest.raises(BadInputError, match=r"no such folder -> expected DIR/train/\w+_raw"):
        open_set(f"{name}:{tmp_path / 'none'}", PLAIN)


def test_dump_format_is_refused_for_a_set_of_png_files(make_zrr: Make) -> None:
    with pytest.raises(BadInputError, match="--raw-size: zrr holds PNG files"):
        open_set(f"zrr:{make_zrr()}", RawReader(DumpFormat(64, 64, 10, "RGGB")))


def test_set_without_a_test_split_says_so(make_mai21: Make) -> None:
    pairs = open_set(f"mai21:{make_mai21(0, 4095)}", PLAIN)
    with pytest.raises(BadInputError, match="no pairs for testing"):
        pairs.of("test")


BAD_FILES = {
    "8-bit samples where 10 bits are expected": lambda path: Image.new("L", (64, 64)).save(path),
    "mixed sizes: 60x64, the others are 64x64": lambda path: Image.new("I;16", (60, 64)).save(path),
    "no Bayer mosaic": lambda path: Image.new("RGB", (64, 64)).save(path),
    "above the 1023 of 10 bits": lambda path: Image.new("I;16", (64, 64), 1500).save(path),
    "not a whole PNG": lambda path: path.write_bytes(path.read_bytes()[:200]),
}


@pytest.mark.parametrize("what", BAD_FILES)
def test_bad_mosaic_is_named_and_counted_and_left_out_only_when_asked(make_zrr: Make, what: str) -> None:
    folder = make_zrr()
    BAD_FILES[what](folder / "train/huawei_raw/1.png")
    with pytest.raises(
        BadInputError, match=rf"1 of 3 pairs cannot be used, first: .*{what}.*--skip-bad"
    ) as caught:
        open_pairs(f"zrr:{folder}", patch=8, seed=0, reader=PLAIN)
    assert str(caught.value.where).endswith("train/huawei_raw/1.png")
    pairs = open_pairs(f"zrr:{folder}", patch=8, seed=0, reader=PLAIN, skip_bad=True)
    assert pairs[0].raw.shape == (4, 8, 8)


def test_set_of_bad_files_only_is_refused_although_bad_ones_may_be_skipped(make_zrr: Make) -> None:
    folder = make_zrr()
    for path in (folder / "train/canon").iterdir():
        path.write_bytes(b"")
    with pytest.raises(BadInputError, match="3 of 3 pairs cannot be used"):
        open_pairs(f"zrr:{folder}", patch=8, seed=0, reader=PLAIN, skip_bad=True)


def test_picture_smaller_than_its_raw_is_named(make_zrr: Make) -> None:
    folder = make_zrr()
    Image.new("RGB", (32, 32)).save(folder / "train/canon/0.jpg")
    with pytest.raises(BadInputError, match="the picture is 32x32, its RAW 64x64: it holds less detail"):
        open_pairs(f"zrr:{folder}", patch=8, seed=0, reader=PLAIN)


def test_file_without_partner_stops_training_unless_skipped(make_zrr: Make) -> None:
    folder = make_zrr()
    (folder / "train/canon/1.jpg").unlink()
    with pytest.raises(
        BadInputError, match=r"1 of 9 files have no partner of the same stem, first .*/1\.png"
    ):
        open_pairs(f"zrr:{folder}", patch=8, seed=0, reader=PLAIN)
    open_pairs(f"zrr:{folder}", patch=8, seed=0, reader=PLAIN, skip_bad=True)


@pytest.mark.parametrize("layout", ["train", "MAI2021_LearnedISP_train", "."])
@pytest.mark.parametrize(
    ("black", "white", "note"),
    [
        (0, 1023, "10 bits a sample, black level 0"),
        (60, 1023, "10 bits a sample, black level 60"),
        (0, 4095, "12 bits a sample, black level 0"),
        (255, 4095, "12 bits a sample, black level 255"),
    ],
)
def test_depth_and_black_level_of_mai21_are_found_and_told(
    make_mai21: Make, layout: str, black: float, white: float, note: str
) -> None:
    pairs = open_set(f"mai21:{make_mai21(black, white, layout)}", PLAIN)
    raw = pairs.read(pairs.of("train")[0]).raw
    assert (raw.black_level[0], raw.white_level) == (black, white)
    assert pairs.notes[0].startswith(note)


@pytest.mark.parametrize(
    ("black", "white", "brightest", "question", "cure"),
    [
        (0, 4095, 120, "10 or 12 bits?", "--assume-white-level 1023"),
        (300, 1023, 255, "black level?", "--assume-black-level"),
        (0, 16383, 255, "more than 12 bits", "--assume-white-level"),
    ],
)
def test_doubt_about_mai21_is_a_question_to_the_user(
    make_mai21: Make, black: float, white: float, brightest: int, question: str, cure: str
) -> None:
    folder = make_mai21(black, white, brightest=brightest)
    with pytest.raises(BadInputError) as caught:
        open_set(f"mai21:{folder}", PLAIN)
    assert question in caught.value.what
    assert cure in str(caught.value.cure)
    told = RawReader(assume=Assumptions(black_level=(black,) * 4, white_level=white))
    pairs = open_set(f"mai21:{folder}", told)
    raw = pairs.read(pairs.entries[0]).raw
    assert (raw.black_level[0], raw.white_level) == (black, white)
