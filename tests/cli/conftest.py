"""A checkpoint that makes MetaISP a bilinear demosaic, and a small sample RAW."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeisp.cli.main import main


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A MetaISP checkpoint with a card."""
    import torch

    from edgeisp.models.checkpoint import save
    from edgeisp.models.metaisp import MetaISP

    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = MetaISP()
    torch.nn.init.zeros_(network.head.weight)
    path = tmp_path_factory.mktemp("checkpoint") / "demosaic.safetensors"
    halo = {"auto": 64, "exact": 432, "error_codes": 0.0, "pictures": 1}
    save(path, network, {"model": "metaisp", "data": "none", "steps": 0, "halo": halo})
    return path


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample RAW at 120 x 80."""
    path = tmp_path_factory.mktemp("photo") / "IMG.dng"
    assert main(["sample", "-o", str(path), "--size", "120x80", "-q"]) == 0
    return path
