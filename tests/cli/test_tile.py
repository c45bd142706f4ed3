"""`edgeisp render --tile auto`, `--memory`, and folders of artifacts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from edgeisp.cli.artifacts import found, of_tile
from edgeisp.cli.engine import EngineOptions
from edgeisp.cli.fit_artifacts import _Artifacts
from edgeisp.cli.main import main
from edgeisp.cli.options import parse_bytes
from edgeisp.engines import ENGINES
from edgeisp.errors import BadInputError
from edgeisp.files import sha256

Captured = pytest.CaptureFixture[str]


def artifact(folder: Path, side: int, precision: str = "fp32") -> Path:
    """A file that is none, with a manifest that holds together."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "metaisp.tflite"
    path.write_bytes(b"x")
    half = side // 2
    ports = [
        {"name": "raw", "shape": [1, 4, half, half]},
        {"name": "color", "shape": [1, 9, 1, 1]},
        {"name": "context", "shape": [1, 112]},
    ]
    tile = {"file": path.name, "inputs": ports, "outputs": [{"name": "rgb", "shape": [1, 3, side, side]}]}
    context = {"file": path.name, "inputs": [], "outputs": [ports[2]]}
    told = {
        "manifest": 1,
        "model": "metaisp",
        "target": "tflite",
        "precision": precision,
        "functions": {"tile": tile, "context": context},
        "tile": [side, side],
        "stride": 8,
        "halo": {"auto": 64, "exact": 432, "error_codes": 0.1, "pictures": 6},
        "checkpoint": {"name": "a", "sha256": "0" * 64},
        "costs": {},
        "rewrites": {},
        "tools": {},
        "files": [{"name": path.name, "sha256": sha256(path), "bytes": 1}],
        "delegation": {},
        "verification": {"status": "unverified", "reason": "a test"},
    }
    (folder / "metaisp.tflite.edgeisp.json").write_text(json.dumps(told))
    return path


@pytest.fixture
def tiles(tmp_path: Path) -> Path:
    """A folder of three artifacts."""
    for side in (512, 256, 1024):
        artifact(tmp_path / "tiles" / str(side), side)
    return tmp_path / "tiles"


def test_folder_lists_its_artifacts_by_tile(tiles: Path) -> None:
    assert [one.manifest.tile[0] for one in found(tiles)] == [256, 512, 1024]
    (one,) = of_tile(found(tiles), (512, 512))
    assert one.path == tiles / "512" / "metaisp.tflite"
    assert one.source_tile == (256, 256)


def test_tile_that_no_artifact_has_is_refused_with_those_there_are(
    tiles: Path, photo: Path, tmp_path: Path, capfd: Captured
) -> None:
    given = ["render", str(photo), "-o", str(tmp_path / "a.jpg"), "--artifact", str(tiles), "--tile", "640"]
    assert main(given) == 2
    assert "tiles are 256x256, 512x512, 1024x1024, not 640x640" in capfd.readouterr().err


def test_folder_is_refused_when_artifacts_differ_in_more_than_their_tile(tiles: Path) -> None:
    artifact(tiles / "int8", 512, "w8a8")
    with pytest.raises(
        BadInputError, match=r"artifacts of 2 kinds: metaisp tflite fp32 .*, metaisp tflite w8a8"
    ):
        found(tiles)
    (tiles / "empty").mkdir()
    with pytest.raises(BadInputError, match="no artifact in this folder"):
        found(tiles / "empty")


def test_halo_that_leaves_no_core_is_refused_with_the_largest_that_does_and_the_tiles_that_would(
    tiles: Path, photo: Path, tmp_path: Path, capfd: Captured
) -> None:
    given = ["render", str(photo), "-o", str(tmp_path / "a.jpg"), "--artifact", str(tiles / "512")]
    assert main([*given, "--halo", "exact", "--tile", "auto"]) == 2
    err = capfd.readouterr().err
    assert "tile of 512 pixels has no core within a halo of 432" in err
    assert "export a tile of at least 880, better 2048" in err
    assert "or render with --halo 240 or less" in err
    assert "`edgeisp export metaisp --target tflite --precision fp32 --checkpoint a --tile 2048`" in err


def test_tile_to_export_for_a_small_halo_has_a_core_within_the_default_one_too(
    tmp_path: Path, photo: Path, capfd: Captured
) -> None:
    path = artifact(tmp_path, 64)
    (one,) = found(path)
    assert one.tiles(32) == (144, 160)
    assert one.tiles(16) == (144, 144)
    assert main(["render", str(photo), "--artifact", str(path), "--halo", "32"]) == 2
    assert "export a tile of at least 144, better 160: `edgeisp export metaisp" in capfd.readouterr().err


def test_cure_names_no_option_when_the_verb_has_none(tmp_path: Path, capfd: Captured) -> None:
    path = artifact(tmp_path, 128)
    assert main(["compare", "metaisp", str(path), "-o", str(tmp_path / "out")]) == 2
    err = capfd.readouterr().err
    assert "tile of 128 pixels has no core within a halo of 64 -> export a tile of at least 144" in err
    assert "--halo" not in err


@pytest.mark.parametrize(
    ("halo", "smaller"),
    [
        (
            64,
            "an artifact of smaller tiles (`edgeisp export metaisp --target tflite --precision fp32 --checkpoint a "
            "--tile 256`)",
        ),
        (
            240,
            "an artifact of smaller tiles (`edgeisp export metaisp --target tflite --precision fp32 --checkpoint a "
            "--tile 496`)",
        ),
        (248, ""),
    ],
)
def test_smaller_tile_than_an_artifacts_is_another_export(tiles: Path, halo: int, smaller: str) -> None:
    engine, artifacts = ENGINES.get("tflite"), found(tiles / "512")
    assert _Artifacts(EngineOptions(), engine, artifacts, lambda path: [], halo)._smaller() == smaller


def test_tile_of_which_most_is_halo_is_told_with_what_it_costs(
    checkpoint: Path, photo: Path, tmp_path: Path, capfd: Captured
) -> None:
    given = ["render", str(photo), "--checkpoint", str(checkpoint), "--halo", "32", "-q"]
    assert main([*given, "-o", str(tmp_path / "a.png"), "--tile", "80"]) == 0
    assert capfd.readouterr().err == (
        "warning: tiles of 80x80 pixels with a halo of 32 compute 25.0 pixels for each one they write "
        "-> give a larger --tile, or --tile auto\n"
    )
    for quiet in ("192", "160"):  # one tile; less than three times the work
        assert main([*given, "-o", str(tmp_path / "a.png"), "--tile", quiet]) == 0
        assert capfd.readouterr().err == ""


def test_frame_smaller_than_the_halo_is_rendered_and_told(
    checkpoint: Path, tmp_path: Path, capfd: Captured
) -> None:
    photo, picture = tmp_path / "small.dng", tmp_path / "a.png"
    assert main(["sample", "--size", "66x64", "-o", str(photo), "-q"]) == 0
    given = ["render", str(photo), "--checkpoint", str(checkpoint), "--halo", "80", "-o", str(picture), "-q"]
    assert main(given) == 0
    assert picture.is_file()
    assert capfd.readouterr().err == (
        "warning: the frame of 66x64 pixels is smaller than the halo of 80: most of what the network sees is its "
        "mirror image\n"
    )


@pytest.mark.parametrize(
    ("tile", "lacks"),
    [
        ("0", "has no core within a halo of 32"),
        ("99999x99999", "is off the stride of 16"),
        ("72", "is off the stride of 16"),
        ("64", "has no core within a halo of 32"),
    ],
)
def test_tile_is_refused_with_its_own_numbers_and_the_least_that_does(
    checkpoint: Path, photo: Path, tmp_path: Path, capfd: Captured, tile: str, lacks: str
) -> None:
    given = ["render", str(photo), "-o", str(tmp_path / "a.jpg"), "--checkpoint", str(checkpoint)]
    assert main([*given, "--halo", "32", "--tile", tile]) == 2
    size = tile if "x" in tile else f"{tile}x{tile}"
    assert capfd.readouterr().err == (
        f"error: --tile: a tile of {size} pixels {lacks} -> give multiples of 16, of at least 80, or a smaller "
        "--halo\n"
    )


def test_artifact_without_a_context_function_is_refused_when_its_tile_takes_one(
    tiles: Path, photo: Path, tmp_path: Path, capfd: Captured
) -> None:
    described = tiles / "512" / "metaisp.tflite.edgeisp.json"
    told = json.loads(described.read_text())
    del told["functions"]["context"]
    described.write_text(json.dumps(told))
    given = ["render", str(photo), "-o", str(tmp_path / "a.jpg"), "--artifact", str(tiles / "512")]
    assert main(given) == 2
    assert "tile function takes context, which none of its functions makes" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("text", "expected"), [("600MB", 600_000_000), ("2 GB", 2_000_000_000), ("1.5g", 1_500_000_000)]
)
def test_memory_is_read_in_powers_of_a_thousand(text: str, expected: int) -> None:
    assert parse_bytes(text, "--memory") == expected


@pytest.mark.parametrize("text", ["", "600", "-1MB", "much"])
def test_memory_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(BadInputError, match="give megabytes or gigabytes"):
        parse_bytes(text, "--memory")


def test_memory_that_cannot_be_read_is_refused_before_anything_is_opened(capfd: Captured) -> None:
    assert main(["render", "absent.dng", "--artifact", "absent.tflite", "--memory", "5", "--json"]) == 2
    error = json.loads(capfd.readouterr().out)["error"]
    assert (error["where"], error["what"]) == ("--memory", "cannot read '5'")


def test_tile_is_chosen_and_told_when_it_is_left_to_us(
    checkpoint: Path, photo: Path, tmp_path: Path, capfd: Captured
) -> None:
    given = [
        "render",
        str(photo),
        "--checkpoint",
        str(checkpoint),
        "--threads",
        "1",
        "--halo",
        "16",
        "--json",
    ]
    assert main([*given, "-o", str(tmp_path / "a.png"), "--tile", "auto"]) == 0
    facts = json.loads(capfd.readouterr().out)
    assert facts["tile"] == [112, 160]  # the whole photo of 120x80 with its halo, on the stride
    assert "of" in facts["tile_choice"]
    assert main([*given, "-o", str(tmp_path / "b.png"), "--tile", "256", "--memory", "1MB"]) == 2
    error = json.loads(capfd.readouterr().out)["error"]
    assert "--memory allows 1 MB" in error["what"]
    assert re.fullmatch("give [0-9]+ MB", error["cure"])
    assert not (tmp_path / "b.png").exists()
