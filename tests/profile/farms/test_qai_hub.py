"""AI Hub's client wants older packages than the converters: its checks run in an environment that has it."""

from __future__ import annotations

import os
import site
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from edgeisp.profile.farms import qai_hub

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edgeisp"
OTHER = CACHE / "qai-hub-0.56.0" / "bin" / "python"
"""What `make qai-hub` fills."""


def test_client_of_ai_hub_agrees_with_its_protocol() -> None:
    python = Path(sys.executable) if find_spec("qai_hub") else OTHER
    if not python.is_file():
        pytest.skip(f"no qai-hub here and none at {python}: make qai-hub")
    folders = [*site.getsitepackages(), *(path for path in sys.path if path.endswith("site-packages"))]
    code = (
        f"import site, sys; [site.addsitedir(path) for path in {folders!r}]; import pytest; "
        f"sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', {str(Path(__file__).with_name('qai_checks.py'))!r}]))"
    )
    done = subprocess.run([python, "-P", "-c", code], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert done.stdout.startswith("....")


def test_missing_client_or_token_is_said_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(qai_hub.TOKEN, raising=False)
    lack = qai_hub.FARM.missing()
    assert lack is not None
    assert "edgeisp[qai-hub]" in lack or qai_hub.TOKEN in lack
    (found,) = qai_hub.DEVICE.found()
    assert not found.ready and found.cure
