from __future__ import annotations

import io
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from edgeisp.errors import BadInputError
from edgeisp.raw import Assumptions, RawImage, pack, read_raw, write_dng
from edgeisp.raw.facts import Failed
from edgeisp.raw.libraw_child import decode

LOSSLESS_JPEG = Path(__file__).with_name("lossless_jpeg.dng")

MakeDng = Callable[..., Path]

X_TRANS = bytes("RGB".index(color) for color in "GGRGGBGGBGGRBRGRBGGGBGGRGGRGGBRBGBRG")


def test_read_raw_crops_layout_and_blacks_together_when_the_active_area_starts_odd(make_dng: MakeDng) -> None:
    samples = np.random.default_rng(0).integers(64, 4096, (48, 66)).astype(np.uint16)
    raw = read_raw(make_dng({50829: ("I", 4, (3, 5, 46, 61))}, samples))
    np.testing.assert_array_equal(raw.mosaic, samples[3:46, 5:61])
    assert raw.cfa == "RGGB"  # DNG counts CFAPattern and BlackLevel from the active area
    assert raw.black_level == (64.25, 65.0, 66.0, 67.0)


def test_read_raw_finds_the_mosaic_when_a_preview_comes_first(
    dng_tags: dict[int, Any], tmp_path: Path
) -> None:
    """Most cameras' DNGs: a preview and the colour in the first IFD, the mosaic and its levels in a sub-IFD."""
    samples = np.random.default_rng(0).integers(64, 4096, (48, 66)).astype(np.uint16)
    colour = {code: tag for code, tag in dng_tags.items() if code in (50706, 50721, 50728, 50778)}
    levels = {code: tag for code, tag in dng_tags.items() if code not in colour}
    with tifffile.TiffWriter(tmp_path / "a.dng") as writer:
        for data, tags, options in (
            (
                np.zeros((200, 300, 3), np.uint8),
                colour,
                {"photometric": "rgb", "subfiletype": 1, "subifds": 1},
            ),
            (samples, levels, {"photometric": tifffile.PHOTOMETRIC.CFA, "subfiletype": 0}),
        ):
            writer.write(
                data, metadata=None, extratags=[(code, *tag, True) for code, tag in tags.items()], **options
            )
    raw = read_raw(tmp_path / "a.dng")
    np.testing.assert_array_equal(raw.mosaic, samples)
    assert raw.black_level == (64.25, 65.0, 66.0, 67.0)
    assert raw.white_balance == pytest.approx((2, 1, 1.5))


def test_read_raw_applies_the_linearization_table_when_there_is_one(make_dng: MakeDng) -> None:
    samples = np.arange(48 * 66).reshape(48, 66).astype(np.uint16)
    raw = read_raw(make_dng({50712: ("H", 4096, tuple(range(0, 8192, 2)))}, samples))
    np.testing.assert_array_equal(raw.mosaic, 2 * samples)


def test_read_raw_reads_tiles_when_the_dng_is_tiled(make_dng: MakeDng) -> None:
    samples = np.random.default_rng(0).integers(64, 4096, (50, 70)).astype(np.uint16)
    np.testing.assert_array_equal(read_raw(make_dng(data=samples, tile=(32, 32))).mosaic, samples)


@pytest.mark.parametrize(
    ("code", "tag", "assume"),
    [
        (33422, "CFAPattern", Assumptions(cfa="RGGB")),
        (50714, "BlackLevel", Assumptions(black_level=(64.0,) * 4)),
        (50717, "WhiteLevel", Assumptions(white_level=4095.0)),
        (50728, "AsShotNeutral", Assumptions(white_balance="gray-world")),
        (50721, "ColorMatrix1", Assumptions(color_matrix="srgb")),
    ],
)
def test_read_raw_names_the_tag_and_its_option_when_it_is_absent(
    code: int, tag: str, assume: Assumptions, make_dng: MakeDng
) -> None:
    path = make_dng({code: None})
    (field,) = (name for name, value in vars(assume).items() if value is not None)
    with pytest.raises(BadInputError, match=f"no {tag} tag -> pass --assume-{field.replace('_', '-')}"):
        read_raw(path)
    raw = read_raw(path, assume)
    assert raw.assumed == (field,)
    assert np.isfinite(pack(raw).planes).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({33422: ("B", 4, bytes((9, 9, 9, 9)))}, "CFAPattern 9 9 9 9 is no Bayer layout"),
        ({33422: ("B", 4, bytes((0, 1, 0, 1)))}, "CFAPattern RGRG is no Bayer layout"),
        ({33421: ("H", 2, (6, 6)), 33422: ("B", 36, X_TRANS)}, "X-Trans"),
    ],
)
def test_read_raw_names_the_value_when_it_is_impossible(
    changes: Any, message: str, make_dng: MakeDng
) -> None:
    with pytest.raises(BadInputError, match=message) as caught:
        read_raw(make_dng(changes))
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


def test_read_raw_refuses_a_demosaiced_dng_when_given_one(make_dng: MakeDng) -> None:
    data = np.zeros((48, 66, 3), np.uint16)
    with pytest.raises(BadInputError, match="already demosaiced"):
        read_raw(make_dng(data=data, photometric=tifffile.PHOTOMETRIC.LINEAR_RAW))


def test_read_raw_names_the_size_when_it_is_smaller_than_libraw_opens(make_dng: MakeDng) -> None:
    with pytest.raises(BadInputError, match="30x20 pixels: LibRaw opens none under 22x22"):
        read_raw(make_dng(data=np.full((20, 30), 500, np.uint16)))


def test_read_raw_refuses_a_monochrome_dng_when_given_one(make_dng: MakeDng) -> None:
    path = make_dng()
    cfa, linear = (struct.pack("<HHIH", 262, 3, 1, kind) for kind in (32803, 34892))
    path.write_bytes(path.read_bytes().replace(cfa, linear))
    with pytest.raises(BadInputError, match="monochrome"):
        read_raw(path)


def test_read_raw_names_both_offsets_when_a_dng_is_truncated(make_dng: MakeDng) -> None:
    path = make_dng()
    whole = path.read_bytes()
    path.write_bytes(whole[:4000])
    with pytest.raises(
        BadInputError,
        match=f"damaged.dng: truncated: the mosaic ends at byte {len(whole)}, the file at byte 4000",
    ):
        read_raw(path)


def test_read_raw_decodes_lossless_jpeg_when_a_dng_is_compressed() -> None:
    # Two tiles encoded by imagecodecs.ljpeg_encode, wrapped by tifffile; phones write DNGs of this kind.
    rows, columns = np.mgrid[:32, :64]
    expected = 64 + (rows * 37 + columns * 11) % 1000 + 2000 * (rows % 2) * (columns % 2)
    np.testing.assert_array_equal(read_raw(LOSSLESS_JPEG).mosaic, expected)


def test_read_raw_names_the_byte_when_compressed_data_are_damaged(tmp_path: Path) -> None:
    data = bytearray(LOSSLESS_JPEG.read_bytes())
    data[-400:-380] = bytes(20)
    (tmp_path / "a.dng").write_bytes(data)
    with pytest.raises(BadInputError, match=rf"LibRaw finds corrupt data at byte \d+ \(of {len(data)}\)"):
        read_raw(tmp_path / "a.dng")


def _jpeg() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (64, 64)).save(stream, "JPEG")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"II*\0\x08\0\0\0", "TIFF tags are damaged"),
        (b"MM\0*" + bytes(500), "TIFF tags are damaged"),
        (np.random.default_rng(0).bytes(5000), "no RAW file it knows"),
        (_jpeg(), "LibRaw cannot open it: a JPEG"),
    ],
)
def test_read_raw_names_the_file_when_it_is_no_raw(data: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.dng").write_bytes(data)
    with pytest.raises(BadInputError, match=f"a.dng: .*{message}"):
        read_raw(tmp_path / "a.dng")


def test_read_raw_names_the_path_when_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"missing\.dng: no such file"):
        read_raw(tmp_path / "missing.dng")


def test_read_raw_says_too_large_when_libraw_refuses_the_size(make_dng: MakeDng) -> None:
    path = make_dng()
    data = path.read_bytes()
    for code, side in ((256, 66), (257, 48)):
        data = data.replace(*(struct.pack("<HHII", code, 4, 1, value) for value in (side, 60000)))
    path.write_bytes(data)
    with pytest.raises(BadInputError, match="larger than LibRaw decodes"):
        read_raw(path)


class TestOtherMakers:
    """TIFF-based RAWs without DNG tags: what LibRaw knows of the camera counts."""

    SONY = (
        (271, "s", 0, "SONY", True),
        (272, "s", 0, "ILCE-7", True),
        (34855, "H", 1, 400, True),
        (274, "H", 1, 8, True),
    )
    BAYER = ((33421, "H", 2, (2, 2), True), (33422, "B", 4, bytes((1, 2, 0, 1)), True))

    def _write(self, path: Path, tags: Any) -> Any:
        samples = np.random.default_rng(0).integers(600, 10000, (24, 3900)).astype(np.uint16)
        tifffile.imwrite(
            path, samples, photometric=tifffile.PHOTOMETRIC.CFA, subfiletype=0, metadata=None, extratags=tags
        )
        return samples

    def test_read_raw_uses_libraws_levels_and_matrix_when_it_knows_the_camera(self, tmp_path: Path) -> None:
        samples = self._write(tmp_path / "a.arw", self.SONY + self.BAYER)
        raw = read_raw(tmp_path / "a.arw", Assumptions(white_balance=(2.0, 1.0, 1.5)))
        np.testing.assert_array_equal(raw.mosaic, samples)
        assert (raw.cfa, raw.black_level, raw.white_level) == ("GBRG", (512.0,) * 4, 16383.0)
        assert (raw.make, raw.model, raw.iso, raw.orientation) == ("SONY", "ILCE-7", 400, 8)
        assert raw.assumed == ("white_balance",)
        np.testing.assert_allclose(raw.color_matrix[0], [0.5271, -0.0712, -0.0347], rtol=1e-5)

    def test_read_raw_refuses_libraws_stand_ins_when_it_does_not_know_the_camera(
        self, tmp_path: Path
    ) -> None:
        self._write(tmp_path / "a.nef", ((271, "s", 0, "Foo", True), *self.BAYER))
        given: dict[str, Any] = {"color_matrix": "srgb", "white_balance": "gray-world"}
        for name, level in (("black_level", (600.0,) * 4), ("white_level", 9999.0)):
            noun = name.replace("_", " ")
            with pytest.raises(BadInputError, match=f"no {noun} in the file or in LibRaw -> pass --assume-"):
                read_raw(tmp_path / "a.nef", Assumptions(**given))
            given[name] = level
        assert read_raw(tmp_path / "a.nef", Assumptions(**given)).cfa == "GBRG"

    def test_read_raw_says_truncated_when_libraw_runs_out_of_data(self, tmp_path: Path) -> None:
        self._write(tmp_path / "a.arw", self.SONY + self.BAYER)
        data = (tmp_path / "a.arw").read_bytes()
        (tmp_path / "a.arw").write_bytes(data[:-1000])
        with pytest.raises(BadInputError, match=rf"LibRaw runs out of bytes \(of {len(data) - 1000}\)"):
            read_raw(tmp_path / "a.arw", Assumptions(white_balance="gray-world"))


@pytest.mark.parametrize(
    ("script", "message"), [("kill -SEGV $$", "died of SIGSEGV"), ("exec sleep 60", "longer than 1 s")]
)
def test_read_raw_names_the_death_when_its_process_dies(
    script: str, message: str, make_dng: MakeDng, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    monkeypatch.setattr("edgeisp.raw.read.sys.executable", str(python))
    monkeypatch.setattr("edgeisp.raw.read.SECONDS", 1)
    with pytest.raises(BadInputError, match=message):
        read_raw(make_dng())


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS does not bound the address space")
def test_the_decoding_process_is_bounded_when_it_asks_for_too_much_memory() -> None:
    code = "from edgeisp.raw.libraw_child import MEMORY_BYTES, limit; limit(); bytearray(MEMORY_BYTES)"
    child = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)
    assert "MemoryError" in child.stderr


def test_decode_gives_the_reason_when_the_file_vanishes_before_it_is_opened(tmp_path: Path) -> None:
    failed = decode(tmp_path / "gone.dng")
    assert isinstance(failed, Failed)
    assert failed.what == "the file cannot be read (No such file or directory)"


def test_importing_raw_loads_no_decoder_when_nothing_is_read() -> None:
    code = "import sys, edgeisp.raw; print([m for m in ('torch', 'rawpy', 'tifffile') if m in sys.modules])"
    assert (
        subprocess.run(
            [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "[]"
    )


def test_read_raw_finds_its_decoder_when_the_working_folder_holds_modules(
    make_raw: Callable[..., RawImage], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dng(make_raw(), tmp_path / "a.dng")
    (tmp_path / "numpy.py").write_text("raise SystemExit('a stranger')")
    monkeypatch.chdir(tmp_path)
    assert read_raw(Path("a.dng")).cfa == "RGGB"


@pytest.mark.parametrize(
    ("assume", "said"),
    [
        (Assumptions(white_balance=(1.0, float("inf"), 1.0)), "^--assume-white-balance: .*finite gains"),
        (Assumptions(color_matrix=(0.0,) * 9), "^--assume-color-matrix: .*cannot be inverted"),
        (Assumptions(black_level=(5000.0,) * 4), "^--assume-black-level, --assume-white-level: .*4095"),
    ],
)
def test_read_raw_blames_the_option_when_what_is_assumed_cannot_be(
    assume: Assumptions, said: str, make_dng: MakeDng
) -> None:
    with pytest.raises(BadInputError, match=said):
        read_raw(make_dng(), assume)


def test_read_raw_says_so_when_it_is_given_a_folder(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="this is a folder"):
        read_raw(tmp_path)


def test_read_raw_does_without_the_iso_when_it_is_no_number(make_dng: MakeDng) -> None:
    assert read_raw(make_dng({34855: ("s", 0, "hi")})).iso is None


def test_read_raw_names_the_tag_when_it_holds_text(make_dng: MakeDng) -> None:
    with pytest.raises(BadInputError, match="WhiteLevel holds no numbers"):
        read_raw(make_dng({50717: ("s", 0, "bright")}))


def test_read_raw_says_that_it_is_older_when_a_dng_asks_for_a_newer_reader(make_dng: MakeDng) -> None:
    assert "DNGBackwardVersion 9.9.0.0" in read_raw(make_dng({50707: ("B", 4, bytes((9, 9, 0, 0)))})).ignored


@pytest.mark.parametrize(("profile", "applied"), [("lab", True), ("other", False)])
def test_read_raw_calibrates_the_matrix_when_both_signatures_agree(
    profile: str, applied: bool, make_dng: MakeDng
) -> None:
    double = ("2i", 9, tuple(part for entry in (2 * np.eye(3)).ravel().astype(int) for part in (entry, 1)))
    expected = read_raw(make_dng()).color_matrix * (2 if applied else 1)
    path = make_dng({50723: double, 50931: ("s", 0, "lab"), 50932: ("s", 0, profile)})
    np.testing.assert_allclose(read_raw(path).color_matrix, expected)
