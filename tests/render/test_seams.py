"""Tiles agree: the trained network, a picture in one piece against tiles with the halo that render uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from edgeisp.data.sample_scene import sample_raw
from edgeisp.engines.torch import TorchProgram
from edgeisp.models.checkpoint import load
from edgeisp.raw.image import Floats
from edgeisp.render.frame import Frame
from edgeisp.render.halo import halo_of
from edgeisp.render.quantize import Quantizer
from edgeisp.render.renderer import Renderer

HALO = halo_of(load("metaisp"))


@pytest.fixture(scope="module")
def pictures(make_renderer: Callable[..., Renderer]) -> Callable[[int, int], Floats]:
    """Renders a detailed, noisy part of the sample scene with a tile and a halo; codes of 8 bits, not rounded."""
    raw = sample_raw(600, 400)
    frame = Frame.of(replace(raw, mosaic=raw.mosaic[120:376, 60:380]))
    program = TorchProgram(load("metaisp").network)

    def render(tile: int, halo: int) -> Floats:
        codes: Any = make_renderer(tile, halo, of=program).render(frame, Quantizer(16))
        return np.asarray(codes / 257, np.float32)

    return render


@pytest.fixture(scope="module")
def whole(pictures: Callable[[int, int], Floats]) -> Floats:
    """In one piece, with all that it could see around it."""
    return pictures(320 + 2 * HALO.exact, HALO.exact)


def test_tiles_agree_to_half_a_code_when_the_halo_is_auto(
    pictures: Callable[[int, int], Floats], whole: Floats
) -> None:
    assert np.abs(pictures(256, HALO.auto) - whole).max() < 0.5


def test_tiles_agree_when_the_halo_is_exact(pictures: Callable[[int, int], Floats], whole: Floats) -> None:
    assert np.abs(pictures(160 + 2 * HALO.exact, HALO.exact) - whole).max() <= 1 / 257


def test_seams_would_show_without_a_halo(pictures: Callable[[int, int], Floats], whole: Floats) -> None:
    assert np.abs(pictures(128, 0) - whole).max() > 5
