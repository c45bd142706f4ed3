"""Networks fine-tuned on a few real pairs of one sensor, each picture judged by networks that never saw it.

    python benchmarks/sensor.py DIR -o OUT [--networks metaisp lwisp] [--steps 150] [--final]

``DIR`` holds ``raw/*.raw`` (512x512, 12 bits, RGGB, black 0) and ``rgb/*.png``, as the demo pairs of RHID. A network's
bundled weights first learn a shoulder (`look`) on synthetic pairs; then, for every picture, a copy is fine-tuned on the
others, in its own colours and tone (`regraded`), and renders the one left out. The yardstick is LibRaw: every
demosaic, with and without non-local means of three strengths. All are measured as they are and after the same 3x4
affine colour fit, since exposure differs from pair to pair. ``OUT`` gets the results, ``table.md`` and ``sheet.png``.
Stopped, it goes on where it was. ``--final`` trains on all pictures instead: the weights that ship.
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
from torch import Tensor, nn

from edgeisp.checkpoints import bundled
from edgeisp.data.pairset import read_picture
from edgeisp.models.checkpoint import load, save
from edgeisp.raw import DumpFormat, RawImage
from edgeisp.raw.assume import Assumptions
from edgeisp.raw.color import planar
from edgeisp.raw.image import Floats
from edgeisp.raw.reader import RawReader
from edgeisp.render.halo import carded
from edgeisp.training.colorfit import fit_color
from edgeisp.training.config import TrainConfig
from edgeisp.training.evaluate import render_whole
from edgeisp.training.libraw import FBDD, libraw_pictures
from edgeisp.training.loop import STATE, train
from edgeisp.training.metrics import psnr
from edgeisp.training.objective import Batch, Objective

READER = RawReader(
    DumpFormat.parse("512x512", 12, "RGGB", 0.0, 4095.0),
    Assumptions.parse(None, None, None, "1,1,1", "srgb"),
)
KINDS = ("as rendered", "after a colour fit")
SHOULDER = 1.5
"""Of `look`; the smaller, the more highlights are compressed."""
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


def look(picture: Tensor) -> Tensor:
    """A shoulder like a DSLR's: shadows 1.7 times as bright, highlights compressed, black and white kept.

    It is alike for all channels, so that greys stay grey. ``picture`` is sRGB in [0, 1].
    """
    bright = picture.clamp(0, 1)
    return bright * (1 + SHOULDER) / (bright + SHOULDER)


def _curved(picture: Floats) -> Floats:
    curved: Floats = look(torch.from_numpy(picture)).numpy()
    return curved


class Looking(Objective):
    """L1 between a network's picture and `look` of what it made when it was bundled."""

    def __init__(self, network: str) -> None:
        super().__init__()
        self.before = load(network).network.requires_grad_(False)

    def forward(self, network: nn.Module, batch: Batch, done: float) -> Tensor:
        with torch.no_grad():
            target = look(self.before(batch.raw, batch.color))
        each: Tensor = (network(batch.raw, batch.color).float() - target).abs().mean((1, 2, 3))
        return each


def start(network: str, out: Path) -> Path:
    """The bundled weights after they have learned `look`, on synthetic pairs of all cameras."""
    config = TrainConfig(
        model=network, steps=400, lr=1e-3, warmup=20, ema=0.98, save_every=100, init=str(bundled(network))
    )
    run = out / network / "start"
    return train(config, run, resume=(run / STATE).exists(), objective=lambda _: Looking(network))


def regraded(network: str, weights: Path, data: Path, left_out: str | None, out: Path) -> Path:
    """A folder with all pairs but one, their pictures in the colours and the tone in which ``weights`` render the RAW.

    One map for each picture: detail is the DSLR's, and nothing pulls colours or brightness anywhere.
    """
    bare, folder = load(network, weights).network, out / "pairs"
    for kind in ("raw", "rgb"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    for stem in stems(data):
        link, picture = folder / "raw" / f"{stem}.raw", folder / "rgb" / f"{stem}.png"
        if stem == left_out or picture.exists():
            continue
        raw, truth = pair(data, stem)
        if not link.exists():
            link.symlink_to((data / "raw" / link.name).resolve())
        image(fit_color(truth, render_whole(bare, raw), degree=3)).save(picture)
    return folder


def fine_tune(network: str, begin: Path, data: Path, left_out: str | None, out: Path, steps: int) -> Path:
    """Weights of ``network`` after training on all pictures but one."""
    config = TrainConfig(
        model=network,
        data=f"pairs:{regraded(network, begin, data, left_out, out)}",
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
        init=str(begin),
    )
    run = out / "run"
    return train(config, run, resume=(run / STATE).exists())


def image(picture: Floats) -> Image.Image:
    return Image.fromarray((picture.transpose(1, 2, 0) * 255).round().astype(np.uint8))


def leave_one_out(network: str, begin: Path, data: Path, out: Path, steps: int, only: list[str]) -> Result:
    found: Result = {}
    for stem in only or stems(data):
        folder = out / network / stem
        path = folder / "result.json"
        if not path.exists():
            raw, truth = pair(data, stem)
            weights = fine_tune(network, begin, data, stem, folder, steps)
            picture = render_whole(load(network, weights).network, raw)
            before = render_whole(load(network).network, raw)
            np.save(folder / "picture.npy", picture.astype(np.float16))
            curved = render_whole(load(network, begin).network, raw)
            result = {
                f"{network} as bundled": scores(before, truth),
                f"{network} with the shoulder": scores(curved, truth),
                network: scores(picture, truth),
            }
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
        "data": "the 7 demo pairs of RHID (repository TIANLE233/MisISP): an industrial camera, a Canon DSLR",
        "data_licence": "MIT",
        "start": f"the bundled weights of {network}, taught a shoulder on synthetic pairs",
        "figures": {"leave-one-out, mean over the 7 pictures": figures} if folds else {},
    }
    settings = {key: card["training"][key] for key in ("steps", "batch", "patch", "lr", "seed")}
    told = carded(loaded.network, card | {"training": settings})
    save(path, loaded.network.half(), told)
    return path


def yard_pictures(data: Path, name: str) -> dict[str, Floats]:
    """What the classical method called ``name`` makes of each RAW."""
    return {
        stem: next(picture for method, picture in classical(pair(data, stem)[0]) if method == name)
        for stem in stems(data)
    }


def best(results: Result) -> str:
    """The method with the highest mean PSNR after the fit."""
    methods = next(iter(results.values()))
    return max(methods, key=lambda name: float(np.mean([r[name][1] for r in results.values()])))


def table(libraw: Result, curved: Result, ours: dict[str, Result]) -> str:
    """Markdown: methods by pictures, after the fit; means plain and fitted."""
    without = {s: {n: v for n, v in r.items() if "means" not in n} for s, r in libraw.items()}
    rows = [(name, libraw) for name in dict.fromkeys((best(without), best(libraw)))]
    rows += [(name, curved) for name in next(iter(curved.values()))]
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


def sheet(data: Path, out: Path, networks: list[str], yard: dict[str, Floats]) -> Image.Image:
    """For each picture a row: the yardstick, the networks, the truth; all after the colour fit."""
    rows = []
    for stem in stems(data):
        truth = pair(data, stem)[1]
        shown = [fit_color(yard[stem], truth)]
        for network in networks:
            picture = np.load(out / network / stem / "picture.npy").astype(np.float32)
            shown.append(fit_color(picture, truth))
        rows.append(np.concatenate([*shown, truth], 2))
    return image(np.concatenate(rows, 1))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--networks", nargs="+", default=["metaisp", "lwisp"])
    parser.add_argument("--steps", type=int, default=150, help="of fine-tuning")
    parser.add_argument("--only", nargs="*", default=[], help="left-out pictures to run, for a probe")
    parser.add_argument("--final", action="store_true", help="train on all pictures instead")
    given = parser.parse_args()
    torch.set_num_threads(1)
    given.out.mkdir(parents=True, exist_ok=True)
    begin = {network: start(network, given.out) for network in given.networks}
    if given.final:
        for network, weights in begin.items():
            tuned = fine_tune(network, weights, given.data, None, given.out / network / "all", given.steps)
            say(ship(network, tuned, given.out))
        return
    ours = {
        network: leave_one_out(network, weights, given.data, given.out, given.steps, given.only)
        for network, weights in begin.items()
    }
    if given.only:
        return
    libraw = yardstick(given.data, given.out)
    yard = yard_pictures(given.data, best(libraw))
    curved: Result = {
        stem: {f"{best(libraw)}, with the shoulder": scores(_curved(picture), pair(given.data, stem)[1])}
        for stem, picture in yard.items()
    }
    (given.out / "table.md").write_text(table(libraw, curved, ours))
    sheet(given.data, given.out, given.networks, yard).save(given.out / "sheet.png")
    say((given.out / "table.md").read_text())


if __name__ == "__main__":
    main()
