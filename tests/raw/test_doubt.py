from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeisp.raw import CFA, CFAS, Assumptions, DumpFormat, RawImage, layout_doubt, read_dump
from edgeisp.raw.bayer import shifted

DATA = Path(__file__).parents[3] / "shared" / "data"
COLOURFUL = [
    ("bayer/ColorCheckerRAW_1920x1080_12bit_BGGR.raw", DumpFormat(1920, 1080, 12, "BGGR")),
    ("bayer/openisp_chart_1920x1080_10bit_RGGB.raw", DumpFormat(1920, 1080, 10, "RGGB")),
    ("bayer/DSC_1339_768x512_rggb.raw", DumpFormat(768, 512, 14, "RGGB", 600)),
]
GREY = [(f"rhid/raw/{stem}.raw", DumpFormat(512, 512, 12, "RGGB")) for stem in ("1082_3", "2066_9", "4654_4")]


def _mosaic(cfa: CFA, rng: Any) -> Any:
    """Coloured patches under noise, recorded by a sensor of layout ``cfa``."""
    patches = rng.uniform(200, 3000, (6, 6, 3)).repeat(32, 0).repeat(32, 1)
    colors = np.tile(np.array(["RGB".index(color) for color in cfa]).reshape(2, 2), (96, 96))
    picture = np.take_along_axis(patches, colors[..., None], axis=2)[..., 0]
    return np.clip(picture + rng.normal(0, 60, picture.shape), 0, 4095).astype(np.uint16)


@pytest.mark.parametrize("cfa", CFAS)
def test_layout_doubt_speaks_only_when_the_layout_is_off_by_one(
    cfa: CFA, make_raw: Callable[..., RawImage]
) -> None:
    mosaic = _mosaic(cfa, np.random.default_rng(0))
    assert layout_doubt(make_raw(mosaic=mosaic, cfa=cfa)) is None
    for wrong in (shifted(cfa, 0, 1), shifted(cfa, 1, 0)):
        assert cfa in str(layout_doubt(make_raw(mosaic=mosaic, cfa=wrong)))


def test_layout_doubt_is_silent_when_the_scene_is_grey(make_raw: Callable[..., RawImage]) -> None:
    mosaic = np.random.default_rng(0).normal(1000, 50, (192, 192)).astype(np.uint16)
    assert all(layout_doubt(make_raw(mosaic=mosaic, cfa=cfa)) is None for cfa in CFAS)


@pytest.mark.parametrize("offset", [0, 1])
def test_layout_doubt_is_silent_when_the_frame_is_dark(
    make_raw: Callable[..., RawImage], offset: int
) -> None:
    raw = make_raw()
    mosaic = np.full((192, 192), raw.black_level[0], np.uint16)
    mosaic[::2, 1::2] += offset  # one green of all layouts with green on this place
    assert all(layout_doubt(replace(raw, mosaic=mosaic, cfa=cfa)) is None for cfa in CFAS)


def _doubt(name: str, layout: DumpFormat) -> str | None:
    if not (DATA / name).is_file():
        pytest.skip("needs the development data")
    return layout_doubt(
        read_dump(DATA / name, layout, Assumptions(white_balance=(1.0, 1.0, 1.0), color_matrix="srgb"))
    )


@pytest.mark.parametrize(("name", "layout"), COLOURFUL + GREY)
def test_layout_doubt_is_silent_when_a_real_sensor_is_described_rightly(
    name: str, layout: DumpFormat
) -> None:
    assert _doubt(name, layout) is None


@pytest.mark.parametrize(("name", "layout"), COLOURFUL)
def test_layout_doubt_names_the_layout_when_a_real_sensor_is_described_wrongly(
    name: str, layout: DumpFormat
) -> None:
    assert layout.cfa in str(_doubt(name, replace(layout, cfa=shifted(layout.cfa, 1, 0))))
