"""Networks fine-tuned on a few real pairs of one sensor, each picture judged by networks that never saw it.

    python benchmarks/sensor.py DIR -o OUT [--networks metaisp lwisp] [--steps 400] [--final]

``DIR`` holds ``raw/*.raw`` (512x512, 12 bits, RGGB, black 0) and ``rgb/*.png``, as the demo pairs of RHID. For every
network and every picture a copy of the bundled weights is fine-tuned on the other pictures and renders the one left
out. The yardstick is LibRaw: every demosaic, with and without non-local means of three strengths. All are measured as
they are and after the same 3x4 affine colour fit, since exposure differs from pair to pair. ``OUT`` gets the results,
``table.md`` and ``sheet.png``. Stopped, it goes on where it was. ``--final`` trains on all pictures instead: the
weights that ship.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from skimage.restoration import denoise_nl_means

from edgeisp.data.pairset import read_picture
from edgeisp.models.checkpoint import bundled, load, save
from edgeisp.raw import DumpFormat, RawImage
from edgeisp.raw.assume import Assumptions
from edgeisp.raw.color import planar
from edgeisp.raw.image import Floats
from edgeisp.raw.reader import RawReader
from edgeisp.training.colorfit import ColorFitted, fit_color
from edgeisp.training.config import TrainConfig
from edgeisp.training.evaluate import render_whole
from edgeisp.training.libraw import FBDD, libraw_pictures
from edgeisp.training.loop import STATE, train
from edgeisp.training.metrics import psnr

READER = RawReader(
    DumpFormat.parse("512x512", 12, "RGGB", 0.0, 4095.0),
    Assumptions.parse(None, None, None, "1,1,1", "srgb"),
)
KINDS = ("as rendered", "after a colour fit")
STRENGTHS = (0.02, 0.04, 0.08)
"""Filter strengths of non-local means; the best for all pictures together counts."""
Result = dict[str, dict[str, tuple[float, float]]]
"""Picture to method to PSNR plain and after the fit."""


def say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def stems(data: Path) -> list[str]:
    return sorted(path.stem for path in (data / "rgb").glob("*.png"))


def pair(data: Path, stem: str) -> tuple[RawImage, Floats]:
    raw = READER.read(data / "raw" / f"{stem}.raw")
    return raw, planar(read_picture(data / "rgb" / f"{stem}.png"))


def scores(picture: Floats, truth: Floats) -> tuple[float, float]:
    return psnr(picture, truth), psnr(fit_color(picture, truth), truth)


def classical(raw: RawImage) -> Iterator[tuple[str, Floats]]:
    for name, picture in libraw_pictures(raw).items():
        yield name, picture
        if not any(name.endswith(f"FBDD {level.lower()}") for level in FBDD):
            for h in STRENGTHS:
                clean = denoise_nl_means(
                    picture, patch_size=5, patch_distance=6, h=h, fast_mode=True, channel_axis=0
                )
                yield f"{name} + non-local means {h:g}", clean.astype(np.float32)


def yardstick(data: Path, out: Path) -> Result:
    found: Result = {}
    for stem in stems(data):
        path = out / f"libraw-{stem}.json"
        if not path.exists():
            raw, truth = pair(data, stem)
            path.write_text(json.dumps({name: scores(p, truth) for name, p in classical(raw)}))
        found[stem] = json.loads(path.read_text())
    return found


def linked(data: Path, left_out: str | None, out: Path) -> Path:
    """A folder with all pairs but one."""
    for kind, suffix in (("raw", ".raw"), ("rgb", ".png")):
        folder = out / "pairs" / kind
        folder.mkdir(parents=True, exist_ok=True)
        for stem in stems(data):
            if stem != left_out and not (folder / f"{stem}{suffix}").exists():
                (folder / f"{stem}{suffix}").symlink_to((data / kind / f"{stem}{suffix}").resolve())
    return out / "pairs"


def fine_tune(network: str, data: Path, left_out: str | None, out: Path, steps: int, plain: float) -> Path:
    """Weights of ``network`` after training on all pictures but one."""
    config = TrainConfig(
        model=network,
        data=f"pairs:{linked(data, left_out, out)}",
        reader=READER,
        steps=steps,
        batch=3,
        patch=96,
        lr=2e-4,
        warmup=20,
        ema=0.98,
        workers=1,
        save_every=steps,
        log_every=20,
        init=str(bundled(network)),
    )
    run = out / "run"
    return train(config, run, resume=(run / STATE).exists(), objective=lambda _: ColorFitted(plain))


def leave_one_out(network: str, data: Path, out: Path, steps: int, plain: float, only: list[str]) -> Result:
    found: Result = {}
    for stem in only or stems(data):
        folder = out / network / stem
        path = folder / "result.json"
        if not path.exists():
            raw, truth = pair(data, stem)
            weights = fine_tune(network, data, stem, folder, steps, plain)
            picture = render_whole(load(network, weights).network, raw)
            before = render_whole(load(network).network, raw)
            np.save(folder / "picture.npy", picture.astype(np.float16))
            result = {f"{network} as bundled": scores(before, truth), network: scores(picture, truth)}
            path.write_text(json.dumps(result))
            say(f"{network} {stem} {result}")
        found[stem] = json.loads(path.read_text())
    return found


def ship(network: str, weights: Path, out: Path) -> Path:
    """The weights in half precision, with a card that names the data."""
    loaded, path = load(network, weights), out / f"{network}-rhid.safetensors"
    folds = [json.loads(file.read_text())[network] for file in sorted((out / network).glob("*/result.json"))]
    figures = [f"{np.mean([fold[i] for fold in folds]):.2f} dB {what}" for i, what in enumerate(KINDS)]
    card = loaded.card | {
        "data": "the 7 demo pairs of RHID (MIT, TIANLE233/MisISP): an industrial camera, a Canon DSLR",
        "start": f"the bundled weights of {network}",
        "figures": {"leave-one-out, mean over the 7 pictures": figures} if folds else {},
    }
    settings = {key: card["training"][key] for key in ("steps", "batch", "patch", "lr", "seed")}
    save(path, loaded.network.half(), card | {"training": settings})
    return path


def best(results: Result) -> str:
    """The method with the highest mean PSNR after the fit."""
    methods = next(iter(results.values()))
    return max(methods, key=lambda name: float(np.mean([r[name][1] for r in results.values()])))


def table(libraw: Result, ours: dict[str, Result]) -> str:
    """Markdown: methods by pictures, after the fit; means plain and fitted."""
    without = {s: {n: v for n, v in r.items() if "means" not in n} for s, r in libraw.items()}
    rows = [(name, libraw) for name in dict.fromkeys((best(without), best(libraw)))]
    rows += [(name, result) for result in ours.values() for name in next(iter(result.values()))]
    lines = [
        f"| method | {' | '.join(libraw)} | mean | mean without the fit |",
        f"|---|{'---|' * (len(libraw) + 2)}",
    ]
    for name, result in rows:
        fitted = [result[stem][name][1] for stem in libraw]
        plain = np.mean([result[stem][name][0] for stem in libraw])
        cells = " | ".join(f"{value:.2f}" for value in fitted)
        lines.append(f"| {name} | {cells} | **{np.mean(fitted):.2f}** | {plain:.2f} |")
    return "\n".join(lines) + "\n"


def sheet(data: Path, out: Path, networks: list[str], yard: str) -> Image.Image:
    """For each picture a row: the yardstick, the networks, the truth; all after the colour fit."""
    rows = []
    for stem in stems(data):
        raw, truth = pair(data, stem)
        shown = [fit_color(next(p for name, p in classical(raw) if name == yard), truth)]
        for network in networks:
            picture = np.load(out / network / stem / "picture.npy").astype(np.float32)
            shown.append(fit_color(picture, truth))
        rows.append(np.concatenate([*shown, truth], 2))
    whole = np.concatenate(rows, 1).transpose(1, 2, 0)
    return Image.fromarray((whole * 255).round().astype(np.uint8))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--networks", nargs="+", default=["metaisp", "lwisp"])
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--plain", type=float, default=0.15, help="weight of the loss without the fit")
    parser.add_argument("--only", nargs="*", default=[], help="left-out pictures to run, for a probe")
    parser.add_argument("--final", action="store_true", help="train on all pictures instead")
    given = parser.parse_args()
    torch.set_num_threads(1)
    given.out.mkdir(parents=True, exist_ok=True)
    if given.final:
        for network in given.networks:
            weights = fine_tune(
                network, given.data, None, given.out / network / "all", given.steps, given.plain
            )
            say(ship(network, weights, given.out))
        return
    ours = {
        n: leave_one_out(n, given.data, given.out, given.steps, given.plain, given.only)
        for n in given.networks
    }
    if given.only:
        return
    libraw = yardstick(given.data, given.out)
    (given.out / "table.md").write_text(table(libraw, ours))
    sheet(given.data, given.out, given.networks, best(libraw)).save(given.out / "sheet.png")
    say((given.out / "table.md").read_text())


if __name__ == "__main__":
    main()
