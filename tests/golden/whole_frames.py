"""Whole frames through the renderer, with every call that it makes; see frames.json in README.md."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from parts import MATRICES, Write, as_json, raw_image

from edgeisp.engines.base import Tensors
from edgeisp.engines.chain import chained
from edgeisp.export import manifest, records
from edgeisp.files import sha256
from edgeisp.models.halo import Halo
from edgeisp.models.task import Packaging
from edgeisp.raw.image import CFA, Floats
from edgeisp.render.frame import Frame
from edgeisp.render.quantize import Quantizer
from edgeisp.render.renderer import Renderer
from edgeisp.render.tiles import bands


class Case(NamedTuple):
    """A whole frame."""

    name: str
    cfa: CFA
    size: tuple[int, int]
    """Width and height of the mosaic."""
    orientation: int
    tile: tuple[int, int]
    """Height and width, in picture pixels."""
    halo: int
    stride: int
    context: Mapping[str, tuple[int, ...]]
    packaging: Packaging = "split"


FRAMES = (
    Case("crops", "GRBG", (75, 53), 6, (32, 32), 4, 2, {"raw": (1, 4, 12, 16)}),
    Case(
        "thumbnail", "BGGR", (40, 31), 3, (16, 24), 4, 2, {"thumbnail": (1, 4, 5, 6), "color": (1, 9, 1, 1)}
    ),
    Case("baked", "RGGB", (33, 26), 1, (24, 16), 4, 1, {"thumbnail": (1, 4, 4, 4)}, "baked"),
    Case("modules", "GRBG", (29, 35), 5, (24, 24), 4, 2, {"thumbnail": (1, 4, 3, 5)}, "modules"),
    Case("alone", "GBRG", (26, 22), 8, (16, 16), 0, 8, {}),
)
STAGES = tuple(
    records.Stage(
        module=name,
        first=first,
        parameters=tuple(records.StageParameter(name=f"p{i}", low=0.0, high=1.0) for i in range(count)),
        halo=0,
        function=f"module_{name}",
    )
    for name, first, count in (("gain", 1, 3), ("raise", 0, 1), ("fold", 2, 2))
)
"""A chain of modules with functions of their own."""


class Stand:
    """Stands for an artifact: every step of it is one multiplication, addition or comparison of float32."""

    ran_on = "numpy"

    def __init__(self) -> None:
        self.calls: list[tuple[str, Tensors, dict[str, Floats]]] = []

    def run(self, function: str, inputs: Tensors) -> dict[str, Floats]:
        if function == "context":
            made = self._context(inputs)
        else:
            made = self._tile(inputs) if function == "tile" else self._module(function, inputs)
        self.calls.append((function, {k: v.copy() for k, v in inputs.items()}, made))
        return made

    def _context(self, inputs: Tensors) -> dict[str, Floats]:
        seen = inputs["raw"] if "raw" in inputs else inputs["thumbnail"]
        return {"context": seen.max((2, 3)).astype(np.float32)}

    def _module(self, function: str, inputs: Tensors) -> dict[str, Floats]:
        """``raise`` adds, ``gain`` scales each colour, ``fold`` takes the larger of two."""
        picture, p = inputs["picture"], inputs["parameters"][0, :, None, None]
        if function == "module_raise":
            return {"rgb": picture + p[0]}
        if function == "module_gain":
            return {"rgb": picture * (p * np.float32(0.5))}
        return {"rgb": np.maximum(picture - p[0], p[1] - picture)}

    def _tile(self, inputs: Tensors) -> dict[str, Floats]:
        """Nearest pixels, the matrix, and a ramp over the tile that tells which tile a pixel came from."""
        _, _, h, w = inputs["raw"].shape
        r, gr, gb, b = (np.repeat(np.repeat(plane, 2, 0), 2, 1) for plane in inputs["raw"][0])
        rows = np.arange(2 * h)[:, None] % 2 == 0
        g = np.where(rows, gr, gb)
        m = inputs["color"].ravel()
        rgb = np.stack([(m[i] * r + m[i + 1] * g) + m[i + 2] * b for i in (0, 3, 6)])
        ramp = np.arange(4 * h * w, dtype=np.float32).reshape(2 * h, 2 * w) * np.float32(2**-14)
        rgb = rgb + ramp
        for name in ("context", "thumbnail"):
            if name in inputs:
                rgb = rgb + inputs[name].ravel()[:3, None, None] * np.float32(0.125)
        return {"rgb": rgb[None].astype(np.float32)}


def frame(folder: Path, binary: Write, case: Case) -> dict[str, Any]:
    raw = raw_image(case.cfa, *case.size, orientation=case.orientation)
    seen, stand = Frame.of(raw), Stand()
    height, width = (side // 2 for side in case.tile)
    raw_and_color = {"raw": (1, 4, height, width), "color": (1, 9, 1, 1)}
    context = {"context": (1, 4)} if case.context else {}
    stages = STAGES if case.packaging == "modules" else ()
    given = {"split": context, "baked": case.context, "modules": {}}[case.packaging]
    functions = {"tile": {**raw_and_color, **given}}
    if case.context and case.packaging != "baked":
        functions["context"] = dict(case.context)
    for stage in stages:
        functions[str(stage.function)] = {
            "picture": (1, 3, *case.tile),
            "parameters": (1, len(stage.parameters)),
        }
    links = [stage.link for stage in stages if stage.link]
    wanted = {**functions, "tile": {**functions["tile"], **context}} if links else functions
    renderer = Renderer([chained(stand, links)], wanted, case.halo // 2, case.stride)
    made = renderer.render(seen, Quantizer(8))
    base = f"frames/{case.name}"
    artifact = folder / base / "stand.tflite"
    artifact.parent.mkdir(parents=True, exist_ok=True)
    artifact.write_bytes(f"stands for an artifact: {case.name}\n".encode())
    described = _manifest(case, functions, stages, artifact)
    manifest.write(described, manifest.path_of(artifact))

    def recorded(name: str, values: list[Any]) -> str:
        binary(f"{base}/{name}.f32", np.stack(values))
        return f"{name}.f32"

    calls = {}
    for function in functions:
        own = [(given, gave) for name, given, gave in stand.calls if name == function]
        if function != "context":
            plan = renderer.tiles(seen)
            made_so = [plan.index(tile) for band in bands(plan, *seen.downwards) for tile in band]
            own = [call for _, call in sorted(zip(made_so, own, strict=True), key=lambda pair: pair[0])]
        ports = described.functions[function]
        calls[function] = {
            "count": len(own),
            "inputs": {
                p.name: recorded(f"{function}.{p.name}", [g[p.name] for g, _ in own]) for p in ports.inputs
            },
            "outputs": {
                p.name: recorded(f"{function}.{p.name}", [g[p.name] for _, g in own]) for p in ports.outputs
            },
        }
    (artifact.parent / "golden.json").write_text(
        as_json({"golden": 1, "artifact": artifact.name, "least_psnr_db": 45.0, "functions": calls})
    )
    return {
        "name": case.name,
        "manifest": f"{base}/stand.tflite.edgeisp.json",
        "cfa": case.cfa,
        "width": case.size[0],
        "height": case.size[1],
        "row_stride": 2 * case.size[0],
        "mosaic": binary(f"{base}/mosaic.u16", raw.mosaic),
        "black_level": raw.black_level,
        "white_level": raw.white_level,
        "white_balance": raw.white_balance,
        "color_matrix": MATRICES["Pixel"],
        "orientation": case.orientation,
        "halo": case.halo,
        "golden": f"{base}/golden.json",
        "size": made.shape[:2],
        "picture": binary(f"{base}/picture.u8", made),
    }


def _manifest(
    case: Case,
    functions: Mapping[str, Mapping[str, tuple[int, ...]]],
    stages: tuple[records.Stage, ...],
    artifact: Path,
) -> records.Manifest:
    context, rgb = ("context", (1, 4)), ("rgb", (1, 3, *case.tile))
    halo = Halo(case.halo, case.halo, 0.0, 1)
    return records.Manifest(
        model="stand",
        target="tflite",
        precision="fp32",
        functions={
            name: records.Function(
                file=artifact.name,
                inputs=tuple(records.Tensor(name=key, shape=shape) for key, shape in given.items()),
                outputs=(records.Tensor(name=made[0], shape=made[1]),),
            )
            for name, given in functions.items()
            for made in [context if name == "context" else rgb]
        },
        packaging=case.packaging,
        tile=case.tile,
        stride=case.stride,
        halo=halo,
        overhead=round(halo.overhead(case.tile), 3),
        chain=stages,
        checkpoint=records.Checkpoint(name="none", sha256="0" * 64),
        costs={name: records.Cost(parameters=0, macs=0) for name in functions},
        rewrites={name: {} for name in functions},
        tools={},
        files=(records.File(name=artifact.name, sha256=sha256(artifact), bytes=artifact.stat().st_size),),
        delegation={},
        verification=records.Unverified(reason="stands for an artifact in tests"),
    )
