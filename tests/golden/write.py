"""Write the golden files that the cores of the sample apps, in Kotlin and in Swift, are tested against.

    python tests/golden/write.py [FOLDER]

README.md beside this file tells what each of them is. Everything is arithmetic that gives the same bits on every
machine: no random generator, no network, no sum whose order is left to a library.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from chains import chains
from parts import MATRICES, Write, as_json, raw_image
from whole_frames import FRAMES, frame

from edgeisp.export import manifest
from edgeisp.profile.statistics import median, quantile
from edgeisp.raw.bayer import by_plane, flips_to_rggb, plane_positions, shifted
from edgeisp.raw.color import plane_gains
from edgeisp.raw.dng_color import SETS, color_matrix, white_balance
from edgeisp.raw.image import CFAS
from edgeisp.raw.pack import upright
from edgeisp.render.frame import Frame
from edgeisp.render.quantize import Quantizer, dither
from edgeisp.render.renderer import _spread
from edgeisp.render.tiles import mirrored, spans

FOLDER = Path(__file__).resolve().parent


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
        "camera": camera(),
        "picture": picture(binary),
        "statistics": statistics(),
        "chain": chains(),
        "frames": [frame(folder, binary, case) for case in FRAMES],
        "manifests": {"accepted": accepted(folder), "refused": refused(folder)},
    }
    for name, content in parts.items():
        (folder / f"{name}.json").write_text(as_json(content))


def owned(folder: Path) -> list[Path]:
    """The files in ``folder`` that `write` makes, by their relative names."""
    made = [
        path for name in ("packing", "picture", "frames", "refused") for path in (folder / name).rglob("*")
    ]
    return sorted(path.relative_to(folder) for path in [*made, *folder.glob("*.json")] if path.is_file())


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


def camera() -> list[dict[str, Any]]:
    """What a camera says of a shot, and what `edgeisp.raw` makes of a DNG that says the same."""
    unit = [1.03, 0.0, 0.01, 0.0, 0.98, 0.0, -0.01, 0.0, 1.02]
    d65, a = (21, "Pixel", unit), (17, "Sony ILCE-7", None)
    cases = [
        (1, [60, 61, 62, 63], [0.5, 1.0, 0.625], [a, d65]),
        (2, [64, 64, 64, 64], [0.4, 1.0, 0.8], [a]),
        (3, [256, 255, 257, 256], [1.0, 1.0, 1.0], [(0, "identity", None), (23, "Pixel", None)]),
    ]
    made = []
    for arrangement, black, neutral, calibrations in cases:
        cfa = CFAS[arrangement]
        tags = {50728: neutral}
        for codes, (illuminant, name, own) in zip(SETS, calibrations, strict=False):
            tags |= {codes[0]: MATRICES[name], codes[2]: illuminant} | ({codes[1]: own} if own else {})
        page = SimpleNamespace(
            tags={code: SimpleNamespace(value=value, dtype=12) for code, value in tags.items()}
        )
        matrix, _ = color_matrix(page)
        assert matrix is not None
        told = [
            {"illuminant": i, "color_matrix": MATRICES[name], "unit": own} for i, name, own in calibrations
        ]
        made.append(
            {
                "arrangement": arrangement,
                "black": black,
                "white": 1023.0,
                "neutral": neutral,
                "calibrations": told,
                "sensor": {
                    "cfa": cfa,
                    "black_level": by_plane(black, cfa),
                    "white_balance": white_balance(page, matrix),
                    "color_matrix": [round(value, 12) for value in matrix],
                },
            }
        )
    return made


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
    slopes = [{"name": f"slope {i}", "low": 0.5, "high": 2.0, "unit": ""} for i in range(3)]
    tone = {"module": "tone", "first": 2, "parameters": slopes, "halo": 0}
    changes = {
        "newer": ("version", {**good, "manifest": 2, "look": {"tone": 1}}),
        "unknown": ("field", {**good, "look": {"tone": 1}}),
        "tileless": ("functions", {**good, "functions": without}),
        "off-stride": ("tile", {**good, "stride": 3}),
        "repackaged": ("packaging", {**good, "packaging": "folded"}),
        "outside": ("chain", {**good, "chain": [tone]}),
        "apart": ("apart", {**good, "packaging": "modules", "chain": [{**tone, "first": 0}]}),
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


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
