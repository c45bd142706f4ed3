"""Small pictures of what an artifact computed, beside PyTorch's and their difference."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edgeisp.profile.report import Thumbnail

SIDE = 192
Floats = NDArray[np.float32]


def thumbnails(outputs: Mapping[str, Floats], expected: Mapping[str, Floats] | None) -> tuple[Thumbnail, ...]:
    """Of the first output that is a picture (``1 x 3 x H x W``); the difference is magnified until it shows."""
    name = next((key for key, value in outputs.items() if value.ndim == 4 and value.shape[1] == 3), None)
    if name is None:
        return ()
    ours = outputs[name][0]
    shown = [("the device's picture", ours)]
    wanted = (expected or {}).get(name)
    if wanted is not None and wanted.shape == outputs[name].shape:
        difference = np.abs(ours - wanted[0])
        usual = float(np.quantile(difference, 0.99))
        gain = 2.0 ** np.floor(-np.log2(usual)) if usual > 0 else 1.0
        shown += [("PyTorch's picture", wanted[0]), (f"difference ×{gain:,.0f}", difference * gain)]
    return tuple(Thumbnail(title=title, png=_png(picture)) for title, picture in shown)


def _png(picture: Floats) -> bytes:
    pixels = np.nan_to_num(np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8).transpose(1, 2, 0)
    image = Image.fromarray(pixels)
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True)
    return stream.getvalue()
