"""The build of the Android app without Gradle."""

from __future__ import annotations

import sys
from importlib import util
from pathlib import Path
from typing import Any

import pytest

DEMO = Path(__file__).resolve().parents[2] / "android_demo"


@pytest.fixture(scope="session")
def build() -> Any:
    """``android_demo/build.py``; skips where its tools cannot be had."""
    spec = util.spec_from_file_location("edgeisp_android_build", DEMO / "build.py")
    assert spec is not None and spec.loader is not None
    module = util.module_from_spec(spec)
    sys.modules["edgeisp_android_build"] = module
    spec.loader.exec_module(module)
    try:
        module.fetch()
    except module.Unbuildable as error:
        pytest.skip(f"no tools for Android: {error}")
    return module
