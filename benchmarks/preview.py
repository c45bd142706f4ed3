"""What a table of colours costs beside the point-wise modules that it stands for, and how far it is from them.

``python benchmarks/preview.py``: POS-ISP's modules of one pixel in PyTorch on one thread, 512x512, interleaved medians.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import torch
from skimage.color import deltaE_ciede2000, rgb2lab
from torch import Tensor

from edgeisp.data.samples import packed_samples
from edgeisp.models import checkpoint
from edgeisp.posisp.network import PosISP
from edgeisp.posisp.table import folded

SIDE, REPEATS, PICTURES = 256, 15, 4
RUNS = (
    ("gamma", "exposure"),
    ("gamma", "exposure", "tone"),
    ("white-balance", "exposure", "ccm", "gamma", "tone", "contrast", "saturation", "desaturation"),
)


def timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - began)


def difference(got: Tensor, expected: Tensor) -> float:
    """Mean CIEDE2000."""
    lab = [rgb2lab(x[0].clamp(0, 1).permute(1, 2, 0).numpy().astype(float)) for x in (got, expected)]
    return float(np.mean(deltaE_ciede2000(*lab)))


@torch.inference_mode()
def main() -> None:
    torch.set_num_threads(1)
    write = sys.stdout.write
    network = checkpoint.load("posisp").network
    assert isinstance(network, PosISP)
    pipeline, color = network.pipeline, torch.eye(3).reshape(1, 9, 1, 1)
    packed = torch.from_numpy(packed_samples(PICTURES, SIDE, SIDE, 7))
    linear, raw = network.linear(packed, color), network.context(packed, color)
    write("| modules | exact, ms | table, ms | gain | making the table, ms | mean CIEDE2000 |\n")
    write("|---|---|---|---|---|---|\n")
    for names in RUNS:
        run, x, values = pipeline.ids(names), linear[:1], raw[:1]
        table = folded(pipeline, values, run)
        times = [
            (
                timed(lambda run=run, x=x, values=values: pipeline.run(x, values, run)),
                timed(lambda x=x, table=table: table(x)),
                timed(lambda run=run, values=values: folded(pipeline, values, run)),
            )
            for _ in range(REPEATS)
        ]
        exact, looked_up, made = (median(each) for each in zip(*times, strict=True))
        error = np.mean(
            [
                difference(
                    folded(pipeline, raw[i : i + 1], run)(linear[i : i + 1]),
                    pipeline.run(linear[i : i + 1], raw[i : i + 1], run),
                )
                for i in range(PICTURES)
            ]
        )
        write(
            f"| {', '.join(names)} | {exact:.1f} | {looked_up:.1f} | {exact / looked_up:.2f}x | {made:.1f} "
            f"| {error:.3f} |\n"
        )


if __name__ == "__main__":
    main()
