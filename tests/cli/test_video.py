from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from edgeisp.cli.main import main
from edgeisp.errors import Terminated
from edgeisp.raw import read_raw
from edgeisp.render.sequence import Level

Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def burst(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five frames of 96x64."""
    folder = tmp_path_factory.mktemp("sequence") / "burst"
    assert main(["sample", "--frames", "5", "--size", "96x64", "-o", str(folder), "-q"]) == 0
    return folder


@pytest.fixture
def copy(burst: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(burst, tmp_path / "burst"))


def render(
    frames: Path, output: Path, checkpoint: Path, capfd: Captured, code: int = 0, *more: str
) -> dict[str, Any]:
    given = [
        "render",
        frames,
        "-o",
        output,
        "--video",
        "--checkpoint",
        checkpoint,
        "--halo",
        "16",
        "--json",
        *more,
    ]
    assert main([str(argument) for argument in given]) == code
    captured = capfd.readouterr()
    answer: dict[str, Any] = json.loads(captured.out)
    return answer | {"err": captured.err}


def test_sample_sequence_moves_and_has_new_noise_in_each_frame(burst: Path) -> None:
    one, two = (read_raw(burst / f"frame-000{k}.dng").mosaic.astype(int) for k in (1, 2))
    assert abs(one[:, 2:] - two[:, :-2]).mean() < abs(one - two).mean()
    assert (one[:, 2:] != two[:, :-2]).mean() > 0.3


def test_every_frame_is_rendered_and_speed_and_flicker_are_told(
    burst: Path, checkpoint: Path, tmp_path: Path, capfd: Captured
) -> None:
    facts = render(burst, tmp_path / "out", checkpoint, capfd, 0, "--fps", "0.01", "--format", "png")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [f"frame-000{k}.png" for k in range(1, 6)]
    assert (facts["frames"], facts["width"], facts["height"], facts["dropped"]) == (5, 96, 64, 0)
    assert facts["flicker_codes"] >= 0
    assert facts["frames_per_second"] > 0


def test_first_frame_is_the_same_as_rendered_alone(
    burst: Path, checkpoint: Path, tmp_path: Path, capfd: Captured
) -> None:
    render(burst, tmp_path / "out", checkpoint, capfd, 0, "--format", "png")
    alone = ["render", str(burst / "frame-0001.dng"), "-o", str(tmp_path / "alone.png"), "--halo", "16", "-q"]
    assert main([*alone, "--checkpoint", str(checkpoint)]) == 0
    assert (tmp_path / "out/frame-0001.png").read_bytes() == (tmp_path / "alone.png").read_bytes()


def test_frames_that_are_damaged_or_absent_are_told_with_their_number(
    copy: Path, checkpoint: Path, tmp_path: Path, capfd: Captured
) -> None:
    (copy / "frame-0002.dng").unlink()
    (copy / "frame-0004.dng").write_bytes(b"II*\0")
    facts = render(copy, tmp_path / "out", checkpoint, capfd, 2)
    assert ": no frame has the number 2\n" in facts["err"]
    assert "frame 3 of 4: " in facts["err"]
    assert (facts["frames"], len(facts["failed"]), facts["absent"]) == (3, 1, [2])


def test_frame_of_another_size_is_left_out(
    copy: Path, checkpoint: Path, tmp_path: Path, capfd: Captured
) -> None:
    assert main(["sample", "--size", "128x64", "-o", str(copy / "frame-0006.dng"), "-q"]) == 0
    facts = render(copy, tmp_path / "out", checkpoint, capfd, 2)
    assert "128x64, the first frame is 96x64" in facts["failed"][0]["error"]


@pytest.mark.parametrize(("signal", "code"), [(KeyboardInterrupt, 130), (Terminated, 143)])
def test_frames_that_are_done_are_counted_when_a_signal_comes(
    burst: Path,
    checkpoint: Path,
    tmp_path: Path,
    capfd: Captured,
    monkeypatch: pytest.MonkeyPatch,
    signal: type[BaseException],
    code: int,
) -> None:
    begun: list[Level] = []

    def third_stops() -> Level:
        begun.append(Level())
        if len(begun) == 3:
            raise signal
        return begun[-1]

    monkeypatch.setattr("edgeisp.render.sequence.Level", third_stops)
    error = render(burst, tmp_path / "out", checkpoint, capfd, code)["error"]
    assert (error["type"], error["exit_code"], error["done"]) == ("Stopped", code, 2)
    assert "after 2 of 5 frames; no file was left half written" in error["message"]
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_sequence_is_refused_in_one_line_when_no_frame_can_be_read(
    copy: Path, tmp_path: Path, capfd: Captured
) -> None:
    for frame in copy.iterdir():
        frame.write_bytes(b"II*\0")
    assert main(["render", str(copy), "-o", str(tmp_path / "out"), "--video"]) == 2
    assert "error: " in capfd.readouterr().err


def test_sequence_is_refused_once_when_the_artifact_is_damaged(
    burst: Path, tmp_path: Path, capfd: Captured
) -> None:
    (tmp_path / "a.tflite").write_bytes(b"damaged")
    given = ["render", burst, "-o", tmp_path / "out", "--video", "--artifact", tmp_path / "a.tflite"]
    assert main([str(argument) for argument in given]) == 2
    assert "frame 1 of" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("name", "message"),
    [("other.dng", "its name has no number"), ("x1.dng", "the same number as frame-0001.dng")],
)
def test_sequence_is_refused_when_frames_have_no_order(
    copy: Path, tmp_path: Path, capfd: Captured, name: str, message: str
) -> None:
    shutil.copy(copy / "frame-0001.dng", copy / name)
    assert main(["render", str(copy), "-o", str(tmp_path / "out"), "--video"]) == 2
    assert message in capfd.readouterr().err


def test_sequence_is_refused_when_it_is_a_file(burst: Path, capfd: Captured) -> None:
    assert main(["render", str(burst / "frame-0001.dng"), "--video"]) == 2
    assert "a sequence is a folder of numbered frames" in capfd.readouterr().err
