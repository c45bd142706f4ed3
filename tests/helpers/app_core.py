"""What tests of both apps share: a RAW file as sensor memory, and Python's engine at the other end of a pipe."""

from __future__ import annotations

import io
import json
import struct
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from PIL import Image

from edgeisp.cli.main import main
from edgeisp.engines import ENGINES
from edgeisp.engines.base import Program
from edgeisp.export import exporter, manifest, records
from edgeisp.models.checkpoint import load
from edgeisp.posisp.network import PosISP
from edgeisp.posisp.policy import SIDE
from edgeisp.raw import RawImage, read_raw
from edgeisp.render.frame import Frame

SIZE = "330x226"
TILE = (128, 192)
"""Height and width, in picture pixels."""


def serve(program: Program, functions: Mapping[str, records.Function], core: subprocess.Popen[bytes]) -> int:
    """Answers the core's calls until it ends; how many there were."""
    assert core.stdin is not None and core.stdout is not None
    source, calls = cast("io.BufferedReader", core.stdout), 0

    def text() -> str:
        return source.read(struct.unpack(">H", source.read(2))[0]).decode()

    while source.peek(1):
        entry = functions[name := text()]
        given = {}
        for _ in range(struct.unpack(">i", source.read(4))[0]):
            key = text()
            shape = next(port.shape for port in entry.inputs if port.name == key)
            content = source.read(struct.unpack(">i", source.read(4))[0])
            given[key] = np.frombuffer(bytearray(content), "<f4").reshape(shape)
        made = program.run(name, given)
        for port in entry.outputs:
            content = made[port.name].astype("<f4").tobytes()
            core.stdin.write(struct.pack(">i", len(content)) + content)
        core.stdin.flush()
        calls += 1
    return calls


@dataclass(frozen=True)
class Case:
    """A RAW file, an artifact, and the picture that ``edgeisp render`` makes of them."""

    path: Path
    """JSON for a core: the fields of `frames.json`; mosaic, artifact and its manifest are beside it."""
    artifact: Path
    program: Program
    functions: Mapping[str, records.Function]
    picture: bytes
    steps: list[dict[str, Any]]
    """What the policy decides for it, as ``edgeisp posisp show`` says."""

    def told(self, steps: list[dict[str, Any]]) -> bool:
        """Whether a core's ``steps`` say the same; those of a baked artifact hold no settings."""
        values = {
            step["module"]: {setting["name"]: setting["value"] for setting in step["settings"]}
            for step in steps
        }
        inside = "context" not in self.functions
        expected = {step["module"]: {} if inside else step["parameters"] for step in self.steps}
        return list(values) == list(expected) and all(
            values[module] == pytest.approx(expected[module], rel=1e-4) for module in expected
        )


def rendered(folder: Path, packaging: str) -> Case:
    """Exports, takes the sample and renders it, all in ``folder``."""
    photo, expected = folder / "IMG.dng", folder / "IMG.png"
    assert main(["sample", "-o", str(photo), "--size", SIZE, "-q"]) == 0
    done = exporter.export(exporter.plan("posisp", "tflite", tile=TILE, packaging=packaging), folder)
    assert main(["render", str(photo), "--artifact", str(done.path), "-o", str(expected), "-q"]) == 0
    raw = read_raw(photo)
    height, width = raw.mosaic.shape
    (folder / "mosaic.u16").write_bytes(raw.mosaic.astype("<u2").tobytes())
    case = {
        "manifest": manifest.path_of(done.path).name,
        "mosaic": "mosaic.u16",
        "cfa": raw.cfa,
        "width": width,
        "height": height,
        "row_stride": 2 * width,
        "black_level": raw.black_level,
        "white_level": raw.white_level,
        "white_balance": raw.white_balance,
        "color_matrix": raw.color_matrix.ravel().tolist(),
        "orientation": raw.orientation,
    }
    (folder / "case.json").write_text(json.dumps(case))
    program = ENGINES.get("tflite").open(done.path, threads=1)
    picture = np.asarray(Image.open(expected)).tobytes()
    return Case(folder / "case.json", done.path, program, done.manifest.functions, picture, decided(raw))


def decided(raw: RawImage) -> list[dict[str, Any]]:
    """The bundled policy's modules for a RAW image, with their parameters in physical units."""
    network = load("posisp").network
    assert isinstance(network, PosISP)
    frame = Frame.of(raw)
    with torch.inference_mode():
        thumbnail, color = torch.from_numpy(frame.thumbnail(SIDE, SIDE))[None], torch.from_numpy(frame.color)
        return network.pipeline.physical(network.context(thumbnail, color)[0], network.sequence)
