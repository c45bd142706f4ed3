"""Fixtures that every test may use.

Tests never need a download. Some also look at real RAW files, which are not part of the project: they use
`shared_data` and skip where that folder is absent.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from app_core import Case

Run = Callable[..., "subprocess.CompletedProcess[str]"]
settings.register_profile(
    "edgeisp", deadline=None
)  # speed is for `make bench`; busy machines are not broken ones
settings.load_profile("edgeisp")

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The folder with pyproject.toml, edgeisp/, export/ and quantize/."""
    return CHECKOUT


@pytest.fixture(scope="session", params=["split", "baked"])
def app_case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """A RAW file, POS-ISP for TFLite, and the picture of both: what the cores of the sample apps are held to."""
    pytest.importorskip("litert_torch")
    from app_core import rendered

    return rendered(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="session")
def coreml_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """POS-ISP for Core ML, with small tiles."""
    pytest.importorskip("coremltools")
    from edgeisp.export import exporter

    job = exporter.plan("posisp", "coreml", tile=(64, 96))
    return exporter.export(job, tmp_path_factory.mktemp("coreml")).path


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """A folder of real RAW files: ``$EDGEISP_SHARED``, else ``../shared/data``; skips without it."""
    folder = Path(os.environ.get("EDGEISP_SHARED", CHECKOUT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real RAW files at {folder}; set EDGEISP_SHARED to a folder that has them")
    return folder


@pytest.fixture
def run_edgeisp(tmp_path: Path) -> Run:
    """Runs the installed command in an empty folder: ``run_edgeisp("models", "--json").stdout``."""
    script = Path(sys.executable).with_name("edgeisp")

    def run(
        *arguments: str | Path, path: Sequence[Path] = (), timeout: float = 300
    ) -> subprocess.CompletedProcess[str]:
        """``path`` holds folders with more packages, as PYTHONPATH does."""
        environment = {**os.environ, "COLUMNS": "120", "PYTHONPATH": os.pathsep.join(map(str, path))}
        return subprocess.run(
            [sys.executable, script, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    return run


@pytest.fixture(scope="session")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package ``tests/plugin`` installed, which adds a model by an entry point."""
    folder = tmp_path_factory.mktemp("plugin")
    source = folder / "source"
    source.mkdir()
    for file in (CHECKOUT / "tests" / "plugin").glob("*.*"):
        (source / file.name).write_bytes(file.read_bytes())
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "-q",
            "--no-deps",
            "--no-build-isolation",
            "--target",
            folder / "site",
            source,
        ],
        check=True,
        cwd=folder,
        capture_output=True,
        text=True,
    )
    return folder / "site"
