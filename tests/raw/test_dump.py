from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeisp.errors import BadInputError
from edgeisp.raw import Assumptions, DumpFormat, pack, read_dump

COLOR = Assumptions(white_balance=(2.0, 1.0, 1.5), color_matrix="srgb")
DATA = Path(__file__).parents[3] / "shared" / "data"


def _write(path: Path, samples: Any, dtype: str = "<u2") -> Path:
    path.write_bytes(samples.astype(dtype).tobytes())
    return path


def test_read_dump_gives_the_samples_when_the_format_is_right(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).integers(0, 4096, (5, 7))
    raw = read_dump(_write(tmp_path / "a.raw", samples), DumpFormat.parse("7x5", 12, "bggr", 64), COLOR)
    np.testing.assert_array_equal(raw.mosaic, samples)
    assert (raw.cfa, raw.black_level, raw.white_level) == ("BGGR", (64.0,) * 4, 4095.0)
    assert raw.assumed == ("white_balance", "color_matrix")
    assert pack(raw).planes.max() == pytest.approx((samples.max() - 64) / 4031)


def test_read_dump_reads_single_bytes_when_bits_are_eight(tmp_path: Path) -> None:
    samples = np.arange(24).reshape(4, 6)
    raw = read_dump(_write(tmp_path / "a.raw", samples, "u1"), DumpFormat(6, 4, 8, "RGGB", white=200), COLOR)
    np.testing.assert_array_equal(raw.mosaic, samples)
    assert raw.white_level == 200


@pytest.mark.parametrize(
    ("bytes_found", "message"),
    [
        (90, "90 bytes; 10x8 at 12 bits are 160"),
        (200, "likely sizes: 10x10"),
        (2 * 64 * 36, "likely sizes: 64x36, 48x48"),
        (80, "8-bit"),
        (120, "packed 12-bit"),
        (161, "padded or there is a header"),
    ],
)
def test_read_dump_says_what_the_size_fits_when_it_is_wrong(
    bytes_found: int, message: str, tmp_path: Path
) -> None:
    (tmp_path / "a.raw").write_bytes(bytes(bytes_found))
    with pytest.raises(BadInputError, match=message):
        read_dump(tmp_path / "a.raw", DumpFormat(10, 8, 12, "RGGB"), COLOR)


def test_read_dump_names_the_largest_value_when_it_exceeds_the_bits(tmp_path: Path) -> None:
    samples = np.full((4, 4), 5000)
    with pytest.raises(BadInputError, match=r"value 5000, above the 1023 of 10 bits -> pass --bits 13"):
        read_dump(_write(tmp_path / "a.raw", samples), DumpFormat(4, 4, 10, "RGGB"), COLOR)


def test_read_dump_asks_for_the_colour_when_nothing_is_assumed(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.raw", np.full((4, 4), 500))
    with pytest.raises(BadInputError, match="--assume-color-matrix"):
        read_dump(path, DumpFormat(4, 4, 12, "RGGB"))
    with pytest.raises(BadInputError, match="--assume-white-balance"):
        read_dump(path, DumpFormat(4, 4, 12, "RGGB"), Assumptions(color_matrix="srgb"))


@pytest.mark.parametrize(
    ("size", "bits", "cfa", "option"),
    [
        ("1920*1080", 12, "RGGB", "--raw-size"),
        ("0x8", 12, "RGGB", "--raw-size"),
        ("8x8", 17, "RGGB", "--bits"),
        ("8x8", 12, "RGBG", "--cfa"),
    ],
)
def test_dump_format_names_the_option_when_its_text_is_wrong(
    size: str, bits: int, cfa: str, option: str
) -> None:
    with pytest.raises(BadInputError, match=option):
        DumpFormat.parse(size, bits, cfa)


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("bayer/ColorCheckerRAW_1920x1080_12bit_BGGR.raw", DumpFormat(1920, 1080, 12, "BGGR", 36)),
        ("bayer/openisp_chart_1920x1080_10bit_RGGB.raw", DumpFormat(1920, 1080, 10, "RGGB")),
        ("bayer/DSC_1339_768x512_rggb.raw", DumpFormat(768, 512, 14, "RGGB", 600)),
        ("rhid/raw/1082_3.raw", DumpFormat(512, 512, 12, "RGGB")),
    ],
)
def test_read_dump_reads_real_files_when_they_are_at_hand(name: str, layout: DumpFormat) -> None:
    if not (DATA / name).is_file():
        pytest.skip("needs the development data")
    raw = read_dump(DATA / name, layout, Assumptions(white_balance="gray-world", color_matrix="srgb"))
    assert all(0.4 < gain < 2.5 for gain in raw.white_balance)
    assert 0 < np.median(pack(raw).planes) < 0.5
