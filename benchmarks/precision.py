"""Tables, precision by target: distance to fp32, loss against the truth, size, time, and what runs in int8.

Exports what ``--artifacts`` does not hold yet (each export verifies its artifact), renders the synthetic test with each
and with the fp32 network in PyTorch by the renderer that users have, in the same tiles, and puts a table per network
into the ``--page`` between its marks. The figures of an artifact are kept beside it; times are measured anew, in turns.
Core ML is exported and verified, at a smaller tile, but neither rendered nor timed without a Mac: our interpreter takes
minutes for each picture.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path

import msgspec
import numpy as np
from int8 import artifact
from page import markdown, put
from rich.console import Console
from timing import instructions, interleaved, machine

from edgeisp.cli.engine import EngineOptions
from edgeisp.cli.fit import start
from edgeisp.cli.options import NetworkOptions
from edgeisp.data.synthetic_test import ISOS
from edgeisp.engines import ENGINES
from edgeisp.export import TARGETS, manifest
from edgeisp.export.records import Manifest, Verified
from edgeisp.export.target import WHY_NOT
from edgeisp.export.verification import example
from edgeisp.files import sha256, whole
from edgeisp.models import checkpoint
from edgeisp.raw.image import Floats
from edgeisp.render.frame import Frame
from edgeisp.render.quantize import Quantizer
from edgeisp.training.evalset import EvalPicture, synthetic_test
from edgeisp.training.metrics import psnr

NOT_RUN_SIDE = 128
"""Side of the tile where artifacts are verified only."""
PRECISIONS = ("fp32", "fp16", "w8", "w8a8")
HEAD = (
    "target and precision",
    "artifact to its program",
    "to fp32, ISO {} / {}",
    "truth, ISO {} / {}",
    "MB",
    "ms",
    "convolutions of `tile`",
)
notes = Console(stderr=True)


class Row(msgspec.Struct, frozen=True):
    """Figures of one artifact over the test, by ISO."""

    sha256: str
    to_fp32: dict[int, float]
    """PSNR to the fp32 network's pictures in the same tiles, of the mean squared error."""
    task: dict[int, float]
    """Change of PSNR to the truth against these, mean over pictures."""


def main() -> None:
    """Export, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", default="metaisp,lwisp")
    parser.add_argument("--side", type=int, default=256, help="side of the tile in picture pixels")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--targets", default=",".join(TARGETS.names()))
    parser.add_argument("--precisions", default=",".join(PRECISIONS))
    parser.add_argument("--artifacts", type=Path, default=Path("build/bench-precision"))
    parser.add_argument("--page", type=Path, help="page to put the tables into; default: print them")
    chosen = parser.parse_args()
    pairs = [(t, p) for t in chosen.targets.split(",") for p in chosen.precisions.split(",")]
    for model in chosen.models.split(","):
        legal = [(t, p) for t, p in pairs if p in TARGETS.get(t).precisions]
        paths = [
            artifact(model, t, p, chosen.side if runs_here(t) else NOT_RUN_SIDE, chosen.artifacts)
            for t, p in legal
        ]
        rows = {
            path: figures(path, model, chosen.side)
            for (t, _), path in zip(legal, paths, strict=True)
            if runs_here(t)
        }
        seconds = times(list(rows), model, chosen.side, chosen.rounds)
        made = dict(zip(legal, paths, strict=True))
        cells = [
            cells_of(made[pair], rows.get(made[pair]), seconds) if pair in made else refused(*pair)
            for pair in pairs
        ]
        lines = [
            *markdown([cell.format(*ISOS) for cell in HEAD], cells),
            "",
            f"`{model}`, tile {chosen.side}x{chosen.side}, one thread, medians of {chosen.rounds} rounds in turns; "
            f"{machine()}; {instructions()}. Core ML, which does not run here: tile {NOT_RUN_SIDE}x{NOT_RUN_SIDE}.",
        ]
        if chosen.page:
            put(chosen.page, f"precision of {model}", lines)
        else:
            Console(width=250, highlight=False).print("\n".join(lines))


def figures(path: Path, model: str, side: int) -> Row:
    """Of one artifact; kept beside it."""
    kept, identity = path.with_name(f"{path.name}.figures.json"), sha256(manifest.path_of(path))
    if kept.is_file() and (row := msgspec.json.decode(kept.read_bytes(), type=Row)).sha256 == identity:
        return row
    errors: dict[int, list[float]] = {iso: [] for iso in ISOS}
    losses: dict[int, list[float]] = {iso: [] for iso in ISOS}
    notes.print(f"rendering with {path.name}")
    full, made = (
        full_pictures(model, side),
        rendered(EngineOptions(artifact=path, threads=1), NetworkOptions()),
    )
    for picture, expected, got in zip(pictures(), full, made, strict=True):
        errors[picture.iso].append(float(np.square(got - expected).mean()))
        before, after = (psnr(x, picture.truth, picture.measure) for x in (expected, got))
        losses[picture.iso].append(after - before)
    row = Row(
        identity,
        {iso: -10 * float(np.log10(np.mean(values))) for iso, values in errors.items()},
        {iso: float(np.mean(values)) for iso, values in losses.items()},
    )
    with whole(kept) as part:
        part.write_bytes(msgspec.json.encode(row))
    return row


@lru_cache(maxsize=1)
def pictures() -> list[EvalPicture]:
    """The synthetic test."""
    return list(synthetic_test())


@lru_cache(maxsize=1)
def full_pictures(model: str, side: int) -> list[Floats]:
    """What the fp32 network makes in PyTorch."""
    return rendered(EngineOptions(tile=str(side), threads=1), NetworkOptions(model))


def rendered(options: EngineOptions, network: NetworkOptions) -> list[Floats]:
    """``3 x H x W`` sRGB in [0, 1] of each picture."""
    fit, made = start(options, network), []
    for picture in pictures():
        frame = Frame.of(picture.raw)
        codes = fit(frame.size).render(frame, Quantizer(16)).transpose(2, 0, 1)
        made.append((codes / np.float32(65535)).astype(np.float32))
    return made


def runs_here(target: str) -> bool:
    """Whether a runtime of this host runs its artifacts; the MIL interpreter is none."""
    return TARGETS.get(target).engine() != "mil"


def times(paths: list[Path], model: str, side: int, rounds: int) -> dict[Path, float]:
    """Median seconds of one tile."""
    shapes = checkpoint.load(model).network.functions(side // 2, side // 2)["tile"].inputs  # type: ignore[operator]
    inputs = {name: example(name, shape, 0) for name, shape in shapes.items()}
    calls: dict[Path, Callable[[], object]] = {}
    for path in paths:
        engine = ENGINES.get(TARGETS.get(manifest.read(path).target).engine())
        calls[path] = partial(engine.open(path, threads=1).run, "tile", inputs)
    interleaved(calls, 1)
    return interleaved(calls, rounds)


def cells_of(path: Path, row: Row | None, seconds: dict[Path, float]) -> list[str]:
    """Of one artifact; without a ``row`` for one that no runtime here runs."""
    described = manifest.read(path)
    verified = described.verification
    assert isinstance(verified, Verified)
    return [
        f"{described.target} {described.precision}",
        f"{verified.psnr_db:.1f} dB (limit {verified.threshold_db:g})",
        " / ".join(f"{row.to_fp32[iso]:.1f}" for iso in ISOS) + " dB" if row else "not rendered",
        " / ".join(f"{row.task[iso]:+.2f}" for iso in ISOS) + " dB" if row else "not rendered",
        f"{sum(file.bytes for file in described.files) / 1e6:.2f}",
        f"{seconds[path] * 1e3:.1f}" if path in seconds else "no Mac",
        census(described),
    ]


def refused(target: str, precision: str) -> list[str]:
    """Of a pair that does not go together: why."""
    return [f"{target} {precision}", WHY_NOT[target, precision], *[""] * (len(HEAD) - 2)]


def census(described: Manifest) -> str:
    """How many convolutions are int8 in the written file, and how many are not."""
    counted = described.census.get("tile")
    return f"{counted.int8} int8, {sum(counted.float.values())} float" if counted else "float"


if __name__ == "__main__":
    main()
