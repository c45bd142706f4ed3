"""LibRaw as the yardstick: every demosaic it offers, with and without its FBDD noise reduction, on the same RAW.

Runs as a child process (``python -m edgeisp.training.libraw IN.dng OUT.npz``), since LibRaw's decoders may crash.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgeisp.errors import EdgeISPError
from edgeisp.raw import write_dng
from edgeisp.raw.image import Floats, RawImage

DEMOSAICS = ("LINEAR", "VNG", "PPG", "AHD", "DCB", "DHT", "AAHD")
FBDD = ("Off", "Light", "Full")
_SECONDS = 300


def libraw_pictures(raw: RawImage, only: Sequence[str] = ()) -> dict[str, Floats]:
    """What LibRaw makes of ``raw``: ``3 x H x W`` sRGB in [0, 1] by "DEMOSAIC" or "DEMOSAIC + FBDD light/full".

    White balance, colour matrix and levels are those of ``raw``; brightness is not adjusted and the tone curve is
    sRGB's, so that the pictures differ from a network's only in demosaicing and noise reduction.

    Args:
        only: the settings that are wanted; default all.

    Raises:
        EdgeISPError: LibRaw crashed or took too long.
    """
    with tempfile.TemporaryDirectory() as folder:
        dng, out = Path(folder, "in.dng"), Path(folder, "out.npz")
        write_dng(raw, dng)
        command = [sys.executable, "-P", "-m", "edgeisp.training.libraw", str(dng), str(out), *only]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            raise EdgeISPError(
                f"LibRaw took more than {_SECONDS} s", cure="evaluate smaller pictures"
            ) from error
        if done.returncode != 0:
            raise EdgeISPError(
                f"LibRaw ended with {done.returncode}: {done.stderr.strip()[-300:]}", cure="update rawpy"
            )
        with np.load(out) as pictures:
            return {name: pictures[name] for name in pictures.files}


def _render(dng: str, out: str, *only: str) -> None:
    import rawpy

    pictures = {}
    for demosaic in DEMOSAICS:
        for fbdd in FBDD:
            name = demosaic if fbdd == "Off" else f"{demosaic} + FBDD {fbdd.lower()}"
            if only and name not in only:
                continue
            with rawpy.imread(dng) as file:
                picture = file.postprocess(
                    demosaic_algorithm=rawpy.DemosaicAlgorithm[demosaic],
                    fbdd_noise_reduction=rawpy.FBDDNoiseReductionMode[fbdd],
                    use_camera_wb=True,
                    no_auto_bright=True,
                    output_color=rawpy.ColorSpace.sRGB,
                    gamma=(2.4, 12.92),
                    output_bps=16,
                    user_flip=0,
                )
            pictures[name] = (picture.astype(np.float32) / 65535).transpose(2, 0, 1)
    np.savez(out, **pictures)  # type: ignore[arg-type]


if __name__ == "__main__":
    _render(*sys.argv[1:])
