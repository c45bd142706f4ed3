"""A small policy with weights that were drawn, and a photo to show it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import torch

from edgeisp.cli.main import main
from edgeisp.models import checkpoint
from edgeisp.posisp.network import KEY, PosISP
from edgeisp.posisp.pipeline import Pipeline
from edgeisp.render import halo

NAMES = ("exposure", "ccm", "sharpen", "fast-denoise", "gamma", "local-tone", "contrast")


@pytest.fixture(scope="session")
def network() -> PosISP:
    torch.manual_seed(0)
    pipeline = Pipeline.of(NAMES)
    made = PosISP(
        pipeline, pipeline.ids(["fast-denoise", "exposure", "local-tone", "ccm", "gamma", "sharpen"])
    )
    torch.nn.init.normal_(made.parameters_of.head.weight, std=0.2)
    return made.eval()


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory, network: PosISP) -> Path:
    path = tmp_path_factory.mktemp("posisp") / "posisp.safetensors"
    known = msgspec.to_builtins(halo.exact(network))
    card = {"model": "posisp", KEY: {**network.card(), "task": "enhance"}, halo.KEY: known}
    checkpoint.save(path, network, card)
    return path


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "IMG.dng"
    assert main(["sample", "-o", str(path), "--size", "240x160", "-q"]) == 0
    return path
