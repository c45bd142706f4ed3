from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

from edgeisp.errors import BadInputError
from edgeisp.raw import RawImage, pack
from edgeisp.raw.canonical import canonical_planes
from edgeisp.render.exposure import auto_exposure, parse_exposure
from edgeisp.render.frame import Frame, _mean


def test_window_is_part_of_the_mirrored_planes(make_raw: Callable[..., RawImage]) -> None:
    raw = make_raw("GBRG")
    planes = canonical_planes(pack(raw).planes, raw.white_balance)
    padded = np.pad(planes, ((0, 0), (20, 20), (20, 20)), "reflect")
    frame = Frame.of(raw)
    height, width = frame.size
    for top, left in ((-20, -20), (5, 7), (height - 30, width - 30)):
        expected = padded[:, top + 20 : top + 70, left + 20 : left + 70]
        assert np.allclose(frame.window(top, left, *expected.shape[1:]), expected, atol=1e-6)


def test_exposure_saturates_when_positive(make_raw: Callable[..., RawImage]) -> None:
    raw = make_raw()
    plain, bright = (Frame.of(raw, stops).window(0, 0, 80, 120) for stops in (0.0, 1.0))
    assert np.allclose(bright, np.minimum(2 * plain, 1), atol=1e-5)
    assert bright.max() == 1


def test_exposure_scales_white_when_negative(make_raw: Callable[..., RawImage]) -> None:
    raw = make_raw()
    plain, dark = (Frame.of(raw, stops).window(0, 0, 80, 120) for stops in (0.0, -2.0))
    assert np.allclose(dark, plain / 4)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("cfa", ["RGGB", "BGGR"])
def test_upright_planes_look_like_the_picture(
    make_raw: Callable[..., RawImage], cfa: str, orientation: int
) -> None:
    frame = Frame.of(make_raw(cfa, orientation=orientation))
    plane = frame.upright(frame.window(0, 0, *frame.size)[1])
    picture = np.kron(frame.window(0, 0, *frame.size)[1], np.ones((2, 2), np.float32))[..., None]
    assert np.array_equal(plane, frame.packed.restore(picture)[::2, ::2, 0])


def test_reduced_is_the_mean_on_the_stride(make_raw: Callable[..., RawImage]) -> None:
    frame = Frame.of(make_raw())
    reduced = frame.reduced(40 * 60, 8)
    assert reduced.shape == (4, 40, 56)
    assert reduced[2, 3, 5] == pytest.approx(frame.window(6, 10, 2, 2)[2].mean(), abs=1e-6)


def test_auto_exposure_brings_highlights_to_white(make_raw: Callable[..., RawImage]) -> None:
    raw = make_raw()
    dark = make_raw(white_level=256 + (raw.white_level - 256) * 4)
    stops = auto_exposure(Frame.of(dark))
    assert stops == pytest.approx(auto_exposure(Frame.of(raw)) + 2, abs=0.01)
    bright = Frame.of(dark, stops)
    assert (bright.window(0, 0, *bright.size).max(0) >= 1).mean() == pytest.approx(0.01, abs=0.003)


def test_auto_exposure_is_bounded_when_all_is_black(make_raw: Callable[..., RawImage]) -> None:
    raw = make_raw(mosaic=np.full((64, 64), 256, np.uint16))
    assert auto_exposure(Frame.of(raw)) == 4


@pytest.mark.parametrize(("text", "stops"), [("0", 0.0), ("-1.5", -1.5), (" 2 ", 2.0), ("AUTO", None)])
def test_exposure_is_read(text: str, stops: float | None) -> None:
    assert parse_exposure(text) == stops


@pytest.mark.parametrize("text", ["bright", "nan", "inf", "1e9", ""])
def test_exposure_is_refused_when_no_number_of_stops(text: str) -> None:
    with pytest.raises(BadInputError, match=f"--exposure: .*{text}.* -> give stops from -10 to 10"):
        parse_exposure(text)


def test_rendering_an_artifact_loads_no_torch() -> None:
    modules = (
        "edgeisp.cli.fit_artifacts, edgeisp.render.renderer, edgeisp.render.output, edgeisp.engines.tflite"
    )
    code = f"import sys, {modules}; print('torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


def test_thumbnail_adds_one_value_after_the_other_as_the_apps_do() -> None:
    rng = np.random.default_rng(0)
    values = (rng.standard_normal((2, 301, 1)) * 10.0 ** rng.integers(-8, 8, (2, 301, 1))).astype(np.float32)
    total = np.zeros((2, 1))
    for row in range(301):
        total = total + values[:, row].astype(np.float64)
    assert np.array_equal(_mean(values), total / 301)
    assert not np.array_equal(values.mean(1, np.float64), total / 301)
