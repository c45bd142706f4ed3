"""Write the golden files that the cores of the sample apps, in Kotlin and in Swift, are tested against.

    python tests/golden/write.py [FOLDER]

README.md beside this file tells what each of them is. Everything is arithmetic that gives the same bits on every
machine: no random generator, no network, no sum whose order is left to a library.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeisp.engines.base import Tensors
from edgeisp.export import manifest
from edgeisp.files import sha256
from edgeisp.models.halo import Halo
from edgeisp.profile.statistics import median, quantile
from edgeisp.raw.bayer import by_plane, flips_to_rggb, plane_positions, shifted
from edgeisp.raw.color import plane_gains
from edgeisp.raw.image import CFA, CFAS, Floats, RawImage
from edgeisp.raw.pack import upright
from edgeisp.render.frame import Frame
from edgeisp.render.quantize import Quantizer, dither
from edgeisp.render.renderer import Renderer, _spread
from edgeisp.render.tiles import bands, mirrored, spans

FOLDER = Path(__file__).resolve().parent
MATRICES = {
    "Sony ILCE-7": (0.5271, -0.0712, -0.0347, -0.6153, 1.3653, 0.2763, -0.1601, 0.2366, 0.7242),
    "Pixel": (0.7171, -0.1986, -0.0674, -0.4279, 1.2265, 0.2282, -0.0607, 0.1529, 0.5605),
    "identity": (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0),
}
Write = Callable[[str, Any], str]


def write(folder: Path) -> None:
    """Write every file that `owned` lists."""

    def binary(name: str, values: Any) -> str:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        array = np.ascontiguousarray(values)
        path.write_bytes(array.astype(array.dtype.newbyteorder("<")).tobytes())
        return name

    parts = {
        "bayer": bayer(),
        "packing": packing(binary),
        "tiles": tiles(),
        "color": color(),
        "picture": picture(binary),
        "statistics": statistics(),
        "frames": [frame(folder, binary, case) for case in FRAMES],
        "manifests": {"accepted": accepted(folder), "refused": refused(folder)},
    }
    for name, content in parts.items():
        (folder / f"{name}.json").write_text(_json(content))


def owned(folder: Path) -> list[Path]:
    """The files in ``folder`` that `write` makes, by their relative names."""
    made = [
        path for name in ("packing", "picture", "frames", "refused") for path in (folder / name).rglob("*")
    ]
    return sorted(path.relative_to(folder) for path in [*made, *folder.glob("*.json")] if path.is_file())


def mosaic(width: int, height: int, black: float, white: float) -> NDArray[np.uint16]:
    """A sloped, noisy mosaic by integer arithmetic: from below black to saturated."""
    y, x = np.mgrid[:height, :width].astype(np.int64)
    noise = (x * 40503 + y * 30011 + x * y * 73) % 241 - 120
    level = int(black) + (x * 7 + y * 5) * int(white - black) // (5 * width + 4 * height) + noise - 40
    return np.clip(level, 0, int(white)).astype(np.uint16)


def raw_image(cfa: CFA, width: int, height: int, **fields: Any) -> RawImage:
    """A RAW image with four different black levels."""
    chosen = RawImage(
        mosaic(width, height, 64, 1023),
        cfa,
        (64.0, 63.5, 65.25, 66.0),
        1023.0,
        (2.0625, 1.0, 1.5),
        np.reshape(MATRICES["Pixel"], (3, 3)),
    )
    return replace(chosen, **fields)


def bayer() -> list[dict[str, Any]]:
    return [
        {
            "cfa": cfa,
            "positions": plane_positions(cfa),
            "flips": flips_to_rggb(cfa),
            "block": [10, 20, 30, 40],
            "planes": by_plane([10, 20, 30, 40], cfa),
            "shifted": {
                f"{rows},{columns}": shifted(cfa, rows, columns) for rows in (0, 1) for columns in (0, 1)
            },
        }
        for cfa in CFAS
    ]


def packing(binary: Write) -> list[dict[str, Any]]:
    cases = []
    settings = [
        ("RGGB", 12, 8, 0.0, 4),
        ("GRBG", 14, 10, 0.0, 0),
        ("GBRG", 13, 9, 1.0, 6),
        ("BGGR", 11, 7, -0.5, 2),
    ]
    for cfa, width, height, exposure, padding in settings:
        raw = raw_image(cfa, width, height)  # type: ignore[arg-type]
        seen = Frame.of(raw, exposure)
        stride = 2 * width + padding
        buffer = np.full((height, stride), 0xEE, np.uint8)  # what lies between the rows is no picture
        buffer[:, : 2 * width] = raw.mosaic.astype("<u2").view(np.uint8)
        windows = [(0, 0, *seen.size), (-3, -2, seen.size[0] + 5, seen.size[1] + 4), (1, 2, 3, 2)]
        name = f"packing/{cfa.lower()}"
        cases.append(
            {
                "cfa": cfa,
                "width": width,
                "height": height,
                "row_stride": stride,
                "mosaic": binary(f"{name}.mosaic.u8", buffer),
                "black_level": raw.black_level,
                "white_level": raw.white_level,
                "white_balance": raw.white_balance,
                "exposure": exposure,
                "shape": seen.size,
                "planes": binary(f"{name}.planes.f32", seen.packed.planes),
                "windows": [
                    {"window": window, "canonical": binary(f"{name}.{i}.f32", seen.window(*window))}
                    for i, window in enumerate(windows)
                ],
                "thumbnails": [
                    {"size": size, "values": binary(f"{name}.{size[0]}x{size[1]}.f32", seen.thumbnail(*size))}
                    for size in ((2, 3), (4, 4))
                ],
            }
        )
    return cases


def tiles() -> dict[str, Any]:
    lengths = [(1, 16, 2, 2), (11, 16, 2, 2), (12, 16, 2, 2), (13, 16, 2, 2), (38, 16, 2, 2), (27, 16, 0, 8)]
    lengths += [(2016, 256, 40, 8), (1512, 512, 48, 8), (129, 128, 56, 8)]
    return {
        "spans": [
            {
                "length": length,
                "tile": tile,
                "halo": halo,
                "stride": stride,
                "spans": [(s.read, s.start, s.stop) for s in spans(length, tile, halo, stride)],
            }
            for length, tile, halo, stride in lengths
        ],
        "refused": [
            {"tile": tile, "halo": halo, "stride": stride}
            for tile, halo, stride in ((16, 8, 8), (20, 4, 8), (32, 4, 8), (16, 9, 1))
        ],
        "mirrored": [
            {
                "start": start,
                "count": count,
                "length": length,
                "indices": mirrored(start, count, length).tolist(),
            }
            for start, count, length in ((-3, 9, 4), (0, 5, 5), (-2, 6, 1), (-7, 20, 2), (3, 12, 6))
        ],
        "crops": [
            {"length": length, "crop": crop, "starts": _spread(length, crop)}
            for length, crop in (
                (100, 128),
                (128, 128),
                (129, 128),
                (131, 128),
                (133, 128),
                (1512, 128),
                (2016, 128),
            )
        ],
    }


def color() -> list[dict[str, Any]]:
    cases = []
    for name, matrix in MATRICES.items():
        raw = raw_image("RGGB", 2, 2, color_matrix=np.reshape(matrix, (3, 3)))
        cases.append({"camera": name, "color_matrix": matrix, "color": Frame.of(raw).color.ravel().tolist()})
    gains = [(2.0625, 1.0, 1.5), (0.8, 1.0, 1.9), (1.7, 1.0, 0.625), (1.0, 1.0, 1.0)]
    return [
        *cases,
        *({"white_balance": wb, "plane_gains": plane_gains(wb).ravel().tolist()} for wb in gains),
    ]


def picture(binary: Write) -> dict[str, Any]:
    top, left, height, width = 1500, 2001, 6, 9
    values = np.linspace(-0.1, 1.1, 3 * height * width, dtype=np.float64).astype(np.float32)
    rgb = values.reshape(3, height, width)
    small = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    return {
        "quantized": {
            "top": top,
            "left": left,
            "size": (height, width),
            "dither": binary("picture/dither.f32", dither(top, left, height, width)),
            "rgb": binary("picture/rgb.f32", rgb),
            "codes": binary("picture/codes.u8", Quantizer(8).codes(rgb, top, left)),
        },
        "upright": {
            "size": (2, 3),
            "pixels": small.ravel().tolist(),
            "turned": [
                {
                    "orientation": o,
                    "size": upright(small, o).shape[:2],
                    "pixels": upright(small, o).ravel().tolist(),
                }
                for o in range(1, 9)
            ],
        },
    }


def statistics() -> dict[str, Any]:
    series = [[10.0], [3.0, 1.0, 2.0], [4.0, 1.0, 3.0, 2.0], [float(x * 37 % 50) / 4 for x in range(50)]]
    expected, got = np.arange(12, dtype=np.float32) / 16, np.arange(12, dtype=np.float32) / 16
    got = got + np.float32(0.125)
    return {
        "latency": [{"samples_ms": s, "median_ms": median(s), "p90_ms": quantile(s, 0.9)} for s in series],
        "psnr": [
            {"expected": expected.tolist(), "got": got.tolist(), "psnr_db": 10 * math.log10(1 / 0.125**2)},
            {"expected": expected.tolist(), "got": expected.tolist(), "psnr_db": 200.0},
        ],
    }


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
    baked: bool = False


FRAMES = (
    Case("crops", "GRBG", (75, 53), 6, (32, 32), 4, 2, {"raw": (1, 4, 12, 16)}),
    Case(
        "thumbnail", "BGGR", (40, 31), 3, (16, 24), 4, 2, {"thumbnail": (1, 4, 5, 6), "color": (1, 9, 1, 1)}
    ),
    Case("baked", "RGGB", (33, 26), 1, (24, 16), 4, 1, {"thumbnail": (1, 4, 4, 4)}, True),
    Case("alone", "GBRG", (26, 22), 8, (16, 16), 0, 8, {}),
)


class Stand:
    """Stands for an artifact: every step of it is one multiplication, addition or comparison of float32."""

    ran_on = "numpy"

    def __init__(self) -> None:
        self.calls: list[tuple[str, Tensors, dict[str, Floats]]] = []

    def run(self, function: str, inputs: Tensors) -> dict[str, Floats]:
        made = self._context(inputs) if function == "context" else self._tile(inputs)
        self.calls.append((function, {k: v.copy() for k, v in inputs.items()}, made))
        return made

    def _context(self, inputs: Tensors) -> dict[str, Floats]:
        seen = inputs["raw"] if "raw" in inputs else inputs["thumbnail"]
        return {"context": seen.max((2, 3)).astype(np.float32)}

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
    inputs = {"raw": (1, 4, height, width), "color": (1, 9, 1, 1)}
    if case.baked:
        inputs |= case.context
    elif case.context:
        inputs |= {"context": (1, 4)}
    functions = {"tile": inputs} | ({"context": case.context} if case.context and not case.baked else {})
    renderer = Renderer([stand], functions, case.halo // 2, case.stride)
    made = renderer.render(seen, Quantizer(8))
    base = f"frames/{case.name}"
    artifact = folder / base / "stand.tflite"
    artifact.parent.mkdir(parents=True, exist_ok=True)
    artifact.write_bytes(f"stands for an artifact: {case.name}\n".encode())
    described = _manifest(case, functions, artifact)
    manifest.write(described, manifest.path_of(artifact))

    def recorded(name: str, values: list[Any]) -> str:
        binary(f"{base}/{name}.f32", np.stack(values))
        return f"{name}.f32"

    calls = {}
    for function in functions:
        own = [(given, gave) for name, given, gave in stand.calls if name == function]
        if function == "tile":
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
        _json({"golden": 1, "artifact": artifact.name, "least_psnr_db": 45.0, "functions": calls})
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
    case: Case, functions: Mapping[str, Mapping[str, tuple[int, ...]]], artifact: Path
) -> manifest.Manifest:
    outputs = {"tile": ("rgb", (1, 3, *case.tile)), "context": ("context", (1, 4))}
    halo = Halo(case.halo, case.halo, 0.0, 1)
    return manifest.Manifest(
        model="stand",
        target="tflite",
        precision="fp32",
        functions={
            name: manifest.Function(
                file=artifact.name,
                inputs=tuple(manifest.Tensor(name=key, shape=shape) for key, shape in given.items()),
                outputs=(manifest.Tensor(name=outputs[name][0], shape=outputs[name][1]),),
            )
            for name, given in functions.items()
        },
        packaging="baked" if case.baked else "split",
        tile=case.tile,
        stride=case.stride,
        halo=halo,
        overhead=round(halo.overhead(case.tile), 3),
        checkpoint=manifest.Checkpoint(name="none", sha256="0" * 64),
        costs={name: manifest.Cost(parameters=0, macs=0) for name in functions},
        rewrites={name: {} for name in functions},
        tools={},
        files=(manifest.File(name=artifact.name, sha256=sha256(artifact), bytes=artifact.stat().st_size),),
        delegation={},
        verification=manifest.Unverified(reason="stands for an artifact in tests"),
    )


def accepted(folder: Path) -> list[dict[str, Any]]:
    """What manifests of `edgeisp export` say; those in ``exported/`` are as it wrote them, once."""
    found = []
    for path in sorted((FOLDER / "exported").glob("*.json")):
        read = manifest.decode(path.read_bytes(), path)
        found.append(
            {
                "manifest": f"exported/{path.name}",
                "model": read.model,
                "target": read.target,
                "precision": read.precision,
                "task": read.task,
                "packaging": read.packaging,
                "tile": read.tile,
                "stride": read.stride,
                "halo": read.halo and read.halo.auto,
                "chain": [stage.module for stage in read.chain],
                "files": {file.name: file.sha256 for file in read.files},
                "functions": {
                    name: {
                        "file": function.file,
                        "inputs": [(port.name, port.shape) for port in function.inputs],
                        "outputs": [(port.name, port.shape) for port in function.outputs],
                    }
                    for name, function in read.functions.items()
                },
                "status": manifest.encode(read.verification).split(b'"')[3].decode(),
            }
        )
    return found


def refused(folder: Path) -> list[dict[str, str]]:
    """Manifests that no reader may take, each with what is wrong, beside their artifact."""
    source = folder / "frames" / "crops" / "stand.tflite"
    text = manifest.path_of(source).read_text()
    good = json.loads(text)
    elsewhere = json.loads(text.replace("stand.tflite", "../crops/stand.tflite"))
    without = {key: value for key, value in good["functions"].items() if key != "tile"}
    changes = {
        "newer": ("version", {**good, "manifest": 2, "look": {"tone": 1}}),
        "unknown": ("field", {**good, "look": {"tone": 1}}),
        "tileless": ("functions", {**good, "functions": without}),
        "off-stride": ("tile", {**good, "stride": 3}),
        "elsewhere": ("file", elsewhere),
        "damaged": ("hash", {**good, "files": [{**good["files"][0], "sha256": "0" * 64}]}),
        "absent": ("file", good),
    }
    cases = {name: (why, json.dumps(content, indent=2) + "\n") for name, (why, content) in changes.items()}
    cases["truncated"] = ("json", text[: len(text) // 2])
    for name, (_, content) in cases.items():
        artifact = folder / "refused" / name / source.name
        artifact.parent.mkdir(parents=True, exist_ok=True)
        manifest.path_of(artifact).write_text(content)
        if name != "absent":
            artifact.write_bytes(source.read_bytes())
    return [
        {"manifest": f"refused/{name}/{source.name}{manifest.SUFFIX}", "why": why}
        for name, (why, _) in cases.items()
    ]


def _json(content: Any) -> str:
    """Readable; lists of numbers on one line."""
    return (
        re.sub(r"\[[^][{}]*\]", lambda found: " ".join(found[0].split()), json.dumps(content, indent=1))
        + "\n"
    )


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
