from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from edgeisp.engines.torch import TorchProgram
from edgeisp.models import checkpoint
from edgeisp.raw import RawImage
from edgeisp.render.frame import Frame
from edgeisp.render.quantize import Quantizer
from edgeisp.render.renderer import Renderer
from edgeisp.render.sequence import Level, Smoothing, flicker, kept


def test_context_is_the_mean_of_all_until_it_looks_back_no_further() -> None:
    smooth = Smoothing(4)
    values = [float(smooth({"c": np.float32([v])})["c"][0]) for v in (4, 0, 2, 2, 10)]
    assert values == pytest.approx([4, 2, 2, 2, 4])


def test_context_is_as_it_comes_when_one_frame_is_looked_at() -> None:
    smooth = Smoothing(1)
    assert [float(smooth({"c": np.float32([v])})["c"][0]) for v in (4, 0, 7)] == [4, 0, 7]


def test_level_is_that_of_the_whole_picture() -> None:
    picture = np.random.default_rng(0).integers(0, 65536, (64, 48, 3)).astype(np.uint16)
    level = Level()
    bands = [picture[:20], picture[20:21], picture[21:]]
    assert np.array_equal(np.concatenate(list(level.watch(bands))), picture)
    assert np.allclose(level.codes, picture.mean((0, 1)) / 257)


def test_fade_does_not_flicker_and_every_other_frame_does() -> None:
    fade = [np.full(3, 3.0 * k) for k in range(5)]
    blink = [np.full(3, float(k % 2)) for k in range(5)]
    assert flicker(fade) == pytest.approx(0)
    assert flicker(blink) == pytest.approx(2)
    assert flicker(fade[:2]) is None


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.03, list(range(6))), (0.1, list(range(6))), (0.15, [0, 1, 3, 4]), (0.25, [0, 2, 5]), (9.0, [0])],
)
def test_frames_are_lost_when_they_take_longer_than_the_camera(seconds: float, expected: list[int]) -> None:
    assert kept([seconds] * 6, 10) == expected


def test_noise_of_single_frames_flickers_less_when_contexts_are_smoothed(
    make_raw: Callable[..., RawImage], make_renderer: Callable[..., Renderer]
) -> None:
    scene, rng = make_raw(), np.random.default_rng(0)
    bundled = make_renderer(of=TorchProgram(checkpoint.load("metaisp").network))

    def noisy() -> Frame:
        mosaic = scene.mosaic + rng.normal(0, 1500, scene.mosaic.shape)
        return Frame.of(replace(scene, mosaic=np.clip(mosaic, 0, 16383).astype(np.uint16)))

    still = Frame.of(scene)
    contexts = [bundled.context(noisy()) for _ in range(6)]

    def moved(smoothing: Smoothing) -> float:
        """Flicker of a frame that stands still under the contexts of noisy ones."""
        levels = []
        for context in contexts:
            level = Level()
            settled = smoothing(context)
            renderer = replace(bundled, steady=lambda _, now=settled: now)
            list(level.watch(renderer.bands(still, Quantizer(16))))
            levels.append(level.codes)
        return flicker(levels) or 0.0

    assert 0 < moved(Smoothing(8)) < 0.5 * moved(Smoothing(1))
