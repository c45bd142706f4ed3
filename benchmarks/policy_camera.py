"""LibRaw's own rendering of a task's examples: each is written as a DNG and developed with the camera's settings.

    python benchmarks/policy_camera.py

prints what LibRaw comes to on enhancement, and what it would if each picture's brightness were known.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import rawpy
import torch
from sensor import say
from torch import Tensor

from edgeisp.raw import write_dng
from edgeisp.raw.color import color_matrix_from_srgb, decode_srgb, encode_srgb
from edgeisp.raw.image import Floats, RawImage
from edgeisp.training.metrics import psnr
from edgeisp.training.posisp.evaluate import batches
from edgeisp.training.posisp.objective import Batch
from edgeisp.training.tasks import TASKS
from edgeisp.training.tasks.base import DownstreamTask, TaskOptions

BLACK, WHITE = 1024, 16383
"""Levels of the written files; black leaves room for noise below it."""
MARGIN = 16
"""Mirrored pixels on each side: LibRaw leaves the outermost ones undemosaiced."""


def developed(raw: Floats, color: Floats) -> Floats:
    """``3 x 2p x 2p`` sRGB in [0, 1] of canonical planes ``4 x p x p`` with their matrix ``9 x 1 x 1``.

    LibRaw's defaults: AHD, the camera's white balance, brightened until 1 % of the pixels clip, BT.709's curve.
    """
    _, height, width = raw.shape
    mosaic = raw.reshape(2, 2, height, width).transpose(2, 0, 3, 1).reshape(2 * height, 2 * width)
    levels = np.clip(np.round(BLACK + np.pad(mosaic, MARGIN, "symmetric") * (WHITE - BLACK)), 0, WHITE)
    image = RawImage(
        mosaic=levels.astype(np.uint16),
        cfa="RGGB",
        black_level=(BLACK,) * 4,
        white_level=WHITE,
        white_balance=(1.0, 1.0, 1.0),
        color_matrix=color_matrix_from_srgb(color.reshape(3, 3).astype(np.float64), (1.0, 1.0, 1.0)),
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "example.dng")
        write_dng(image, path)
        with rawpy.imread(str(path)) as file:
            picture = file.postprocess(use_camera_wb=True, output_bps=16, user_flip=0)
    inner = picture[MARGIN:-MARGIN, MARGIN:-MARGIN].astype(np.float32) / 65535
    return np.ascontiguousarray(inner.transpose(2, 0, 1))


def metric(task: DownstreamTask, test: Sequence[Batch]) -> float:
    """The task's metric over LibRaw's renderings of ``test``."""
    meter = task.meter()
    for batch in test:
        made = [
            developed(raw.numpy(), color.numpy()) for raw, color in zip(batch.raw, batch.color, strict=True)
        ]
        meter.update(_stacked(made), batch.target)
    return meter.value()


def _stacked(pictures: Sequence[Floats]) -> Tensor:
    return torch.from_numpy(np.stack(pictures))


def told(test: Sequence[Batch]) -> tuple[float, float]:
    """PSNR of LibRaw's pictures, and of each with the gain from -3 to 3 EV in linear light that suits it best."""
    plain, best = [], []
    for raw, color, target in ((*one,) for batch in test for one in zip(*batch, strict=True)):
        made, truth = developed(raw.numpy(), color.numpy()), target.numpy()
        gains = 2.0 ** np.arange(-3, 3.01, 0.125)
        scores = [psnr(encode_srgb(decode_srgb(made) * np.float32(gain)), truth) for gain in gains]
        plain.append(psnr(made, truth))
        best.append(max(scores))
    return float(np.mean(plain)), float(np.mean(best))


def main() -> None:
    for seed in (0, 1, 2):
        task = TASKS.get("enhance")(TaskOptions(patch=24, seed=seed))
        plain, best = told(list(batches(task.examples("test"), range(128))))
        say(f"seed {seed}: {plain:.2f} dB, with its brightness told {best:.2f} dB")


if __name__ == "__main__":
    main()
