from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeisp.errors import BadInputError
from edgeisp.render.tiles import grid, mirrored, spans

sides = st.tuples(
    st.integers(1, 700),
    st.integers(1, 12),
    st.integers(0, 4),
    st.sampled_from([1, 2, 8]),
)


@given(sides)
def test_spans_write_every_pixel_once(side: tuple[int, int, int, int]) -> None:
    length, core, halo, stride = side
    tile, margin = (core + 2 * halo) * stride, halo * stride
    written = [pixel for s in spans(length, tile, margin, stride) for pixel in range(s.start, s.stop)]
    assert written == list(range(length))


@given(sides)
def test_spans_lie_on_the_stride_and_keep_the_halo(side: tuple[int, int, int, int]) -> None:
    length, core, halo, stride = side
    tile, margin = (core + 2 * halo) * stride, halo * stride
    for span in spans(length, tile, margin, stride):
        assert span.read % stride == 0
        assert span.within.start >= margin
        assert span.within.stop <= tile - margin


def test_last_tile_stays_inside_when_frame_is_no_multiple_of_the_core() -> None:
    last = spans(100, 64, 16, 4)[-1]
    assert (last.read, last.start, last.stop) == (100 - 32 - 16, 96, 100)


def test_grid_goes_row_by_row() -> None:
    corners = [(rows.start, columns.start) for rows, columns in grid((40, 70), (32, 48), 8, 8)]
    assert corners == [(0, 0), (0, 32), (0, 64), (16, 0), (16, 32), (16, 64), (32, 0), (32, 32), (32, 64)]


@pytest.mark.parametrize(("tile", "halo"), [(32, 16), (32, 20), (33, 8), (32, 3), (32, -8)])
def test_spans_refuse_when_tile_and_halo_do_not_fit(tile: int, halo: int) -> None:
    with pytest.raises(BadInputError, match="multiples of 16"):
        spans(100, tile, halo, 8)


@given(st.integers(2, 9), st.integers(0, 30), st.integers(0, 30))
def test_mirrored_is_numpys_reflection(length: int, before: int, after: int) -> None:
    axis = np.arange(length)
    expected = np.pad(axis, (before, after), "reflect")
    assert np.array_equal(mirrored(-before, before + length + after, length), expected)


def test_mirrored_repeats_the_pixel_when_there_is_one() -> None:
    assert mirrored(-2, 5, 1).tolist() == [0, 0, 0, 0, 0]
