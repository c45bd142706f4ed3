"""SIDD's RAW pairs, in small files of both of MATLAB's formats that the tests write."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("h5py")
pytest.importorskip("scipy")

import h5py
from scipy.io import savemat

from edgeisp.data.check import check
from edgeisp.data.sidd_raw import holds_raws, open_raws, read_mat
from edgeisp.data.subtasks import open_subtask, unit
from edgeisp.errors import BadInputError
from edgeisp.models.task import RAW_TO_RAW

SCENE = "0001_001_S6_00800_00350_3200_N"
NEUTRAL = (0.5, 1.0, 0.8)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def mosaic(colors: tuple[float, float, float, float] = (0.2, 0.4, 0.3, 0.1)) -> NDArray[np.float32]:
    """Constant colours R, Gr, Gb, B in the layout of a Galaxy S6, 24 rows of 40 samples."""
    red, gr, gb, blue = colors
    return np.tile(np.array([[gr, red], [blue, gb]], np.float32), (12, 20))


def write(path: Path, new: bool, **variables: NDArray[np.generic]) -> Path:
    """A MATLAB file; ``new`` ones hold columns first, behind 512 bytes of their own, as MATLAB 7.3 writes them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not new:
        savemat(path, variables)
        return path
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in variables.items():
            file.create_dataset(name, data=value.T, compression="gzip")
    return path


def scene(
    folder: Path,
    number: str = "0001",
    *,
    new: bool = True,
    name: str = SCENE,
    noisy: NDArray[np.float32] | None = None,
    clean: NDArray[np.float32] | None = None,
) -> Path:
    """One scene as it is published; returns the noisy file."""
    place = folder / "Data" / name
    facts = {"metadata": {"AsShotNeutral": np.array([NEUTRAL]), "Make": "samsung"}}
    write(place / f"{number}_METADATA_RAW_010.MAT", False, **facts)  # type: ignore[arg-type]
    write(place / f"{number}_GT_RAW_010.MAT", new, x=mosaic() if clean is None else clean)
    return write(place / f"{number}_NOISY_RAW_010.MAT", new, x=mosaic() if noisy is None else noisy)


@pytest.mark.parametrize("new", [True, False], ids=["hdf5", "older"])
def test_mosaic_and_its_facts_are_read(tmp_path: Path, new: bool) -> None:
    raw = read_mat(scene(tmp_path, new=new))
    assert raw.mosaic.shape == (24, 40)
    assert np.allclose(raw.mosaic / 65535, mosaic(), atol=1e-5)
    assert (raw.cfa, raw.iso, raw.white_level) == ("GRBG", 800, 65535)
    assert raw.white_balance == pytest.approx((2.0, 1.0, 1.25))


def test_patches_are_canonical_planes_of_both(tmp_path: Path) -> None:
    scene(tmp_path, noisy=mosaic((0.6, 0.4, 0.3, 0.1)))
    data = open_subtask(RAW_TO_RAW, f"sidd:{tmp_path}", patch=8, seed=0)
    for index in range(4):  # transposed or not
        patch = data[index]
        assert patch.raw.shape == (4, 8, 8)
        greens = (0.4, 0.3) if patch.raw[1, 0, 0] > 0.35 else (0.3, 0.4)
        assert np.allclose(patch.raw[:, 3, 5], [1.0, *greens, 0.125], atol=1e-4)  # red is clipped at white
        assert np.allclose(patch.target[:, 3, 5], [0.4, *greens, 0.125], atol=1e-4)


def test_metadata_of_another_white_balance_are_not_taken_from_the_cache(tmp_path: Path) -> None:
    noisy = scene(tmp_path)
    assert open_subtask(RAW_TO_RAW, f"sidd:{tmp_path}", patch=8, seed=0)[0].raw[3].mean() == pytest.approx(
        0.125, abs=1e-4
    )
    other = {"metadata": {"AsShotNeutral": np.array([[0.5, 1.0, 0.25]])}}
    savemat(noisy.with_name("0001_METADATA_RAW_010.MAT"), other)
    assert open_subtask(RAW_TO_RAW, f"sidd:{tmp_path}", patch=8, seed=0)[0].raw[3].mean() == pytest.approx(
        0.4, abs=1e-4
    )


def test_check_tells_sizes_levels_and_what_is_missing(tmp_path: Path) -> None:
    scene(tmp_path)
    scene(tmp_path, "0002").with_name("0002_GT_RAW_010.MAT").unlink()
    assert holds_raws(f"sidd:{tmp_path}")
    report = check(open_raws(f"sidd:{tmp_path}"))
    assert report.sizes == {"40x24": 1}
    assert [Path(path).name for path in report.unpaired] == ["0002_NOISY_RAW_010.MAT"]
    assert (report.pairs[0].lowest, report.pairs[0].highest) == (6554, 26214)
    assert not report.usable


def test_damaged_files_are_counted_and_left_out_only_when_asked_for(tmp_path: Path) -> None:
    scene(tmp_path)
    bad = scene(tmp_path, "0002", name="0002_001_GP_00100_00100_5500_L")
    bad.write_bytes(bad.read_bytes()[:700])
    with pytest.raises(BadInputError, match=r"0002_NOISY_RAW_010\.MAT: 1 of 2 pairs.*--skip-bad"):
        open_subtask(RAW_TO_RAW, f"sidd:{tmp_path}", patch=8, seed=0)
    data = open_subtask(RAW_TO_RAW, f"sidd:{tmp_path}", patch=8, seed=0, skip_bad=True)
    assert [entry.name for entry in data.pairs] == ["0001_NOISY_RAW_010.MAT"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "0001_001_XX_00800_00350_3200_N"}, "names no phone of GP, IP, S6, N6, G4"),
        ({"noisy": 1023 * mosaic()}, "no mosaic of samples from 0 to 1 but 24x40"),
        ({"clean": mosaic()[:12]}, "20x12, its counterpart 20x6"),
    ],
    ids=["phone", "levels", "sizes"],
)
def test_wrong_files_are_named(tmp_path: Path, change: dict[str, object], message: str) -> None:
    scene(tmp_path, **change)  # type: ignore[arg-type]
    with pytest.raises(BadInputError, match=message):
        open_subtask(RAW_TO_RAW, f"sidd:{tmp_path}", patch=4, seed=0)


def test_absent_metadata_and_other_variables_are_named(tmp_path: Path) -> None:
    noisy = scene(tmp_path)
    write(noisy, True, y=mosaic())
    with pytest.raises(BadInputError, match="no MATLAB file with x"):
        read_mat(noisy)
    noisy = scene(tmp_path)
    noisy.with_name("0001_METADATA_RAW_010.MAT").unlink()
    with pytest.raises(BadInputError, match=r"0001_METADATA_RAW_010\.MAT: no such file"):
        open_subtask(RAW_TO_RAW, f"sidd:{tmp_path}", patch=8, seed=0)


def test_file_that_claims_to_be_vast_is_not_read(tmp_path: Path) -> None:
    noisy = scene(tmp_path)
    with h5py.File(noisy, "w") as file:
        file.create_dataset("x", shape=(1_000_000, 1_000_000), dtype="f4", chunks=True)
    with pytest.raises(BadInputError, match="holds 1000000x1000000 numbers"):
        read_mat(noisy)


def test_folder_without_raw_pairs_gets_the_layout(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"expected SIDD's \*_NOISY_RAW_\*\.MAT"):
        open_subtask(RAW_TO_RAW, f"sidd:{tmp_path}", patch=8, seed=0)


def test_eight_and_sixteen_bits_become_one_range() -> None:
    assert unit(np.full((2, 2, 3), 255, np.uint8)).max() == 1
    assert unit(np.full((2, 2, 4), 65535, np.uint16)).max() == 1
