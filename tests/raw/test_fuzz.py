"""Damaged DNGs give an image or a typed error of one line, whatever byte is wrong."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeisp.errors import BadInputError
from edgeisp.raw import Assumptions, RawImage, read_raw, write_dng
from edgeisp.raw.settle import judge_metadata
from edgeisp.raw.tags import DngTags, read_tags

TAGS_ENTRY = 12
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def dng(make_raw: Callable[..., RawImage], tmp_path: Path) -> Path:
    write_dng(make_raw(), tmp_path / "sound.dng")
    return tmp_path / "sound.dng"


def _tag_bytes(data: bytes) -> int:
    """Where the tags and their values end: the mosaic is written behind them."""
    start = struct.unpack_from("<I", data, 4)[0]
    entries = struct.unpack_from("<H", data, start)[0]
    places = range(start + 2, start + 2 + TAGS_ENTRY * entries, TAGS_ENTRY)
    values = {struct.unpack_from("<H", data, place)[0]: place + 8 for place in places}
    return int(struct.unpack_from("<I", data, values[273])[0])


@settings(PATIENT, max_examples=12)
@given(draw=st.data())
def test_read_raw_gives_an_image_or_a_typed_error_when_bytes_are_damaged(
    draw: st.DataObject, dng: Path
) -> None:
    data = bytearray(dng.read_bytes())
    for _ in range(draw.draw(st.integers(0, 3), "flips")):
        data[draw.draw(st.integers(0, _tag_bytes(dng.read_bytes()) - 1), "at")] = draw.draw(
            st.integers(0, 255), "byte"
        )
    damaged = dng.with_name("damaged.dng")
    length = draw.draw(st.just(len(data)) | st.integers(0, len(data)), "length")
    damaged.write_bytes(data[:length])
    with contextlib.suppress(BadInputError):
        assert isinstance(read_raw(damaged), RawImage)


@settings(PATIENT, max_examples=300)
@given(draw=st.data())
def test_read_tags_raises_typed_errors_only_when_a_tag_byte_is_damaged(
    draw: st.DataObject, dng: Path
) -> None:
    data = bytearray(dng.read_bytes())
    at = draw.draw(st.integers(4, _tag_bytes(bytes(data)) - 1), "at")
    data[at] = draw.draw(st.integers(0, 255), "byte")
    damaged = dng.with_name("damaged.dng")
    damaged.write_bytes(data)
    try:
        tags = read_tags(damaged)
        if isinstance(tags, DngTags):
            judge_metadata(tags.facts, Assumptions(), damaged)
    except BadInputError as error:
        assert "\n" not in str(error)
