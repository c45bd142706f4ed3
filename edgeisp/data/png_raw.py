"""RAW mosaics in grey PNG files, as research sets publish them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edgeisp.errors import BadInputError

COPY_AGAIN = "copy it again"


def read_png_mosaic(path: Path, bits: int, size: tuple[int, int] | None = None) -> NDArray[np.uint16]:
    """``H x W`` samples of a grey PNG.

    Args:
        bits: bits that a sample may use, 1 to 16.
        size: width and height that all files of the set have.

    Raises:
        BadInputError: damaged, of another size, too few bits a sample, samples too large, or a colour picture.
    """
    try:
        with Image.open(path) as image:
            mode, found = image.mode, image.size
            samples = np.asarray(image)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadInputError(f"not a whole PNG ({error})", where=path, cure=COPY_AGAIN) from error
    if samples.ndim != 2 or mode not in ("L", "I;16", "I;16B", "I"):
        raise BadInputError(
            f"a picture of mode {mode}, no Bayer mosaic", where=path, cure="give the grey PNG of the RAW"
        )
    if mode == "L" and bits > 8:
        raise BadInputError(
            f"8-bit samples where {bits} bits are expected",
            where=path,
            cure="use the 16-bit PNG as it was published; converting it loses the RAW",
        )
    if size is not None and found != size:
        raise BadInputError(
            f"mixed sizes: {found[0]}x{found[1]}, the others are {size[0]}x{size[1]}",
            where=path,
            cure="crop it like the others",
        )
    highest = int(samples.max(initial=0))
    if highest >= 2**bits:
        raise BadInputError(
            f"holds the value {highest}, above the {2**bits - 1} of {bits} bits",
            where=path,
            cure="check that it is the RAW of this set; --assume-white-level tells another depth",
        )
    return samples.astype(np.uint16)


def png_size(path: Path) -> tuple[int, int]:
    """Width and height, from the header alone.

    Raises:
        BadInputError: not a picture.
    """
    try:
        with Image.open(path) as image:
            return image.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadInputError(f"not a PNG ({error})", where=path, cure=COPY_AGAIN) from error
