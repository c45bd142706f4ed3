from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, TiffImagePlugin

from edgeisp.errors import BadInputError
from edgeisp.raw import RawImage, write_dng
from edgeisp.render.exif import EXIF_IFD, Exif
from edgeisp.render.output import FORMATS, format_of, srgb_profile, write_picture

EXIF = Exif(
    {271: "Foo", 272: "Bar 1", 306: "2026:01:02 03:04:05"},
    {33434: 0.01, 34855: 400, 36867: "2026:01:02 03:04:05"},
)


def picture(suffix: str) -> np.ndarray:
    bits = FORMATS[suffix].bits
    codes = np.random.default_rng(0).integers(0, 2**bits, (134, 50, 3))
    return codes.astype(np.uint8 if bits == 8 else np.uint16)


def write(picture: np.ndarray, path: Path, exif: Exif) -> None:
    """In bands of 20 rows, and what is left."""
    write_picture([picture[y : y + 20] for y in range(0, len(picture), 20)], picture.shape[:2], path, exif)


@pytest.mark.parametrize("suffix", FORMATS)
def test_picture_is_read_back_with_profile_and_exif(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"new folder/a{suffix}"
    write(picture(suffix), path, EXIF)
    with Image.open(path) as image:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        exif = image.getexif()
        assert image.size == (50, 134)
    assert "sRGB" in ImageCms.getProfileDescription(profile)
    assert (exif[271], exif[272], exif[306]) == ("Foo", "Bar 1", "2026:01:02 03:04:05")
    assert exif.get(274, 1) == 1
    if FORMATS[suffix].bits == 8:
        photo = exif.get_ifd(EXIF_IFD)
        assert (photo[34855], float(photo[33434]), photo[36867]) == (400, 0.01, "2026:01:02 03:04:05")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_picture_is_written_when_the_camera_has_a_name_beyond_ascii(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    write(picture(suffix), path, Exif({271: "Xiaomi小米", 33432: "© Zoë"}))
    assert path.stat().st_size > 0
    if suffix == ".tif":
        with tifffile.TiffFile(path) as tiff:
            assert tiff.pages[0].tags[271].value == "Xiaomi小米"


def test_png_and_tiff_keep_every_bit(tmp_path: Path) -> None:
    for suffix in (".png", ".tif"):
        write(picture(suffix), tmp_path / f"a{suffix}", Exif())
    assert np.array_equal(np.asarray(Image.open(tmp_path / "a.png")), picture(".png"))
    assert np.array_equal(tifffile.imread(tmp_path / "a.tif"), picture(".tif"))


def test_jpeg_keeps_color_at_full_resolution(tmp_path: Path) -> None:
    red_blue = np.zeros((32, 32, 3), np.uint8)
    red_blue[:, ::2, 0] = red_blue[:, 1::2, 2] = 200
    write(red_blue, tmp_path / "a.jpg", Exif())
    assert np.abs(np.asarray(Image.open(tmp_path / "a.jpg")).astype(int) - red_blue).mean() < 6


@pytest.mark.parametrize("suffix", FORMATS)
def test_same_picture_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    files = [tmp_path / f"{i}{suffix}" for i in range(2)]
    for file in files:
        srgb_profile.cache_clear()
        write(picture(suffix), file, EXIF)
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("a.jpgg", "'.jpgg' -> end it in one of .jpg,"),
        ("a", "end it in one of"),
        ("a.dng", ".png"),
        ("text.txt/a.jpg", "text.txt: this is a file, not a folder"),
    ],
)
def test_format_is_refused_when_it_cannot_be_written(tmp_path: Path, name: str, what: str) -> None:
    (tmp_path / "text.txt").write_text("")
    with pytest.raises(BadInputError, match=what):
        format_of(tmp_path / name)


def test_format_is_refused_when_path_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.png").mkdir()
    with pytest.raises(BadInputError, match="folder"):
        format_of(tmp_path / "a.png")


def test_old_picture_stays_when_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"old")
    with pytest.raises(TypeError):
        write(picture(".tif"), path, Exif())
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.jpg"]


def test_exif_is_that_of_the_raw_file(tmp_path: Path, make_raw: Callable[..., RawImage]) -> None:
    raw = make_raw(make="Foo", model="Bar 1", orientation=6)
    write_dng(raw, tmp_path / "a.dng")
    exif = Exif.of(raw, tmp_path / "a.dng")
    assert exif.main[271] == "Foo"
    assert exif.photo[34855] == 100
    assert 274 not in exif.main


def test_exif_is_kept_when_the_raw_file_has_an_exif_directory(
    tmp_path: Path, make_raw: Callable[..., RawImage]
) -> None:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[EXIF_IFD] = {33437: TiffImagePlugin.IFDRational(18, 10), 42036: "Lens 1", 37500: b"maker note"}
    Image.new("L", (8, 8)).save(tmp_path / "a.tif", tiffinfo=tags)
    exif = Exif.of(make_raw(), tmp_path / "a.tif")
    assert float(exif.photo[33437]) == 1.8
    assert exif.photo[42036] == "Lens 1"
    assert 37500 not in exif.photo


def test_exif_is_what_the_image_knows_when_the_file_is_no_tiff(
    tmp_path: Path, make_raw: Callable[..., RawImage]
) -> None:
    (tmp_path / "dump.raw").write_bytes(bytes(100))
    assert Exif.of(make_raw(), tmp_path / "dump.raw") == Exif({}, {34855: 100})
