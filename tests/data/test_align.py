"""Alignment: a known warp is found again, through other colours and noise."""

import numpy as np
import pytest

pytest.importorskip("cv2")

import cv2

from edgeisp.data.align import align, align_frame, map_colors, rendering, trusted
from edgeisp.data.frame import Bytes, MemoryFrame, Sensor, Window
from edgeisp.data.scenes import dead_leaves, painted

SIZE = 192


@pytest.fixture(scope="module")
def picture() -> Bytes:
    scene = painted(dead_leaves, SIZE, np.random.default_rng(4))
    return np.round(scene * 255).astype(np.uint8).transpose(1, 2, 0).copy()


def recolored(picture: Bytes, noise: float) -> Bytes:
    """``picture`` as a darker, greener camera sees it."""
    matrix = np.array([[0.7, 0.2, 0.0], [0.1, 0.85, 0.05], [0.0, 0.3, 0.5]])
    light = (picture / 255) ** 1.3 @ matrix.T * 0.7
    return np.clip(light * 255 + np.random.default_rng(0).normal(0, noise, picture.shape), 0, 255).astype(
        np.uint8
    )


def decibels(a: Bytes, b: Bytes, mask: Bytes) -> float:
    return float(-10 * np.log10(np.mean(((a / 255.0 - b / 255.0) ** 2)[mask > 0])))


def test_mapping_takes_over_the_colours_of_the_picture(picture: Bytes) -> None:
    other = recolored(picture, 0)
    everywhere = np.ones((SIZE, SIZE), np.uint8)
    mapped = map_colors(other, picture, everywhere)
    assert decibels(mapped, picture, everywhere) > 30 > 15 > decibels(other, picture, everywhere)


def test_shifted_and_recoloured_picture_comes_back_onto_its_raw(picture: Bytes) -> None:
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    right, down = 2.5 + np.sin(y / 40), -1.5 + np.cos(x / 50)
    truth = cv2.remap(picture, x + right, y + down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    found = align(recolored(truth, 4), picture)
    assert found.mask.mean() > 0.6
    assert found.shift == pytest.approx(np.median(np.hypot(right, down)), abs=0.3)
    before, after = (decibels(p, truth, found.mask) for p in (picture, found.picture))
    assert after > before + 8


def test_mask_leaves_out_what_came_from_outside_the_picture(picture: Bytes) -> None:
    found = align(recolored(picture[:, :-12], 0), picture[:, 12:].copy())
    assert found.mask[:, :8].mean() < 0.2
    assert found.mask[:, 24:-24].mean() > 0.7


def test_flow_is_trusted_only_where_it_leads_home() -> None:
    there = np.full((20, 20, 2), 1.0, np.float32)
    back = -there
    back[10:] = 3.0
    mask = trusted(there, back)
    assert mask[:8, :19].all()
    assert not mask[12:].any()
    assert not mask[:, 19].any()


def test_rendering_keeps_the_phase_of_the_mosaic_and_neutral_grey() -> None:
    mosaic = np.zeros((16, 16), np.uint16)
    mosaic[0::2, 0::2], mosaic[0::2, 1::2], mosaic[1::2, 0::2], mosaic[1::2, 1::2] = 260, 510, 510, 343
    neutral = Sensor((10.0,) * 4, 1010.0, (2.0, 1.0, 1.5), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    inner = rendering(mosaic, neutral)[3:-3, 3:-3]
    assert np.ptp(inner.astype(int)) <= 1
    assert inner[0, 0, 1] == 188


def test_aligned_frame_keeps_its_mosaic(picture: Bytes) -> None:
    frame = MemoryFrame(
        Window(picture[..., 1].astype(np.uint16) * 4, picture, np.ones((SIZE, SIZE), np.uint8)),
        Sensor((0.0,) * 4, 1023.0, (1.0, 1.0, 1.0), (1, 0, 0, 0, 1, 0, 0, 0, 1)),
    )
    found = align_frame(frame)
    assert found.whole.mosaic is frame.whole.mosaic
    assert found.whole.picture.shape == picture.shape
    assert set(np.unique(found.whole.mask)) <= {0, 1}
