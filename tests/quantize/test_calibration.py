from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeisp.data import open as opening
from edgeisp.data.patch import Patch
from edgeisp.errors import BadInputError
from edgeisp.quantize import calibration
from edgeisp.quantize.calibration import KINDS, calibration_set
from edgeisp.raw.reader import RawReader


def test_pictures_are_of_all_kinds_and_the_same_again() -> None:
    first, second = (calibration_set("synthetic", 10, 16, 3, RawReader()) for _ in range(2))
    assert first.sha256 == second.sha256
    assert first.raw.shape == (10, 4, 16, 16)
    means = first.raw.mean((1, 2, 3))
    by_kind = {kind: means[index :: len(KINDS)].mean() for index, kind in enumerate(KINDS)}
    assert by_kind["dark"] < by_kind["as recorded"]
    assert (first.raw[3] == 1).mean() > (first.raw[1] == 1).mean()


def test_error_when_all_pictures_are_dark(monkeypatch: pytest.MonkeyPatch) -> None:
    class Night:
        def __getitem__(self, index: int) -> Patch:
            black = np.full((4, 16, 16), 1e-4, np.float32)
            return Patch.whole(black, np.ones((9, 1, 1), np.float32), np.zeros((3, 32, 32), np.float32))

    monkeypatch.setattr(calibration, "open_pairs", lambda *args, **kwargs: Night())
    with pytest.raises(BadInputError, match="dark"):
        calibration_set("synthetic", 5, 16, 3, RawReader())


def test_error_when_the_folder_is_empty(tmp_path: Path) -> None:
    assert opening.open_pairs is calibration.open_pairs
    with pytest.raises(BadInputError):
        calibration_set(f"pairs:{tmp_path}", 5, 16, 3, RawReader())
