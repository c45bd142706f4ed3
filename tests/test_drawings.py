"""The drawings of the sample apps' screens can be made of today's layouts and texts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("app", ["android_demo", "ios_demo"])
def test_screens_show_both_pictures_when_they_are_drawn(app: str, tmp_path: Path) -> None:
    for name, color in (("ours", (250, 0, 0)), ("phones", (0, 250, 0))):
        Image.new("RGB", (300, 200), color).save(tmp_path / f"{name}.png")
    command = [sys.executable, ROOT / app / "tools" / "draw.py", "-o", tmp_path / "screens.png"]
    given = [part for name in ("ours", "phones") for part in (f"--{name}", tmp_path / f"{name}.png")]
    subprocess.run([*command, *given], check=True)
    drawn = np.asarray(Image.open(tmp_path / "screens.png").convert("RGB")).reshape(-1, 3)
    assert len(drawn) > 500_000
    for color in ((250, 0, 0), (0, 250, 0)):
        assert (np.abs(drawn.astype(int) - color).max(1) < 3).sum() > 10_000
