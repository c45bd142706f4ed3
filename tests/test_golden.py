"""The golden files of the sample apps are what today's code writes, and Python reads the manifests as the apps must."""

from __future__ import annotations

import json
import sys
from importlib import util
from pathlib import Path
from typing import Any

import pytest

from edgeisp.errors import BadInputError
from edgeisp.export import manifest

GOLDEN = Path(__file__).resolve().parent / "golden"
SAYS = {
    "version": "manifest version 2",
    "field": "unknown field",
    "functions": "no function is called tile",
    "tile": "off the stride",
    "packaging": "packaging",
    "chain": "outside a context of 4",
    "apart": "the module tone has the function None",
    "file": "not a file name|not there|not in",
    "hash": "the manifest says",
    "json": "not a manifest",
}


@pytest.fixture
def writer(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(GOLDEN)
    spec = util.spec_from_file_location("edgeisp_golden_write", GOLDEN / "write.py")
    assert spec is not None and spec.loader is not None
    module = util.module_from_spec(spec)
    sys.modules["edgeisp_golden_write"] = module
    spec.loader.exec_module(module)
    return module


def test_committed_golden_files_are_what_the_code_writes(writer: Any, tmp_path: Path) -> None:
    writer.write(tmp_path)
    made = writer.owned(tmp_path)
    assert made == writer.owned(GOLDEN), "run `python tests/golden/write.py`"
    changed = [str(name) for name in made if (tmp_path / name).read_bytes() != (GOLDEN / name).read_bytes()]
    assert not changed, (
        "run `python tests/golden/write.py`, and see docs/manifest.md if a manifest has changed"
    )


def test_exported_manifests_are_written_as_the_code_writes_them() -> None:
    paths = sorted((GOLDEN / "exported").glob("*.json"))
    assert len(paths) >= 6
    for path in paths:
        assert manifest.encode(manifest.decode(path.read_bytes(), path)) == path.read_bytes(), path.name


@pytest.mark.parametrize("case", json.loads((GOLDEN / "manifests.json").read_text())["refused"])
def test_manifest_is_refused_for_the_reason_that_is_told(case: dict[str, str]) -> None:
    with pytest.raises(BadInputError, match=SAYS[case["why"]]):
        manifest.read(GOLDEN / case["manifest"])
