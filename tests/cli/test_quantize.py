from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from edgeisp.cli.main import main
from edgeisp.training.state import write_state

pytest.importorskip("nncf")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--keep-float", "encoder.0.0.cnv"), 2, "near it are encoder.0.0.conv, "),
        (("--keep-float", "nonsense"), 2, "--sensitivity` lists them"),
        (("--calibration", "2"), 2, "--calibration: cannot be 2: expected `int` >= 5"),
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
    write_state(tmp_path / "q.run" / "state.pt", {"config": '{"model": "metaisp", "steps": 8}'})
    assert main([*given, "--resume"]) == 2
    err = capsys.readouterr().err
    assert "steps 8 -> 9" in err
    assert "calibration" not in err
    (tmp_path / "q.run" / "state.pt").unlink()
    assert main([*given, "--resume"]) == 2
    assert "no run to resume" in capsys.readouterr().err


def test_end_tells_how_near_the_fp32_network_is_and_what_comes_next(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    given = ["quantize", "metaisp", "--ptq", "--calibration", "5", "--patch", "32", "--threads", "1"]
    out = tmp_path / "q.safetensors"
    before = torch.get_num_threads()
    assert main([*given, "-o", str(out), "--json"]) == 0
    assert torch.get_num_threads() == 1
    torch.set_num_threads(before)
    told = capfd.readouterr()
    near = json.loads(told.out)["to_fp32"]
    assert (near["pictures"], near["data"]) == (16, "synthetic-test")
    assert 20 < near["worst_db"] < near["mean_db"] < 60
    assert "inserting quantizers, 5 pictures" in told.err
    assert json.loads(told.out)["next"] == (
        f"edgeisp export metaisp --target tflite --precision w8a8 --checkpoint {out}"
    )
