from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgeisp.cli.main import main

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def render(checkpoint: Path, photo: Path, capfd: Captured) -> Callable[..., dict[str, object]]:
    """Runs ``edgeisp render IMG.dng ... --json`` and returns its object."""

    def run(*arguments: str | Path, code: int = 0, source: Path = photo) -> dict[str, object]:
        given = [
            "render",
            source,
            "--checkpoint",
            checkpoint,
            "--threads",
            "1",
            "--halo",
            "16",
            "--json",
            *arguments,
        ]
        assert main([str(argument) for argument in given]) == code
        answer: dict[str, object] = json.loads(capfd.readouterr().out)
        return answer

    return run


def test_picture_is_written_when_all_is_well(
    render: Callable[..., dict[str, object]], tmp_path: Path
) -> None:
    facts = render("-o", tmp_path / "a.jpg", "--halo", "96")
    assert (facts["width"], facts["height"], facts["tile"], facts["halo"]) == (120, 80, [272, 320], 96)
    assert str(facts["ran_on"]).startswith("torch ")
    with Image.open(tmp_path / "a.jpg") as image:
        assert image.size == (120, 80)


def test_result_is_one_line_for_people(
    checkpoint: Path, photo: Path, tmp_path: Path, capfd: Captured
) -> None:
    output = tmp_path / "a.png"
    assert (
        main(["render", str(photo), "--checkpoint", str(checkpoint), "-o", str(output), "--exposure", "1"])
        == 0
    )
    out, err = capfd.readouterr()
    assert err == ""
    assert " ".join(out.split()).startswith(f"{output} 120x80, +1.00 EV, ")


def test_picture_lands_beside_the_photo_when_not_named(
    render: Callable[..., dict[str, object]], photo: Path, tmp_path: Path
) -> None:
    mine = shutil.copy(photo, tmp_path / "IMG.dng")
    assert render(source=mine)["output"] == str(tmp_path / "IMG.jpg")
    error = render(source=mine, code=2)["error"]
    assert "already" in str(error)


def test_named_picture_is_replaced(render: Callable[..., dict[str, object]], tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("old")
    render("-o", tmp_path / "a.png")
    assert Image.open(tmp_path / "a.png").size == (120, 80)


def test_exposure_brightens(render: Callable[..., dict[str, object]], tmp_path: Path) -> None:
    means = {}
    for stops in ("-1", "0", "auto"):
        facts = render("-o", tmp_path / f"{stops}.png", f"--exposure={stops}")
        means[stops] = np.asarray(Image.open(tmp_path / f"{stops}.png")).mean()
        assert stops == "auto" or facts["exposure_ev"] == float(stops)
    assert means["-1"] < means["0"] <= means["auto"]


def test_dump_is_rendered_when_described(render: Callable[..., dict[str, object]], tmp_path: Path) -> None:
    np.full((48, 64), 500, "<u2").tofile(tmp_path / "dump.raw")
    described = ["--raw-size", "64x48", "--bits", "10", "--cfa", "BGGR", "--black", "64"]
    assumed = ["--assume-white-balance", "1,1,1", "--assume-color-matrix", "srgb"]
    facts = render("-o", tmp_path / "a.png", *described, *assumed, source=tmp_path / "dump.raw")
    assert facts["assumed"] == ["white_balance", "color_matrix"]
    codes = np.asarray(Image.open(tmp_path / "a.png")).astype(int)
    expected = 255 * (1.055 * ((500 - 64) / (1023 - 64)) ** (1 / 2.4) - 0.055)
    assert np.abs(codes - expected).max() <= 1.5


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["-o", "a.gif"], 2, "no picture format"),
        (["-o", "a.jpg", "--exposure", "bright"], 2, "--exposure"),
        (["-o", "a.jpg", "--tile", "500"], 2, "multiples of 16"),
        (["-o", "a.jpg", "--tile", "big"], 2, "--tile"),
        (["-o", "a.jpg", "--halo", "3"], 2, "--halo"),
        (["-o", "a.jpg", "--engine", "tfllite"], 2, "did you mean 'tflite'"),
        (["-o", "a.jpg", "--engine", "onnx"], 2, "--artifact"),
        (["-o", "a.jpg", "--model", "metaips"], 2, "did you mean 'metaisp'"),
        (["-o", "a.jpg", "--artifact", "none.onnx"], 2, "no such manifest"),
        (["-o", "a.jpg", "--checkpoint", "none.safetensors"], 3, "no such checkpoint"),
        (["-o", "a.jpg", "--assume-cfa", "RGBG"], 2, "--assume-cfa"),
        (["-o", "a.jpg", "--raw-size", "10"], 2, "--raw-size"),
    ],
)
def test_option_is_refused_before_any_work(
    render: Callable[..., dict[str, object]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    error = render(*arguments, code=code)["error"]
    assert message in str(error)
    assert not list(tmp_path.iterdir())


def test_raw_file_is_never_overwritten(
    render: Callable[..., dict[str, object]], photo: Path, tmp_path: Path
) -> None:
    mine = shutil.copy(photo, tmp_path / "IMG.tif")
    before = mine.read_bytes()
    assert "RAW file itself" in str(render("-o", mine, source=mine, code=2)["error"])
    assert mine.read_bytes() == before


def test_picture_is_absent_when_the_raw_file_is_damaged(
    render: Callable[..., dict[str, object]], photo: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.dng"
    broken.write_bytes(photo.read_bytes()[:3000])
    render("-o", tmp_path / "a.jpg", source=broken, code=2)
    assert [path.name for path in tmp_path.iterdir()] == ["broken.dng"]
