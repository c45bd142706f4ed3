from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from edgeisp.errors import BadInputError
from edgeisp.raw import CFA, CFAS, RawImage, pack
from edgeisp.raw.pack import upright


def _raw(
    mosaic: Any, cfa: CFA = "RGGB", orientation: int = 1, black: Any = (0.0,) * 4, white: float = 1000.0
) -> RawImage:
    return RawImage(
        mosaic.astype(np.uint16), cfa, black, white, (1.0, 1.0, 1.0), np.eye(3), orientation=orientation
    )


def _record(picture: Any, cfa: CFA) -> Any:
    """The mosaic that a sensor of layout ``cfa`` makes of an ``H x W x 3`` picture."""
    height, width = picture.shape[:2]
    colors = np.tile(np.array(["RGB".index(color) for color in cfa]).reshape(2, 2), (height, width))[
        :height, :width
    ]
    return np.take_along_axis(picture, colors[..., None], axis=2)[..., 0]


@given(
    cfa=st.sampled_from(CFAS),
    height=st.integers(2, 9),
    width=st.integers(2, 9),
    orientation=st.integers(1, 8),
    channels_first=st.booleans(),
)
def test_restore_gives_the_picture_back_when_packed_in_any_layout_size_and_orientation(
    cfa: CFA, height: int, width: int, orientation: int, channels_first: bool
) -> None:
    scene = np.random.default_rng(height * 10 + width).integers(1, 1000, (height, width, 3))
    packed = pack(_raw(_record(scene, cfa), cfa, orientation))

    # A perfect network returns the scene on the grid of the planes: padded and flipped as they are.
    rows, columns = (-1 if flip else 1 for flip in packed.flips)
    seen = np.pad(scene, ((0, height % 2), (0, width % 2), (0, 0)), "reflect")[::rows, ::columns]
    planes = np.round(packed.planes * 1000).astype(int)
    for plane, (y, x, color) in zip(planes, [(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)], strict=True):
        np.testing.assert_array_equal(plane, seen[y::2, x::2, color])

    picture = packed.restore(seen.transpose(2, 0, 1) if channels_first else seen)
    expected = upright(scene, orientation)
    np.testing.assert_array_equal(picture, expected.transpose(2, 0, 1) if channels_first else expected)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_agrees_with_pillow_when_a_picture_is_turned(orientation: int) -> None:
    pixels = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    image = Image.fromarray(pixels)
    image.getexif()[274] = orientation
    np.testing.assert_array_equal(upright(pixels, orientation), np.asarray(ImageOps.exif_transpose(image)))


@pytest.mark.parametrize("cfa", CFAS)
def test_planes_are_scaled_by_their_own_black_when_levels_differ(cfa: CFA) -> None:
    levels = {"R": 10.0, "Gr": 20.0, "Gb": 30.0, "B": 40.0}
    red_row = cfa.index("R") // 2
    block = [
        f"G{'r' if place // 2 == red_row else 'b'}" if color == "G" else color
        for place, color in enumerate(cfa)
    ]
    dark = np.tile(np.array([levels[name] for name in block]).reshape(2, 2), (3, 3))
    black = tuple(levels.values())
    np.testing.assert_array_equal(pack(_raw(dark, cfa, black=black)).planes, 0)
    np.testing.assert_allclose(pack(_raw(np.full((6, 6), 1000), cfa, black=black)).planes, 1, rtol=1e-6)
    np.testing.assert_allclose(
        pack(_raw(np.zeros((6, 6)), cfa, black=black)).planes[:, 0, 0],
        [-level / (1000 - level) for level in levels.values()],
        rtol=1e-6,
    )


def test_window_is_a_part_of_the_planes_when_sliced(make_raw: Callable[..., RawImage]) -> None:
    packed = pack(make_raw(cfa="GBRG"))
    window = packed.window(slice(3, 9), slice(30, 99))
    assert window.shape == (4, 6, 3)
    np.testing.assert_array_equal(window, packed.planes[:, 3:9, 30:])


def test_pack_copies_nothing_when_the_size_is_even(make_raw: Callable[..., RawImage]) -> None:
    raw = make_raw(cfa="BGGR")
    assert np.shares_memory(pack(raw).mosaic, raw.mosaic)


def test_restore_refuses_a_picture_when_it_has_another_size(make_raw: Callable[..., RawImage]) -> None:
    with pytest.raises(BadInputError, match="give 48 x 66 x 3"):
        pack(make_raw()).restore(np.zeros((24, 33, 3)))
