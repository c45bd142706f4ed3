"""Training data of the subtasks: what is noisy and what is clean, and folders of pictures."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("skimage")

from edgeisp.data.picture_pairs import open_pictures
from edgeisp.data.subtasks import open_subtask
from edgeisp.errors import BadInputError
from edgeisp.models.task import RAW_TO_RAW, SRGB_TO_SRGB
from edgeisp.raw.image import NoiseProfile
from edgeisp.raw.noise import phone_profile
from edgeisp.raw.unprocess import DAYLIGHT_MATRICES, Camera, noisy_srgb


def picture(path: Path, level: int, size: tuple[int, int] = (40, 24)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (level, level, level)).save(path)
    return path


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.parametrize(("task", "planes"), [(SRGB_TO_SRGB, 3), (RAW_TO_RAW, 4)], ids=["srgb", "raw"])
def test_synthetic_pair_is_a_clean_picture_and_the_same_with_noise(task: object, planes: int) -> None:
    data = open_subtask(task, "synthetic", patch=16, seed=1)  # type: ignore[arg-type]
    first = data[5]
    assert first.raw.shape == first.target.shape == (planes, 16, 16)
    assert first.mask.shape == (1, 16, 16)
    assert 0 < np.abs(first.raw - first.target).mean() < 0.2
    assert np.array_equal(first.raw, data[5].raw)
    assert not np.array_equal(first.target, data[6].target)


def test_noise_in_a_picture_has_the_strength_of_the_profile() -> None:
    noise = phone_profile("Samsung Galaxy S6", 800)
    grey = np.full((3, 200, 200), 0.5, np.float32)
    silent, loud = (
        noisy_srgb(
            grey, Camera(DAYLIGHT_MATRICES["Nikon D90"], (1.0, 1.0, 1.0), profile, "RGGB", 0, 65535), rng
        )
        for profile, rng in (
            (NoiseProfile(0, 0), np.random.default_rng(0)),
            (noise, np.random.default_rng(0)),
        )
    )
    assert np.abs(silent - grey).max() < 1e-3
    linear = 0.2140
    slope = 1.055 / 2.4 * linear ** (1 / 2.4 - 1)
    deviation = np.sqrt(noise.shot * linear + noise.read) * slope
    # the colour matrix spreads it: more than a third of it is left in every channel, and not twice as much
    assert (loud.std((1, 2)) > deviation / 3).all()
    assert (loud.std((1, 2)) < 2 * deviation).all()


def test_folders_of_pictures_are_matched_by_name(tmp_path: Path) -> None:
    before, after = picture(tmp_path / "a/noisy/1.png", 50), picture(tmp_path / "a/gt/1.jpg", 60)
    alone = picture(tmp_path / "a/noisy/2.png", 50)
    found = open_pictures(f"pairs:{tmp_path / 'a'}")
    assert [(entry.raw, entry.picture) for entry in found.entries] == [(before, after)]
    assert found.unpaired == [alone]
    sidd = tmp_path / "sidd/Data/0001_001_S6_00100"
    before = picture(sidd / "0001_NOISY_SRGB_010.PNG", 50)
    after = picture(sidd / "0001_GT_SRGB_010.PNG", 60)
    alone = picture(sidd / "0001_GT_SRGB_011.PNG", 60)
    found = open_pictures(f"sidd:{tmp_path / 'sidd'}")
    assert [(entry.raw, entry.picture) for entry in found.entries] == [(before, after)]
    assert found.unpaired == [alone]


def test_picture_without_a_counterpart_stops_training_unless_it_may_be_left_out(tmp_path: Path) -> None:
    for name in ("noisy/a.png", "gt/a.png", "noisy/b.png"):
        picture(tmp_path / name, 50)
    with pytest.raises(BadInputError, match=r"1 of 3 files have no partner.*b\.png.*--skip-bad"):
        open_subtask(SRGB_TO_SRGB, f"sidd:{tmp_path}", patch=16, seed=0)
    assert len(open_subtask(SRGB_TO_SRGB, f"sidd:{tmp_path}", patch=16, seed=0, skip_bad=True).pairs) == 1  # type: ignore[attr-defined]


def test_patches_of_pictures_keep_before_and_after_together(tmp_path: Path) -> None:
    picture(tmp_path / "input/1.png", 51)
    picture(tmp_path / "target/1.png", 102)
    patch = open_subtask(SRGB_TO_SRGB, f"pairs:{tmp_path}", patch=16, seed=0)[3]
    assert patch.raw.shape == (3, 16, 16)
    assert np.allclose(patch.raw, 0.2)
    assert np.allclose(patch.target, 0.4)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        (((40, 24), (40, 26)), "40x24, its counterpart 40x26"),
        (((12, 24), (12, 24)), "too small for patches of 16"),
    ],
)
def test_pictures_that_do_not_fit_are_named(
    tmp_path: Path, sizes: tuple[tuple[int, int], tuple[int, int]], message: str
) -> None:
    picture(tmp_path / "noisy/bad.png", 0, sizes[0])
    picture(tmp_path / "gt/bad.png", 0, sizes[1])
    with pytest.raises(BadInputError, match=rf"bad\.png: .*{message}"):
        open_subtask(SRGB_TO_SRGB, f"sidd:{tmp_path}", patch=16, seed=0)


def test_bad_pictures_are_counted_and_left_out_only_when_asked_for(tmp_path: Path) -> None:
    for name in "abc":
        picture(tmp_path / f"noisy/{name}.png", 51)
        picture(tmp_path / f"gt/{name}.png", 102)
    (tmp_path / "noisy/b.png").write_bytes((tmp_path / "noisy/b.png").read_bytes()[:60])
    with pytest.raises(BadInputError, match=r"b\.png"):
        open_subtask(SRGB_TO_SRGB, f"sidd:{tmp_path}", patch=16, seed=0)
    data = open_subtask(SRGB_TO_SRGB, f"sidd:{tmp_path}", patch=16, seed=0, skip_bad=True)
    assert [entry.name for entry in data.pairs] == ["a.png", "c.png"]  # type: ignore[attr-defined]


def test_unknown_data_are_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"known: synthetic, sidd:DIR$"):
        open_subtask(RAW_TO_RAW, f"pairs:{tmp_path}", patch=16, seed=0)
    with pytest.raises(BadInputError, match="expected DIR/noisy"):
        open_subtask(SRGB_TO_SRGB, f"sidd:{tmp_path}", patch=16, seed=0)
    with pytest.raises(BadInputError, match="--aligned"):
        open_subtask(SRGB_TO_SRGB, "synthetic", patch=16, seed=0, aligned=True)
    with pytest.raises(BadInputError, match="give an even number"):
        open_subtask(SRGB_TO_SRGB, "synthetic", patch=15, seed=0)
