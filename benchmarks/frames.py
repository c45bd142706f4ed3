"""Whole frames from RAW file to JPEG: seconds, megapixels per second and peak memory, each in a process of its own.

MetaISP by an artifact, beside what a user would take without a network: LibRaw with AHD, and OpenCV's edge-aware
demosaic with the same colour matrix. One thread each. The frames are the sample scene, repeated to size.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console

from edgeisp.raw import read_raw, write_dng

SIDES = {1: (1200, 840), 3: (2048, 1464), 12: (4000, 3000), 48: (8000, 6000), 101: (12000, 8400)}
"""Width and height by megapixels."""
ALONE = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OPENCV_FOR_THREADS_NUM": "1",
    "VIPS_CONCURRENCY": "1",
}
MANY, METAISP = 12, "MetaISP"
HEAD = ("frame", "by", "seconds", "MP/s", "peak MB")
notes = Console(stderr=True)


def main() -> None:
    """Draw the frames, render each in turns, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "artifact",
        type=Path,
        nargs="*",
        help="what `edgeisp export` wrote; default: exports TFLite, fp32 and int8",
    )
    parser.add_argument("--megapixels", type=int, nargs="+", choices=SIDES, default=[1, 3, 12])
    parser.add_argument("--rounds", type=int, default=3, help="one for frames beyond 12 MP")
    parser.add_argument("--page", type=Path, help="page to put table and plots into, such as docs/speed.md")
    parser.add_argument("--one", nargs=2, type=Path, metavar=("METHOD", "DNG"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        one(str(chosen.one[0]), chosen.one[1], chosen.artifact[0])
        return
    rows: list[tuple[str, ...]] = []
    curves: dict[str, list[tuple[float, float, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        given = chosen.artifact or exported(Path(folder))
        methods = {"LibRaw AHD": "LibRaw AHD", "LibRaw AAHD": "LibRaw AAHD", "OpenCV EA": "OpenCV EA"}
        methods |= {f"{METAISP} {path.parent.name}": str(path) for path in given}
        for megapixels in chosen.megapixels:
            photo = drawn(Path(folder) / f"{megapixels}.dng", *SIDES[megapixels])
            found: dict[str, list[tuple[float, float]]] = {method: [] for method in methods}
            for _ in range(chosen.rounds if megapixels <= MANY else 1):
                for name, method in methods.items():
                    found[name].append(measured(method, photo))
            pixels = float(np.prod(SIDES[megapixels])) / 1e6
            for name, runs in found.items():
                seconds, peak = statistics.median(s for s, _ in runs), max(p for _, p in runs) / 1e6
                cells = (f"{seconds:.2f}", f"{pixels / seconds:.2f}", f"{peak:.0f}")
                rows.append((f"{pixels:.1f} MP", name, *cells))
                curves.setdefault(name, []).append((pixels, seconds, peak))
                notes.print(" ".join(rows[-1]))
            photo.unlink()
    show(chosen.page, rows, curves, chosen.rounds)


def show(
    page: Path | None,
    rows: list[tuple[str, ...]],
    curves: dict[str, list[tuple[float, float, float]]],
    rounds: int,
) -> None:
    """Print the table; put it and its plots into ``page``."""
    from page import markdown, picture, put  # not above: the processes that are measured need none of it
    from timing import machine

    from edgeisp.profile.plots import Curve, over_time

    said = f"RAW file to JPEG in a process of its own, one thread; medians of {rounds} interleaved rounds"
    lines = [f"{said}, one beyond {MANY} MP; {machine()}.", "", *markdown(HEAD, rows)]
    sys.stdout.write("\n".join(lines) + "\n")
    if page:
        images = {"seconds": Path("images/frames-seconds.svg"), "memory": Path("images/frames-memory.svg")}
        lines += ["", f"![Seconds over megapixels]({images['seconds']})"]
        lines += ["", f"![Peak memory over megapixels]({images['memory']})"]
        put(page, "frames", lines)
        for index, (what, path) in enumerate(images.items(), 1):
            drawn_curves = [Curve(n, tuple((p[0], p[index]) for p in points)) for n, points in curves.items()]
            unit = {"seconds": "s", "memory": "MB"}[what]
            picture(over_time(drawn_curves, unit, "MP"), page.parent / path)


def exported(folder: Path) -> list[Path]:
    """MetaISP for TFLite in float and in int8."""
    from edgeisp.export.exporter import export, plan

    made = []
    for precision in ("fp32", "w8a8"):
        notes.print(f"exporting {precision}")
        made.append(export(plan("metaisp", "tflite", precision=precision), folder / precision).path)
    return made


def drawn(path: Path, width: int, height: int) -> Path:
    """The sample scene repeated to ``width`` and ``height``."""
    from edgeisp.data.sample_scene import sample_raw

    raw = sample_raw(1200, 840)
    across, down = -(-width // 1200), -(-height // 840)
    mosaic = np.ascontiguousarray(np.tile(raw.mosaic, (down, across))[:height, :width])
    write_dng(dataclasses.replace(raw, mosaic=mosaic), path)
    return path


def measured(method: str, photo: Path) -> tuple[float, float]:
    """Seconds of a whole process, start-up included, and the bytes that it said it had at its peak."""
    artifact = method if Path(method).is_file() else photo
    command = [sys.executable, __file__, str(artifact), "--one", method, str(photo)]
    began = time.perf_counter()
    said = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | ALONE)
    return time.perf_counter() - began, json.loads(said.stdout.splitlines()[-1])["peak"]


def one(method: str, photo: Path, artifact: Path) -> None:
    """In the process that is measured."""
    output = photo.with_suffix(".jpg")
    if method.startswith("LibRaw"):
        by_libraw(photo, output, method.split()[1])
    elif method == "OpenCV EA":
        by_opencv(photo, output)
    else:
        from edgeisp.cli.main import main as edgeisp

        given = ["render", photo, "-o", output, "--artifact", artifact, "--threads", "1", "-q"]
        if edgeisp([str(argument) for argument in given]):
            raise SystemExit(1)
    from edgeisp.profile.machine import peak_bytes

    sys.stdout.write(json.dumps({"peak": peak_bytes()}) + "\n")


def by_libraw(photo: Path, output: Path, demosaic: str) -> None:
    """LibRaw with the file's white balance and matrix; AHD is its default, AAHD its slowest."""
    import rawpy
    from PIL import Image

    with rawpy.imread(str(photo)) as raw:
        algorithm = getattr(rawpy.DemosaicAlgorithm, demosaic)
        made = raw.postprocess(demosaic_algorithm=algorithm, use_camera_wb=True, no_auto_bright=True)
    Image.fromarray(made).save(output, quality=95, subsampling="4:4:4")


def by_opencv(photo: Path, output: Path) -> None:
    """Black level, white balance, edge-aware demosaic, colour matrix and the sRGB curve, in 16 bits."""
    import cv2

    from edgeisp.raw.color import encode_srgb, srgb_from_camera

    raw = read_raw(photo)
    flat = np.empty(raw.mosaic.shape, np.uint16)
    least = min(raw.white_balance)
    for index, color in enumerate(raw.cfa):
        y, x = divmod(index, 2)
        black = raw.black_level["RGB".index(color) + (color == "B")]
        gain = raw.white_balance["RGB".index(color)] / least
        scaled = (raw.mosaic[y::2, x::2].astype(np.float32) - black) * (
            gain * 65535 / (raw.white_level - black)
        )
        flat[y::2, x::2] = np.clip(scaled, 0, 65535)
    names = {
        "RGGB": "BG",
        "GRBG": "GB",
        "GBRG": "GR",
        "BGGR": "RG",
    }  # OpenCV counts from the second row and column
    linear = cv2.cvtColor(flat, getattr(cv2, f"COLOR_Bayer{names[raw.cfa]}2BGR_EA"))
    matrix = srgb_from_camera(raw.color_matrix)[::-1, ::-1]
    srgb = cv2.transform(linear, np.ascontiguousarray(matrix, np.float32))
    curve = np.round(255 * encode_srgb(np.arange(65536, dtype=np.float32) / 65535)).astype(np.uint8)
    cv2.imwrite(str(output), curve[np.clip(srgb, 0, 65535)], [cv2.IMWRITE_JPEG_QUALITY, 95])


if __name__ == "__main__":
    main()
