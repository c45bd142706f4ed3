"""Training patches per second: from the files themselves, from the cache of decoded frames, and what the trainer eats.

Makes a folder in the layout of the Zurich set (448x448, 10-bit PNG and JPEG), fills a cache, and takes turns.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table
from timing import machine

from edgeisp.data.cache import stored_frames
from edgeisp.data.frame import frame_of, sample
from edgeisp.data.open import Patches, open_set
from edgeisp.data.pairset import PairSet
from edgeisp.data.synthetic import photo_crop
from edgeisp.models import MODELS
from edgeisp.raw.color import decode_srgb
from edgeisp.raw.reader import RawReader
from edgeisp.raw.unprocess import sample_planes

SIDE = 448
ROUNDS = 5
Draw = Callable[[int], object]


def main() -> None:
    """Make the files, decode, cache, train, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="metaisp")
    parser.add_argument("--patch", type=int, default=64, help="packed pixels; 216 is nearly a whole ZRR pair")
    parser.add_argument("--pairs", type=int, default=48)
    parser.add_argument("--batch", type=int, default=8)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = str(Path(folder, "cache"))
        make_zrr(Path(folder, "zrr"), chosen.pairs)
        pairs = open_set(f"zrr:{folder}/zrr", RawReader())
        cached = Patches(stored_frames(pairs, pairs.of("train")), chosen.patch)
        rates = interleaved_rates(
            {
                "decoding the files": (partial(decoded, pairs, chosen.patch), chosen.batch),
                "from the cache": (cached.__getitem__, 16 * chosen.batch),
                f"{chosen.model}, a training step": (trainer(chosen.model, cached, chosen.batch), 1),
            }
        )
    rates[f"{chosen.model}, a training step"] *= chosen.batch
    table = Table(
        "what", "patches per second", title=f"Patches of {2 * chosen.patch} pixels, one thread each"
    )
    for name, rate in rates.items():
        table.add_row(name, f"{rate:.1f}")
    table.caption = machine()
    Console().print(table)


def make_zrr(folder: Path, pairs: int) -> None:
    """Training pairs of photographs, without noise; one is for testing."""
    for number in range(pairs + 1):
        split = "train" if number < pairs else "test"
        picture = photo_crop(SIDE, np.random.default_rng(number))
        mosaic = np.empty((SIDE, SIDE), np.uint16)
        for plane, samples in enumerate(sample_planes(decode_srgb(picture))):
            mosaic[plane // 2 :: 2, plane % 2 :: 2] = np.round(63 + samples * 957)
        for kind, suffix, pixels in (
            ("huawei_raw", "png", mosaic),
            ("canon", "jpg", np.round(picture * 255).astype(np.uint8).transpose(1, 2, 0)),
        ):
            path = folder / split / kind / f"{number}.{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)


def decoded(pairs: PairSet, patch: int, index: int) -> object:
    """A patch without the cache."""
    rng = np.random.default_rng(index)
    entry = pairs.entries[int(rng.integers(len(pairs.entries)))]
    return sample(frame_of(pairs.read(entry)), patch, rng)


def trainer(model: str, patches: Patches, batch: int) -> Draw:
    """A training step of ``model`` on a batch that is at hand already."""
    network = MODELS.get(model).build()
    optimizer = torch.optim.AdamW(network.parameters(), 1e-4)
    raw, color, target, _ = (
        torch.from_numpy(np.stack(part)) for part in zip(*map(patches.__getitem__, range(batch)), strict=True)
    )

    def step(_: int) -> None:
        optimizer.zero_grad()
        (network(raw, color) - target).abs().mean().backward()
        optimizer.step()

    return step


def interleaved_rates(draws: dict[str, tuple[Draw, int]]) -> dict[str, float]:
    """Median calls per second of each; every round takes turns, so that a slow phase of the machine hits all."""
    index, rates = count(), {name: [] for name in draws}
    for _ in range(ROUNDS):
        for name, (draw, calls) in draws.items():
            start = time.perf_counter()
            for _ in range(calls):
                draw(next(index))
            rates[name].append(calls / (time.perf_counter() - start))
    return {name: statistics.median(values) for name, values in rates.items()}


if __name__ == "__main__":
    main()
