"""Generated pairs: the same for the same index, natural in their statistics, true to the camera model."""

import numpy as np
import pytest

from edgeisp.data import photos
from edgeisp.data.open import open_pairs
from edgeisp.data.samples import packed_samples
from edgeisp.data.scenes import scene
from edgeisp.data.synthetic import SyntheticPairs
from edgeisp.raw.color import color_input, decode_srgb, encode_srgb, srgb_from_camera
from edgeisp.raw.image import CFAS, NoiseProfile
from edgeisp.raw.noise import add_noise, phone_profile, phone_profiles, random_profile
from edgeisp.raw.pack import canonical, pack
from edgeisp.raw.reader import RawReader
from edgeisp.raw.unprocess import Camera, camera_rgb, noisy_planes, random_camera, unprocess

pytest.importorskip("skimage")
SMALL = SyntheticPairs(patch=16, scenes_alive=2)


def test_pair_is_a_pure_function_of_its_index() -> None:
    again = SyntheticPairs(patch=16, scenes_alive=2)
    for a, b in zip(SMALL[5], again[5], strict=True):
        assert np.array_equal(a, b)
    assert not np.array_equal(SMALL[5][0], SMALL[6][0])


def test_scenes_are_smoother_when_the_smooth_set_is_asked_for() -> None:
    def roughness(name: str) -> float:
        pairs = open_pairs(name, patch=16, seed=0, reader=RawReader())
        steps = [np.abs(np.diff(pairs[index].target, axis=2)).mean() for index in range(60)]
        return float(np.median(steps))

    assert roughness("synthetic-smooth") < 0.8 * roughness("synthetic")


def test_pair_has_the_shapes_and_ranges_that_training_expects() -> None:
    for index in range(12):
        raw, color, target, mask = SMALL[index]
        assert raw.shape == (4, 16, 16)
        assert color.shape == (9, 1, 1)
        assert target.shape == (3, 32, 32)
        assert mask.shape == (1, 32, 32)
        assert raw.dtype == color.dtype == target.dtype == mask.dtype == np.float32
        assert raw.max() <= 1
        assert mask.min() == 1
        assert target.min() >= 0
        assert target.max() <= 1


def test_training_and_test_photographs_are_disjoint() -> None:
    assert not set(photos.TEST) & {*photos.TRAIN, *photos.TRAIN_GREY}


def test_scenes_differ_and_reach_the_sampling_limit() -> None:
    a, b = (scene(64, np.random.default_rng(i)) for i in (0, 1))
    assert a.shape == (3, 64, 64)
    assert not np.array_equal(a, b)
    steps = [np.abs(np.diff(scene(64, np.random.default_rng(i)), axis=2)).max() for i in range(6)]
    assert max(steps) > 0.3


def test_canonical_planes_and_color_matrix_give_the_picture_back_when_there_is_no_noise() -> None:
    rng = np.random.default_rng(3)
    drawn = random_camera(rng)
    camera = Camera(drawn.color_matrix, drawn.white_balance, NoiseProfile(0, 0), "RGGB", 0, 65535)
    grey = np.linspace(0.05, 0.9, 8, dtype=np.float32)
    picture = np.tile(grey[None, :, None], (3, 1, 8)).repeat(2, 1).repeat(2, 2)
    raw = unprocess(picture, camera, rng)
    planes = canonical(pack(raw).planes, raw)
    assert np.allclose(planes, decode_srgb(np.tile(grey[None, :, None], (4, 1, 8))), atol=1e-4)
    matrix = color_input(srgb_from_camera(raw.color_matrix)).reshape(3, 3)
    assert np.allclose(matrix.sum(1), 1, atol=1e-5)


def test_unprocess_and_render_by_the_matrix_are_inverse_for_colours() -> None:
    rng = np.random.default_rng(1)
    camera = random_camera(rng)
    picture = rng.uniform(0.2, 0.6, (3, 4, 4)).astype(np.float32)
    picture = 0.7 * picture.mean(0) + 0.3 * picture
    signal = camera_rgb(picture, camera)
    gains = np.array(camera.white_balance) / min(camera.white_balance)
    linear = np.tensordot(camera.srgb_from_camera, signal * gains[:, None, None], 1)
    assert np.allclose(encode_srgb(linear), picture, atol=1e-4)


@pytest.mark.parametrize("cfa", CFAS)
def test_mosaic_of_any_layout_packs_to_the_same_planes(cfa: str) -> None:
    rng = np.random.default_rng(2)
    drawn = random_camera(rng)
    camera = Camera(drawn.color_matrix, drawn.white_balance, NoiseProfile(0, 0), cfa, 64, 1023)
    picture = np.full((3, 12, 8), 0.5, np.float32) * np.array([0.8, 1, 0.9], np.float32)[:, None, None]
    raw = unprocess(picture, camera, rng)
    reference = noisy_planes(picture, Camera(camera.color_matrix, camera.white_balance, camera.noise), rng)
    assert raw.cfa == cfa
    assert np.allclose(pack(raw).planes, reference, atol=2e-3)


def test_noise_has_the_variance_of_its_profile() -> None:
    profile = phone_profile("Samsung Galaxy S6", 1600)
    for level in (0.0, 0.1, 0.8):
        noisy = add_noise(np.full(200_000, level, np.float32), profile, np.random.default_rng(0))
        assert noisy.mean() == pytest.approx(level, abs=2e-3)
        assert noisy.var() == pytest.approx(profile.shot * level + profile.read, rel=0.02)


def test_measured_noise_lies_within_what_training_draws() -> None:
    drawn = [random_profile(np.random.default_rng(i)) for i in range(3000)]
    for profile in phone_profiles().values():
        assert min(p.shot for p in drawn) < profile.shot < max(p.shot for p in drawn)
        assert min(p.read for p in drawn) < profile.read < max(p.read for p in drawn)


def test_samples_are_reproducible_dark_bright_and_finite() -> None:
    a, b = packed_samples(4, 16, 24, seed=1), packed_samples(4, 16, 24, seed=1)
    assert a.shape == (4, 4, 16, 24)
    assert np.array_equal(a, b)
    assert np.isfinite(a).all()
    assert a[1].mean() < a[0].mean() < a[2].mean()
