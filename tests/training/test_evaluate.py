"""Evaluation: the metrics, LibRaw as the yardstick, and the bundled weights against it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torchmetrics")
pytest.importorskip("skimage")

from edgeisp.data.scenes import dead_leaves, painted
from edgeisp.errors import BadInputError
from edgeisp.models.checkpoint import load
from edgeisp.processes import Processes, T
from edgeisp.raw import write_dng
from edgeisp.raw.image import NoiseProfile
from edgeisp.raw.reader import RawReader
from edgeisp.raw.unprocess import DAYLIGHT_MATRICES, Camera, unprocess
from edgeisp.training.evalset import evaluation_set, synthetic_test
from edgeisp.training.evaluate import evaluate, render_whole
from edgeisp.training.libraw import DEMOSAICS, FBDD, libraw_pictures
from edgeisp.training.metrics import psnr, quality

CAMERA = Camera(
    DAYLIGHT_MATRICES["Sony ILCE-7"], (2.0, 1.0, 1.6), NoiseProfile(1e-4, 1e-6), "GBRG", 256, 4095
)


def test_psnr_is_that_of_the_definition() -> None:
    rng = np.random.default_rng(0)
    a = rng.random((3, 40, 50), np.float32)
    b = np.clip(a + rng.normal(0, 0.05, a.shape), 0, 1).astype(np.float32)
    inner = (slice(None), slice(8, -8), slice(8, -8))
    assert psnr(b, a) == pytest.approx(-10 * np.log10(np.mean((a[inner] - b[inner]) ** 2)), abs=1e-3)


def test_equal_pictures_are_perfect_and_noise_is_worse() -> None:
    picture = painted(dead_leaves, 64, np.random.default_rng(0))
    noisy = np.clip(picture + np.random.default_rng(1).normal(0, 0.1, picture.shape), 0, 1).astype(np.float32)
    same, worse = quality(picture, picture), quality(noisy, picture)
    assert same.ssim == pytest.approx(1)
    assert same.delta_e == pytest.approx(0, abs=1e-6)
    assert worse.ssim < 0.95
    assert worse.delta_e > 1


def test_libraw_renders_every_setting_with_our_colours() -> None:
    truth = np.full((3, 64, 48), 0.5, np.float32) * np.array([1.0, 0.8, 0.6], np.float32)[:, None, None]
    quiet = Camera(CAMERA.color_matrix, CAMERA.white_balance, NoiseProfile(0, 0), "GRBG", 256, 4095)
    pictures = libraw_pictures(unprocess(truth, quiet, np.random.default_rng(0)))
    assert len(pictures) == len(DEMOSAICS) * len(FBDD)
    for name, picture in pictures.items():
        assert picture.shape == truth.shape
        assert np.abs(picture - truth)[:, 24:-24, 20:-20].max() < 3 / 255, name


def test_whole_frame_of_odd_size_keeps_size_and_orientation() -> None:
    truth = painted(dead_leaves, 48, np.random.default_rng(0))[:, :45, :]
    raw = unprocess(truth, CAMERA, np.random.default_rng(0))
    picture = render_whole(load("metaisp").network, raw)
    assert picture.shape == truth.shape
    assert psnr(picture, truth) > psnr(np.roll(picture, 1, 2), truth) + 1


def test_bundled_weights_beat_libraw_on_a_photograph_at_high_noise() -> None:
    picture = next(p for p in synthetic_test() if p.iso == 1600 and p.name == "chelsea.png")
    score = evaluate(load("metaisp").network, [picture]).scores[0]
    assert score.gain > 3
    assert score.network.ssim > score.libraw.ssim
    assert score.network.delta_e < score.libraw.delta_e


def test_test_pictures_are_always_the_same() -> None:
    first, second = next(synthetic_test()), next(synthetic_test())
    assert np.array_equal(first.raw.mosaic, second.raw.mosaic)


def test_unknown_set_is_refused() -> None:
    with pytest.raises(BadInputError, match="known: synthetic-test"):
        evaluation_set("zurich", RawReader())


def test_real_pairs_are_read_with_the_options_of_a_dump(shared_data: Path) -> None:
    from edgeisp.raw import Assumptions, DumpFormat

    reader = RawReader(
        DumpFormat(512, 512, 12, "RGGB"), Assumptions(white_balance=(1.0, 1.0, 1.0), color_matrix="srgb")
    )
    pictures = evaluation_set(f"pairs:{shared_data / 'rhid'}", reader)
    assert len(pictures) == 7
    picture = render_whole(load("metaisp").network, pictures[0].raw)
    assert picture.shape == pictures[0].truth.shape


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pairs of a camera with an odd sensor whose pictures are shifted by two pixels."""
    for name in ("raw", "rgb"):
        (tmp_path / name).mkdir()
    for number in range(3):
        scene = painted(dead_leaves, 131, np.random.default_rng(number))
        raw = unprocess(scene[:, 2:, 2:], CAMERA, np.random.default_rng(0))
        write_dng(raw, tmp_path / "raw" / f"{number}.dng")
        picture = np.round(scene[:, :-2, :-2] * 255).astype(np.uint8).transpose(1, 2, 0)
        Image.fromarray(picture).save(tmp_path / "rgb" / f"{number}.png")
    return tmp_path


def test_pairs_are_measured_against_original_and_aligned_truth(folder: Path) -> None:
    original, aligned = evaluate(
        load("metaisp").network, evaluation_set(f"pairs:{folder}", RawReader())
    ).scores
    assert (original.protocol, aligned.protocol) == ("original", "aligned")
    assert original.pictures == aligned.pictures == 3
    assert original.valid == 1 > aligned.valid > 0.5
    assert aligned.network.psnr > original.network.psnr + 3
    assert original.best_libraw == aligned.best_libraw
    assert aligned.libraw is not None
    assert aligned.libraw.psnr > original.libraw_psnr[original.best_libraw] + 3


def test_bad_pair_stops_evaluation_unless_skipped(folder: Path) -> None:
    (folder / "rgb" / "1.png").write_bytes(b"no picture")
    network = load("metaisp").network
    with pytest.raises(BadInputError, match=r"1\.png: not a whole picture .*--skip-bad"):
        evaluate(network, evaluation_set(f"pairs:{folder}", RawReader()))
    outcome = evaluate(network, evaluation_set(f"pairs:{folder}", RawReader(), True), skip_bad=True)
    assert outcome.scores[0].pictures == 2
    assert len(outcome.left_out) == 1


def test_processes_share_the_pictures_and_get_the_same_scores(folder: Path) -> None:
    network, pictures = load("metaisp").network, evaluation_set(f"pairs:{folder}", RawReader())
    seen: list[str] = []

    class Second(Processes):
        def gather(self, value: T) -> list[T]:
            return [value]

    evaluate(network, pictures, seen.append, processes=Second(1, 2))
    assert seen == ["1.dng"]
