from __future__ import annotations

from pathlib import Path

import pytest

from edgeisp.cli.main import main

pytest.importorskip("nncf")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--keep-float", "encoder.0.0.cnv"), 2, "did you mean 'encoder.0.0.conv'?"),
        (("--calibration", "2"), 2, "take at least 5"),
        (("--precision", "w8"), 2, "nothing to prepare for w8"),
        (("--checkpoint", "metaisp-w8a8"), 3, "fp32 weights are wanted"),
        (("--start", "metaisp-w8a8"), 2, "leave it or --start out"),
        (("--resume",), 2, "leave it or --resume out"),
        (("-o", "q.tflite"), 2, "a checkpoint is a .safetensors file"),
        (("--budget-db", "-0.1"), 2, "a loss of -0.1 dB"),
    ],
)
def test_mistake_is_one_line_with_its_code_and_nothing_is_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    out = tmp_path / "q.safetensors"
    assert main(("quantize", "metaisp", "--ptq", "-o", str(out), *arguments)) == code
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_run_that_stopped_is_told_before_anything_is_calibrated(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "q.run").mkdir()
    (tmp_path / "q.run" / "state.pt").touch()
    given = ["quantize", "metaisp", "--steps", "9", "-o", str(tmp_path / "q.safetensors")]
    assert main(given) == 2
    assert "holds an earlier run -> add --resume to go on with it" in capsys.readouterr().err
    (tmp_path / "q.run" / "state.pt").unlink()
    assert main([*given, "--resume"]) == 2
    assert "no run to resume" in capsys.readouterr().err
