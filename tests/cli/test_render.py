from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgeisp.cli.main import main
from edgeisp.cli.render import FORMATS as formats
from edgeisp.render.output import FORMATS

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
        main(
            [
                "render",
                str(photo),
                "--checkpoint",
                str(checkpoint),
                "-o",
                str(output),
                "--exposure",
                "1",
                "--halo",
                "32",
            ]
        )
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
    assert render("--format", "TIFF", source=mine)["output"] == str(tmp_path / "IMG.tiff")
    assert Image.open(tmp_path / "IMG.tiff").size == (120, 80)


def test_format_has_the_names_that_pictures_may_end_in() -> None:
    assert {f".{name}" for name in formats} == set(FORMATS)


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


def test_frame_is_rendered_when_it_is_smaller_than_the_halo(
    render: Callable[..., dict[str, object]], tmp_path: Path
) -> None:
    np.random.default_rng(0).integers(64, 1023, (20, 18)).astype("<u2").tofile(tmp_path / "dump.raw")
    described = ["--raw-size", "18x20", "--bits", "10", "--cfa", "RGGB", "--black", "64"]
    assumed = ["--assume-white-balance", "1,1,1", "--assume-color-matrix", "srgb"]
    for halo, pixels in (("auto", 64), ("exact", 432)):
        given = ["-o", tmp_path / f"{halo}.png", "--halo", halo, *described, *assumed]
        assert render(*given, source=tmp_path / "dump.raw")["halo"] == pixels
    auto, exact = (np.asarray(Image.open(tmp_path / f"{halo}.png")).astype(int) for halo in ("auto", "exact"))
    assert auto.shape == (20, 18, 3)
    assert np.ptp(exact) > 100
    assert np.abs(auto - exact).max() <= 1


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["-o", "a.gif"], 2, "no picture format"),
        (["-o", "a.jpg", "--exposure", "bright"], 2, "--exposure"),
        (["-o", "a.jpg", "--tile", "500"], 2, "multiples of 16"),
        (["-o", "a.jpg", "--tile", "big"], 2, "--tile"),
        (["-o", "a.jpg", "--halo", "3"], 2, "--halo"),
        (["-o", "a.jpg", "--halo", "wide"], 2, "auto, exact, or pixels as a multiple of 16"),
        (["-o", "a.jpg", "--context", "quick"], 2, "fast, reference"),
        (
            ["-o", "a.jpg", "-m", "posisp", "--checkpoint", "posisp", "--context", "reference"],
            2,
            "posisp takes no crops",
        ),
        (["-o", "a.jpg", "--engine", "tfllite"], 2, "did you mean 'tflite'"),
        (["-o", "a.jpg", "--engine", "onnx"], 2, "--artifact"),
        (["-o", "a.jpg", "--model", "metaips"], 2, "did you mean 'metaisp'"),
        (["-o", "a.jpg", "--artifact", "none.onnx"], 2, "no such artifact"),
        (["-o", "a.jpg", "--artifact", ""], 2, "--artifact: no path"),
        (["-o", "a.jpg", "--halo", "10000", "--tile", "auto"], 2, "--halo: "),
        (["-o", "a.jpg", "--checkpoint", "none.safetensors"], 3, "no such checkpoint"),
        (["-o", "a.jpg", "--assume-cfa", "RGBG"], 2, "--assume-cfa"),
        (["-o", "a.jpg", "--raw-size", "10"], 2, "--raw-size"),
        (
            ["-o", "a.jpg", "--bits", "12"],
            2,
            "--bits: no effect without --raw-size -> add --raw-size, or leave",
        ),
        (
            ["-o", "a.jpg", "--fps", "30"],
            2,
            "--fps: no effect without --video -> add --video, or leave --fps out",
        ),
        (["-o", "a.jpg", "--smooth", "8"], 2, "--smooth: no effect without --video"),
        (["-o", "a.png", "--format", "png"], 2, "--format: no effect beside -o a.png"),
        (["-o", "a.jpg", "--exposure", "1e9"], 2, "'1e9' -> give stops from -10 to 10"),
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
    assert "the file itself" in str(render("-o", mine, source=mine, code=2)["error"])
    assert mine.read_bytes() == before


def test_picture_is_absent_when_the_raw_file_is_damaged(
    render: Callable[..., dict[str, object]], photo: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.dng"
    broken.write_bytes(photo.read_bytes()[:3000])
    render("-o", tmp_path / "a.jpg", source=broken, code=2)
    assert [path.name for path in tmp_path.iterdir()] == ["broken.dng"]


def test_folder_is_rendered_and_a_bad_file_is_told_and_left_out(
    render: Callable[..., dict[str, object]], photo: Path, tmp_path: Path
) -> None:
    folder, out = tmp_path / "card", tmp_path / "pictures"
    folder.mkdir()
    shutil.copy(photo, folder / "a.dng")
    shutil.copy(photo, folder / "c.dng")
    (folder / "b.dng").write_bytes(photo.read_bytes()[:300])
    (folder / "a.xmp").write_text("a sidecar")
    facts = render("-o", out, "--format", "png", source=folder, code=2)
    assert sorted(path.name for path in out.iterdir()) == ["a.png", "c.png"]
    assert [Path(one["photo"]).name for one in facts["rendered"]] == ["a.dng", "c.dng"]  # type: ignore[attr-defined]
    assert [Path(one["photo"]).name for one in facts["failed"]] == ["b.dng"]  # type: ignore[attr-defined]
    with Image.open(out / "a.png") as first, Image.open(out / "c.png") as second:
        assert first.size == (120, 80)
        assert np.array_equal(np.asarray(first), np.asarray(second))


def test_folder_without_raw_files_or_without_a_place_to_write_is_refused(
    tmp_path: Path, photo: Path, capfd: Captured
) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["render", str(tmp_path / "empty"), "-o", str(tmp_path / "out")]) == 2
    assert "no RAW files in this folder" in capfd.readouterr().err
    assert main(["render", str(photo.parent)]) == 2
    assert "name one with -o" in capfd.readouterr().err
    (tmp_path / "file").write_text("")
    assert main(["render", str(photo.parent), "-o", str(tmp_path / "file")]) == 2
    assert capfd.readouterr().err.startswith(
        f"error: {tmp_path / 'file'}: cannot be written: a file is in the way"
    )


def test_two_processes_render_a_folder_together(checkpoint: Path, photo: Path, tmp_path: Path) -> None:
    folder, out = tmp_path / "card", tmp_path / "pictures"
    folder.mkdir()
    for name in "abc":
        shutil.copy(photo, folder / f"{name}.dng")
    (folder / "d.dng").write_bytes(b"II")
    launcher = [sys.executable, "-P", "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"]
    verb = ["-m", "edgeisp", "render", str(folder), "-o", str(out), "--checkpoint", str(checkpoint), "--json"]
    # Away from the checkout, whose folder torchrun's workers would import instead of the package.
    done = subprocess.run([*launcher, *verb], capture_output=True, text=True, timeout=1200, cwd=tmp_path)
    assert done.returncode == 1  # torchrun's own, for our 2
    facts = json.loads(done.stdout)
    assert facts["processes"] == 2
    assert [Path(one["output"]).name for one in facts["rendered"]] == ["a.jpg", "b.jpg", "c.jpg"]
    assert [Path(one["photo"]).name for one in facts["failed"]] == ["d.dng"]
    assert len(list(out.iterdir())) == 3


def test_picture_is_denoised_by_a_network_that_takes_pictures(tmp_path: Path, capfd: Captured) -> None:
    rng = np.random.default_rng(0)
    noisy = np.clip(120 + 25 * rng.standard_normal((90, 70, 3)), 0, 255).astype(np.uint8)
    Image.fromarray(noisy).save(tmp_path / "noisy.png")
    given = ["render", str(tmp_path / "noisy.png"), "-m", "lwisp-denoise", "-o", str(tmp_path / "clean.png")]
    assert main([*given, "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["width"] == 70
    with Image.open(tmp_path / "clean.png") as image:
        clean = np.asarray(image, float)
    assert clean.shape == noisy.shape
    assert abs(clean.mean() - noisy.mean()) < 8
    assert clean.std() < 0.5 * noisy.std()
    assert main([*given, "--exposure", "1"]) == 2
    assert "--exposure: this network takes finished pictures" in capfd.readouterr().err
    assert main([*given, "--assume-cfa", "RGGB"]) == 2
    assert "--assume-cfa: this network takes finished pictures" in capfd.readouterr().err


def test_network_without_a_picture_is_refused(photo: Path, capfd: Captured) -> None:
    assert main(["render", str(photo), "-m", "lwisp-denoise-raw"]) == 2
    assert "makes no picture" in capfd.readouterr().err
