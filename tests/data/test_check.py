"""`edgeisp data check`, and the verbs that share its loaders."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("cv2")

from edgeisp.cli.main import main
from edgeisp.data.check import check, estimated_shift
from edgeisp.data.open import open_set
from edgeisp.data.scenes import dead_leaves, painted
from edgeisp.raw.reader import RawReader

Make = Callable[..., Path]
Captured = pytest.CaptureFixture[str]


def run(capfd: Captured, *arguments: str | Path) -> tuple[int, dict[str, object]]:
    code = main([*map(str, arguments), "--json"])
    return code, json.loads(capfd.readouterr().out)


def test_sound_set_is_counted_and_measured(make_zrr: Make, capfd: Captured) -> None:
    code, facts = run(capfd, "data", "check", f"zrr:{make_zrr()}")
    assert code == 0
    assert facts["pairs"] == {"train": 3, "test": 2}
    assert facts["sizes"] == {"64x64": 5}
    levels = facts["levels"]
    assert (levels["lowest"], levels["highest"]) == (63, 1020)
    assert 0 < levels["at_or_above_white"] < 0.1
    assert facts["usable"]
    assert facts["shift_px"]["largest"] < 0.5


def test_bad_files_are_all_named_and_the_code_is_2(make_zrr: Make, capfd: Captured) -> None:
    folder = make_zrr()
    (folder / "train/canon/1.jpg").write_bytes(b"")
    Image.new("L", (64, 64)).save(folder / "train/huawei_raw/2.png")
    (folder / "test/canon/0.jpg").unlink()
    code, facts = run(capfd, "data", "check", f"zrr:{folder}")
    assert code == 2
    assert facts["pairs"] == {"train": 1, "test": 1}
    assert [Path(bad["where"]).name for bad in facts["unreadable"]] == ["1.jpg", "2.png"]
    assert [Path(path).name for path in facts["unpaired"]] == ["0.png"]
    assert not facts["usable"]


def test_pictures_before_and_after_are_checked_too(tmp_path: Path, capfd: Captured) -> None:
    scene = (
        np.round(painted(dead_leaves, 96, np.random.default_rng(0)) * 255).astype(np.uint8).transpose(1, 2, 0)
    )
    for folder in ("noisy", "gt"):
        (tmp_path / folder).mkdir()
        for name in "abc":
            Image.fromarray(scene).save(tmp_path / folder / f"{name}.png")
    assert run(capfd, "data", "check", f"pairs:{tmp_path}")[0] == 0
    Image.fromarray(scene[:80]).save(tmp_path / "gt/b.png")
    (tmp_path / "gt/c.png").unlink()
    code, facts = run(capfd, "data", "check", f"sidd:{tmp_path}")
    assert code == 2
    assert (facts["pairs"], facts["sizes"]) == ({"both": 1}, {"96x96": 1})
    assert "96x96, its counterpart 96x80" in facts["unreadable"][0]["what"]
    assert [Path(path).name for path in facts["unpaired"]] == ["c.png"]


def test_eight_bit_file_of_mai21_is_listed_among_the_unreadable(make_mai21: Make, capfd: Captured) -> None:
    folder = make_mai21(0, 4095)
    Image.new("L", (64, 64), 90).save(folder / "train/mediatek_raw/0.png")
    code, facts = run(capfd, "data", "check", f"mai21:{folder}")
    assert code == 2
    assert facts["pairs"] == {"train": 1}
    (bad,) = facts["unreadable"]
    assert bad["what"] == "8-bit samples where 12 bits are expected"
    assert Path(bad["where"]).name == "0.png"


def test_shifted_pair_is_named_with_its_shift(tmp_path: Path, make_zrr: Make) -> None:
    folder = make_zrr(128)
    scene = painted(dead_leaves, 128, np.random.default_rng(0))
    picture = np.round(scene * 255).astype(np.uint8).transpose(1, 2, 0)
    mosaic = (np.roll(picture, (2, -3), (0, 1))[..., 1].astype(np.uint16) * 3 + 63).clip(0, 1020)
    Image.fromarray(mosaic).save(folder / "train/huawei_raw/1.png")
    Image.fromarray(picture).save(folder / "train/canon/1.jpg", quality=98)
    report = check(open_set(f"zrr:{folder}", RawReader()))
    (worst,) = report.misaligned
    assert report.usable  # told, and no more: `edgeisp data check` ends with 0
    assert worst.name == "1.png"
    assert worst.shift == pytest.approx((3, -2), abs=0.4)


def test_shift_of_unrelated_pictures_is_not_told() -> None:
    a, b = (np.random.default_rng(seed).random((64, 64), np.float32) for seed in (0, 1))
    assert estimated_shift(a, b) is None


def test_table_names_some_bad_files_and_counts_the_rest(
    make_zrr: Make, capfd: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeisp.cli.data.SHOWN", 1)
    monkeypatch.setenv("COLUMNS", "200")
    folder = make_zrr()
    for number in (0, 1):
        (folder / f"train/canon/{number}.jpg").write_bytes(b"")
    assert main(["data", "check", f"zrr:{folder}"]) == 2
    captured = capfd.readouterr()
    assert "and 1 more: -v or --json names them" in captured.out
    assert "2 pairs cannot be read" in captured.err
    assert len(captured.err.strip().splitlines()) == 1


def test_network_is_trained_and_measured_on_zurich_pairs(
    make_zrr: Make, capfd: Captured, tmp_path: Path
) -> None:
    folder, out = make_zrr(), tmp_path / "run"
    (folder / "train/canon/1.jpg").write_bytes(b"")
    (folder / "test/canon/1.jpg").write_bytes(b"")
    train = ["train", "metaisp", "--data", f"zrr:{folder}", "--aligned", "--steps", "1", "--patch", "16"]
    train += ["--batch", "1", "--workers", "0", "-o", str(out)]
    assert main(train) == 2
    error = capfd.readouterr().err
    assert "1 of 3 pairs cannot be used" in error
    assert len(error.strip().splitlines()) == 1
    assert main([*train, "--skip-bad"]) == 0
    capfd.readouterr()
    measure = ["eval", "metaisp", "--data", f"zrr:{folder}", "--checkpoint", str(out / "metaisp.safetensors")]
    assert main(measure) == 2
    capfd.readouterr()
    code, facts = run(capfd, *measure, "--skip-bad")
    assert code == 0
    assert len(facts["left_out"]) == 1
    assert [score["protocol"] for score in facts["scores"]] == ["original", "aligned"]
    assert all(score["libraw"] is None and score["gain_db"] is None for score in facts["scores"])
