"""One table, precision by target: distance to fp32, loss against the truth, size, time, and what runs in int8.

Exports what ``--artifacts`` does not hold yet (each export verifies its artifact), renders the synthetic test with each
and with the fp32 network in PyTorch by the renderer that users have, in the same tiles, and puts the table into the
``--page`` between its marks. The figures of an artifact are kept beside it; times are measured anew, in turns. Core ML
is exported and verified, but neither rendered nor timed without a Mac: our interpreter takes minutes for each picture.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
from int8 import artifact
from rich.console import Console
from timing import instructions, interleaved, machine

from edgeisp.cli.engine import EngineOptions
from edgeisp.cli.options import NetworkOptions
from edgeisp.engines import ENGINES
from edgeisp.export import TARGETS, manifest
from edgeisp.export.manifest import Manifest, Verified
from edgeisp.export.verification import example
from edgeisp.files import sha256, whole
from edgeisp.models import checkpoint
from edgeisp.raw.image import Floats
from edgeisp.render.frame import Frame
from edgeisp.render.quantize import Quantizer
from edgeisp.training.evalset import ISOS, EvalPicture, synthetic_test
from edgeisp.training.metrics import psnr

HEAD = (
    "target",
    "precision",
    "artifact to its program",
    "to fp32, ISO {} / {}",
    "truth, ISO {} / {}",
    "MB",
    "ms",
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
    parser.add_argument("--model", default="metaisp")
    parser.add_argument("--side", type=int, default=512, help="side of the tile in picture pixels")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--targets", default=",".join(TARGETS.names()))
    parser.add_argument("--precisions", default="", help="default: all that a target takes")
    parser.add_argument("--artifacts", type=Path, default=Path("build/bench-precision"))
    parser.add_argument("--page", type=Path, help="page to put the table into; default: print it")
    chosen = parser.parse_args()
    pictures = list(synthetic_test())
    full = rendered(EngineOptions(tile=str(chosen.side), threads=1), chosen.model, pictures)
    found: dict[Path, tuple[Manifest, Row | None]] = {}
    for target in chosen.targets.split(","):
        for precision in (
            chosen.precisions.split(",") if chosen.precisions else TARGETS.get(target).precisions
        ):
            path = artifact(chosen.model, target, precision, chosen.side, chosen.artifacts)
            described = manifest.read(path)
            notes.print(f"rendering with {path.name}")
            found[path] = described, figures(path, pictures, full) if runs_here(described) else None
    seconds = times(list(found), chosen.model, chosen.side, chosen.rounds)
    lines = table(found, seconds)
    caption = f"`python benchmarks/precision.py --model {chosen.model}`: tile {chosen.side}x{chosen.side}, one thread, "
    lines += ["", f"{caption}median of {chosen.rounds} rounds in turns; {machine()}; {instructions()}."]
    if chosen.page:
        put(chosen.page, chosen.model, lines)
    else:
        Console(width=250, highlight=False).print("\n".join(lines))


def figures(path: Path, pictures: list[EvalPicture], full: list[Floats]) -> Row:
    """Of one artifact; kept beside it."""
    kept, identity = path.with_name(f"{path.name}.figures.json"), sha256(manifest.path_of(path))
    if kept.is_file() and (row := msgspec.json.decode(kept.read_bytes(), type=Row)).sha256 == identity:
        return row
    errors: dict[int, list[float]] = {iso: [] for iso in ISOS}
    losses: dict[int, list[float]] = {iso: [] for iso in ISOS}
    made = rendered(EngineOptions(artifact=path, threads=1), "", pictures)
    for picture, expected, got in zip(pictures, full, made, strict=True):
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


def rendered(options: EngineOptions, model: str, pictures: list[EvalPicture]) -> list[Floats]:
    """``3 x H x W`` sRGB in [0, 1] of each picture."""
    made = []
    for picture in pictures:
        frame = Frame.of(picture.raw)
        renderer = options.open(NetworkOptions(model), frame.size)
        codes = renderer.render(frame, Quantizer(16)).transpose(2, 0, 1)
        made.append((codes / np.float32(65535)).astype(np.float32))
    return made


def runs_here(described: Manifest) -> bool:
    """Whether a runtime of this host runs it; the MIL interpreter is none."""
    return TARGETS.get(described.target).engine() != "mil"


def times(paths: list[Path], model: str, side: int, rounds: int) -> dict[Path, float]:
    """Median seconds of one tile, for those that run here."""
    shapes = checkpoint.load(model).network.functions(side // 2, side // 2)["tile"].inputs  # type: ignore[operator]
    inputs = {name: example(name, shape, 0) for name, shape in shapes.items()}
    calls: dict[str, Callable[[], object]] = {}
    for path in paths:
        if runs_here(described := manifest.read(path)):
            engine = ENGINES.get(TARGETS.get(described.target).engine())
            calls[str(path)] = partial(engine.open(path, threads=1).run, "tile", inputs)
    interleaved(calls, 1)
    return {Path(name): value for name, value in interleaved(calls, rounds).items()}


def table(found: dict[Path, tuple[Manifest, Row | None]], seconds: dict[Path, float]) -> list[str]:
    """Markdown."""
    head = [cell.format(*ISOS) for cell in (*HEAD, "convolutions of `tile`")]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for path, (described, row) in found.items():
        verified = described.verification
        near = " / ".join(f"{row.to_fp32[iso]:.1f}" for iso in ISOS) + " dB" if row else "not rendered"
        task = " / ".join(f"{row.task[iso]:+.2f}" for iso in ISOS) + " dB" if row else "not rendered"
        cells = (
            described.target,
            described.precision,
            f"{verified.psnr_db:.1f} dB (limit {verified.threshold_db:g})"
            if isinstance(verified, Verified)
            else "–",
            near,
            task,
            f"{sum(file.bytes for file in described.files) / 1e6:.2f}",
            f"{seconds[path] * 1e3:.1f}" if path in seconds else "no Mac",
            census(described),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def census(described: Manifest) -> str:
    """How many convolutions are int8 in the written file, and how many are not."""
    counted = described.census.get("tile")
    return f"{counted.int8} int8, {sum(counted.float.values())} float" if counted else "float"


def put(page: Path, model: str, lines: list[str]) -> None:
    """Replace what stands between the marks of ``model``."""
    begin, end = f"<!-- precision of {model} -->", f"<!-- end of precision of {model} -->"
    text = page.read_text()
    before, rest = text.split(begin, 1)
    body = "\n".join(lines)
    with whole(page) as part:
        part.write_text(f"{before}{begin}\n{body}\n{end}{rest.split(end, 1)[1]}")


if __name__ == "__main__":
    main()
