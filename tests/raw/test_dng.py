from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rawpy

from edgeisp.errors import BadInputError
from edgeisp.raw import CFA, CFAS, RawImage, read_raw, write_dng
from edgeisp.raw.bayer import by_plane
from edgeisp.raw.color import srgb_from_camera


@pytest.mark.parametrize("cfa", CFAS)
@pytest.mark.parametrize("size", [(48, 66), (31, 45)])
def test_libraw_reads_a_dng_back_to_the_bit_when_we_wrote_it(
    cfa: CFA, size: tuple[int, int], make_raw: Callable[..., RawImage], tmp_path: Path
) -> None:
    samples = np.random.default_rng(0).integers(0, 65536, size).astype(np.uint16)
    raw = make_raw(mosaic=samples, cfa=cfa, white_level=65535.0)
    write_dng(raw, tmp_path / "a.dng")
    with rawpy.imread(str(tmp_path / "a.dng")) as libraw:
        np.testing.assert_array_equal(libraw.raw_image_visible, raw.mosaic)
        colors = libraw.raw_pattern.ravel()
        assert "".join("RGBG"[color] for color in colors) == cfa
        assert by_plane([libraw.black_level_per_channel[color] for color in colors], cfa) == raw.black_level
        assert libraw.white_level == 65535
        np.testing.assert_allclose(libraw.camera_whitebalance[:3], raw.white_balance, rtol=1e-6)
        np.testing.assert_allclose(libraw.color_matrix[:, :3], srgb_from_camera(raw.color_matrix), atol=1e-5)
        assert libraw.sizes.flip == 6


@pytest.mark.parametrize("cfa", CFAS)
def test_read_raw_gives_the_same_image_when_written_and_read(
    cfa: CFA, make_raw: Callable[..., RawImage], tmp_path: Path
) -> None:
    raw = make_raw(
        cfa=cfa,
        mosaic=make_raw().mosaic[:31, :45],
        black_level=(64.25, 65.1, 66.0, 67.9),
        white_balance=(1.99173, 1.0, 1.4412),
    )
    write_dng(raw, tmp_path / "a.dng")
    read = read_raw(tmp_path / "a.dng")
    np.testing.assert_array_equal(read.mosaic, raw.mosaic)
    np.testing.assert_allclose(read.black_level, raw.black_level, rtol=0, atol=1e-6)
    np.testing.assert_allclose(read.white_balance, raw.white_balance, rtol=0, atol=1e-6)
    np.testing.assert_allclose(read.color_matrix, raw.color_matrix, rtol=0, atol=1e-6)
    assert not read.mosaic.flags.writeable
    for name in ("cfa", "white_level", "iso", "noise", "orientation", "make", "model", "assumed", "ignored"):
        assert getattr(read, name) == getattr(raw, name), name


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="needs exiftool (libimage-exiftool-perl)")
def test_exiftool_reads_the_tags_when_we_wrote_them(
    make_raw: Callable[..., RawImage], tmp_path: Path
) -> None:
    write_dng(make_raw(cfa="GBRG", assumed=("white_balance",)), tmp_path / "a.dng")
    command = ["exiftool", "-json", "-n", "-validate", "-warning", str(tmp_path / "a.dng")]
    tags = json.loads(subprocess.run([*command, "-all"], capture_output=True, check=True).stdout)[0]
    expected = {
        "FileType": "DNG",
        "DNGVersion": "1 4 0 0",
        "Make": "Foo",
        "Model": "Bar 1",
        "UniqueCameraModel": "Foo Bar 1",
        "Orientation": 6,
        "ISO": 800,
        "BlackLevelRepeatDim": "2 2",
        "BlackLevel": "66 67 64 65",
        "WhiteLevel": 4095,
        "CalibrationIlluminant1": 21,
        "CFAPattern": "2 2 1 2 0 1",
        "NoiseProfile": "0.0001 1e-06",
        "ImageDescription": "assumed, not measured: white_balance",
    }
    assert {name: tags.get(name) for name in expected} == expected
    np.testing.assert_allclose(
        [float(x) for x in tags["AsShotNeutral"].split()], [1 / 2.1, 1, 1 / 1.7], rtol=1e-6
    )
    np.testing.assert_allclose(
        [float(x) for x in tags["ColorMatrix1"].split()], make_raw().color_matrix.ravel(), atol=1e-6
    )


def test_read_raw_reads_what_write_dng_left_out_when_it_is_unknown(
    make_raw: Callable[..., RawImage], tmp_path: Path
) -> None:
    write_dng(make_raw(iso=None, noise=None, make="", model=""), tmp_path / "a.dng")
    read = read_raw(tmp_path / "a.dng")
    assert (read.iso, read.noise, read.make, read.model) == (None, None, "", "")


def test_write_dng_writes_nothing_when_the_white_level_is_no_whole_number(
    make_raw: Callable[..., RawImage], tmp_path: Path
) -> None:
    with pytest.raises(BadInputError, match="WhiteLevel"):
        write_dng(make_raw(white_level=4095.5), tmp_path / "a.dng")
    assert list(tmp_path.iterdir()) == []


def test_write_dng_gives_the_same_bytes_when_called_twice(
    make_raw: Callable[..., RawImage], tmp_path: Path
) -> None:
    for name in ("a.dng", "b.dng"):
        write_dng(make_raw(), tmp_path / name)
    assert (tmp_path / "a.dng").read_bytes() == (tmp_path / "b.dng").read_bytes()


def test_camera_keeps_its_name_when_it_is_beyond_ascii(
    make_raw: Callable[..., RawImage], tmp_path: Path
) -> None:
    write_dng(make_raw(make="Xiaomi小米", model="é"), tmp_path / "a.dng")
    raw = read_raw(tmp_path / "a.dng")
    assert (raw.make, raw.model) == ("Xiaomi小米", "é")
