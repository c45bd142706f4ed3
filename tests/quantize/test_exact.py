"""With the exact halo an int8 picture, too, is the same to the bit whatever the tile."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeisp.data.sample_scene import sample_raw
from edgeisp.engines import ENGINES
from edgeisp.export import TARGETS
from edgeisp.export.rewrites import prepare
from edgeisp.models.functions import ISPNetwork
from edgeisp.quantize.layers import Ranges
from edgeisp.quantize.network import with_qdq
from edgeisp.quantize.precision import parse_precision
from edgeisp.render.frame import Frame
from edgeisp.render.halo import exact
from edgeisp.render.quantize import Quantizer
from edgeisp.render.renderer import Renderer

PACKAGES = {"tflite": "litert_torch", "executorch": "executorch"}
SIDES = (20, 28, 40)
"""Of tiles, in packed pixels; the exact halo is 8."""


@pytest.mark.parametrize("name", PACKAGES)
def test_int8_picture_is_the_same_to_the_bit_when_the_halo_is_exact(
    name: str, tiny: ISPNetwork, ranges: dict[str, Ranges], tmp_path: Path
) -> None:
    pytest.importorskip(PACKAGES[name])
    target, quantized, halo = TARGETS.get(name), with_qdq(tiny, ranges), exact(tiny).exact // 2
    frame, pictures = Frame.of(sample_raw(96, 80)), []
    for side in SIDES:
        functions = quantized.functions(side, side)
        path = tmp_path / f"{side}{target.suffix}"
        ready = {key: prepare(f, target.rewrites, "w8a8").function for key, f in functions.items()}
        ports = {"inputs": [{"name": "raw"}, {"name": "color"}], "outputs": [{"name": "rgb"}]}
        described = json.dumps({"functions": {"tile": ports}})
        report = target.convert(ready, path, parse_precision("w8a8"), {"edgeisp": described})
        assert report.convolutions["tile"].int8 == 5
        program = ENGINES.get(target.engine()).open(path, threads=1)
        shapes = {key: dict(f.inputs) for key, f in functions.items()}
        renderer = Renderer([program], shapes, halo, stride=int(tiny.stride))
        pictures.append(renderer.render(frame, Quantizer(16)))
    narrow = replace(renderer, halo=0).render(frame, Quantizer(16))
    assert not np.array_equal(pictures[0], narrow)
    assert all(np.array_equal(pictures[0], other) for other in pictures[1:])
