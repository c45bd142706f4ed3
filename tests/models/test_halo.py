"""Sides of tiles that go with a halo."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgeisp.models.halo import LARGE, frugal_tile, largest_halo, least_tile, overhead


@given(st.integers(0, 60), st.sampled_from([2, 4, 16]))
def test_sides_are_the_smallest_that_do(multiple: int, step: int) -> None:
    halo = multiple * step
    least, frugal = least_tile(halo, step), frugal_tile(halo, step)
    assert least % step == frugal % step == 0
    assert least - step <= 2 * halo < least
    assert largest_halo((least, least), step) == halo
    assert overhead((frugal, frugal), halo) <= LARGE
    assert frugal == least or overhead((frugal - step, frugal - step), halo) > LARGE
