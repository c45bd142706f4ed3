"""With the exact halo a picture is the same to the bit whatever the tile."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeisp.engines import ENGINES
from edgeisp.export import TARGETS
from edgeisp.export.rewrites import prepare
from edgeisp.models.functions import ISPNetwork
from edgeisp.quantize.precision import parse_precision
from edgeisp.raw.image import RawImage
from edgeisp.render.frame import Frame
from edgeisp.render.halo import exact
from edgeisp.render.quantize import Quantizer
from edgeisp.render.renderer import Renderer

SIDES = (80, 96, 128)
"""Of tiles, in packed pixels."""
PACKAGES = {"tflite": "litert_torch", "executorch": "executorch"}


@pytest.fixture(scope="module")
def frame(make_raw: Callable[..., RawImage]) -> Frame:
    """Of 240x160, larger than any core."""
    raw = make_raw()
    return Frame.of(replace(raw, mosaic=np.tile(raw.mosaic, (2, 2))))


def renderers(network: ISPNetwork, halo: int, target: str, folder: Path) -> list[Renderer]:
    """Artifacts of each of `SIDES`."""
    made = []
    chosen, engine = TARGETS.get(target), ENGINES.get(TARGETS.get(target).engine())
    for side in SIDES:
        functions = network.functions(side, side)
        path = folder / f"{side}{chosen.suffix}"
        ready = {name: prepare(f, chosen.rewrites, "fp32").function for name, f in functions.items()}
        ports = {
            name: {
                "inputs": [{"name": key} for key in f.inputs],
                "outputs": [{"name": key} for key in f.outputs],
            }
            for name, f in functions.items()
        }
        chosen.convert(ready, path, parse_precision("fp32"), {"edgeisp": json.dumps({"functions": ports})})
        shapes = {name: dict(f.inputs) for name, f in functions.items()}
        made.append(Renderer([engine.open(path, threads=1)], shapes, halo))
    return made


@pytest.mark.parametrize("target", PACKAGES)
def test_picture_is_the_same_to_the_bit_when_the_halo_is_exact(
    network: ISPNetwork, frame: Frame, target: str, tmp_path: Path
) -> None:
    pytest.importorskip(PACKAGES[target])
    made = renderers(network, exact(network).exact // 2, target, tmp_path)
    one, *others = (renderer.render(frame, Quantizer(16)) for renderer in made)
    assert all(np.array_equal(one, other) for other in others)
    narrow = replace(made[0], halo=0).render(frame, Quantizer(16))
    assert not np.array_equal(one, narrow)
