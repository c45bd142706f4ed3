"""The way of an artifact from conversion to its final name, with targets of another package, good and bad."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

Export = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.safetensors"
    weight = torch.rand((12, 4, 1, 1), generator=torch.Generator().manual_seed(2)) / 4
    save_file({"mix.weight": weight}, path)
    return path


@pytest.fixture
def export(run_edgeisp: Export, plugin: Path, weights: Path) -> Export:
    def run(target: str, *more: str) -> subprocess.CompletedProcess[str]:
        options = ("--target", target, "--checkpoint", weights, "--tile", "32x16", "-o", "out", *more)
        return run_edgeisp("export", "tiny", *options, path=[plugin])

    return run


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_target_and_engine_of_another_package_make_a_verified_artifact(
    export: Export, run_edgeisp: Export, plugin: Path, weights: Path, tmp_path: Path
) -> None:
    done = export("pt2", "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert names(tmp_path / "out") == ["tiny.pt2", "tiny.pt2.edgeisp.json"]
    assert facts["verification"]["status"] == "verified"
    assert facts["verification"]["engine"] == "pt2"
    assert facts["tile"] == [16, 32]
    assert facts["functions"]["tile"]["inputs"][0]["shape"] == [1, 4, 8, 16]
    again = run_edgeisp("verify", "out/tiny.pt2", "--checkpoint", weights, path=[plugin])
    assert again.returncode == 0, again.stderr
    assert "verified by pt2" in again.stdout


def test_artifact_is_rejected_with_a_report_when_it_does_not_agree(export: Export, tmp_path: Path) -> None:
    assert export("pt2").returncode == 0
    good = (tmp_path / "out" / "tiny.pt2").read_bytes()
    done = export("skewed")
    assert done.returncode == 5
    assert "below 90 dB" in done.stderr
    assert "Traceback" not in done.stderr
    left = ["tiny.pt2", "tiny.pt2.edgeisp.json", "tiny.pt2.rejected", "tiny.pt2.rejected.json"]
    assert names(tmp_path / "out") == left
    assert (tmp_path / "out" / "tiny.pt2").read_bytes() == good
    report = json.loads((tmp_path / "out" / "tiny.pt2.rejected.json").read_text())
    assert report["verification"]["status"] == "failed"
    assert 30 < report["verification"]["functions"]["tile"]["psnr_db"] < 90


def test_death_of_a_converter_is_named_when_it_crashes(export: Export, tmp_path: Path) -> None:
    done = export("crashing")
    assert done.returncode == 1
    assert "the converter died (SIGSEGV)" in done.stderr
    assert not (tmp_path / "out").exists()


def test_death_of_an_engine_rejects_the_artifact_when_it_crashes(export: Export, tmp_path: Path) -> None:
    done = export("killing")
    assert done.returncode == 5
    assert "the engine died (SIGABRT): about to fall over" in done.stderr
    assert names(tmp_path / "out") == ["tiny.pt2.rejected", "tiny.pt2.rejected.json"]


def test_artifact_is_refused_when_too_little_is_delegated_and_taken_when_allowed(
    export: Export, tmp_path: Path
) -> None:
    done = export("partial")
    assert done.returncode == 5
    assert "NPU takes 50.0% of tile, less than 95%; left out: 1 erf" in done.stderr
    allowed = export("partial", "--allow-portable", "--json")
    assert allowed.returncode == 0
    assert json.loads(allowed.stdout)["delegation"]["tile"]["portable"] == {"erf": 1}


def test_leftovers_of_a_killed_export_are_swept_by_the_next_but_not_those_of_a_running_one(
    export: Export, tmp_path: Path
) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    host = platform.node().replace(".", "-")
    left, kept, foreign = (
        f".tiny.pt2.{where}.{pid}.abc.part"
        for where, pid in ((host, dead.pid), (host, os.getpid()), ("elsewhere", dead.pid))
    )
    for name in (left, kept, foreign):
        (tmp_path / "out" / name).mkdir(parents=True)
    assert export("pt2").returncode == 0
    assert {kept, foreign} <= set(names(tmp_path / "out"))
    assert left not in names(tmp_path / "out")


def test_verify_refuses_other_weights_than_those_of_the_artifact(
    export: Export, run_edgeisp: Export, plugin: Path, tmp_path: Path
) -> None:
    assert export("pt2").returncode == 0
    other = tmp_path / "other.safetensors"
    save_file({"mix.weight": torch.zeros(12, 4, 1, 1)}, other)
    done = run_edgeisp("verify", "out/tiny.pt2", "--checkpoint", other, path=[plugin])
    assert done.returncode == 3
    assert "tiny.safetensors" in done.stderr


def test_verify_refuses_a_file_that_was_changed_after_its_export(
    export: Export, run_edgeisp: Export, plugin: Path, weights: Path, tmp_path: Path
) -> None:
    assert export("pt2").returncode == 0
    with (tmp_path / "out" / "tiny.pt2").open("ab") as stream:
        stream.write(b"!")
    done = run_edgeisp("verify", "out/tiny.pt2", "--checkpoint", weights, path=[plugin])
    assert done.returncode == 2
    assert "sha256" in done.stderr


def test_verify_refuses_a_manifest_that_names_other_outputs_than_the_network(
    export: Export, run_edgeisp: Export, plugin: Path, weights: Path, tmp_path: Path
) -> None:
    assert export("pt2").returncode == 0
    path = tmp_path / "out" / "tiny.pt2.edgeisp.json"
    path.write_text(path.read_text().replace('"name": "rgb"', '"name": "RGB"'))
    done = run_edgeisp("verify", "out/tiny.pt2", "--checkpoint", weights, path=[plugin])
    assert done.returncode == 2
    assert "the manifest is not of tiny: tile differs" in done.stderr
