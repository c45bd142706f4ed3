"""``pairs:DIR``: RAW files and the pictures that are wanted of them, matched by their stems.

The folder holds both side by side, or RAW files in ``raw/`` and pictures in ``rgb/``. A picture has the size of its
RAW's active area (or is upright where the RAW says that it is turned) and is aligned with it to the pixel.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edgeisp.data.patch import Patch
from edgeisp.errors import BadInputError
from edgeisp.raw import RawImage, pack
from edgeisp.raw.canonical import canonical_planes
from edgeisp.raw.color import color_input, planar, srgb_from_camera
from edgeisp.raw.reader import RawReader

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
LAYOUT = "expected DIR/raw/NAME.dng with DIR/rgb/NAME.png (or both kinds side by side in DIR)"


@dataclass(frozen=True)
class RawPairs:
    """Training patches from a folder of pairs."""

    folder: Path
    patch: int
    seed: int = 0
    reader: RawReader = field(default_factory=RawReader)

    @cached_property
    def frames(self) -> list[Frame]:
        """All pairs, read once; integers, so that memory stays near that of the files."""
        frames = [Frame.of(self.reader.read(raw), picture) for raw, picture in find_pairs(self.folder)]
        for frame in frames:
            if min(frame.mosaic.shape) < 2 * self.patch + 2:
                height, width = frame.mosaic.shape
                raise BadInputError(
                    f"{width}x{height} is too small for patches of {2 * self.patch} pixels",
                    where=frame.path,
                    cure="train with a smaller --patch",
                )
        return frames

    def __getitem__(self, index: int) -> Patch:
        rng = np.random.default_rng((self.seed, index))
        return self.frames[rng.integers(len(self.frames))].sample(self.patch, rng)


@dataclass(frozen=True, eq=False)
class Frame:
    """One pair on the RGGB grid of its packed mosaic."""

    path: Path
    raw: RawImage
    mosaic: NDArray[np.uint16]
    """``2h x 2w``, RGGB."""
    picture: NDArray[np.uint8]
    """``2h x 2w x 3`` sRGB."""

    @classmethod
    def of(cls, raw: RawImage, path: Path) -> Frame:
        """The pair of ``raw`` and the picture in ``path``.

        Raises:
            BadInputError: the sizes differ.
        """
        packed, picture = pack(raw), read_picture(path)
        height, width = packed.mosaic.shape
        place = packed.restore(np.arange(height * width).reshape(height, width, 1))[..., 0]
        if picture.shape[:2] != place.shape:
            raise BadInputError(
                f"the picture is {picture.shape[1]}x{picture.shape[0]}, its RAW {place.shape[1]}x{place.shape[0]}",
                where=path,
                cure="crop the picture to the active area of the RAW",
            )
        on_grid = np.empty((height * width, 3), np.uint8)
        on_grid[place.ravel()] = picture.reshape(-1, 3)
        inner_height, inner_width = height - raw.mosaic.shape[0] % 2 * 2, width - raw.mosaic.shape[1] % 2 * 2
        top, left = (2 * (side % 2) * flip for side, flip in zip(raw.mosaic.shape, packed.flips, strict=True))
        window = np.s_[top : top + inner_height, left : left + inner_width]
        return cls(path, raw, packed.mosaic[window], on_grid.reshape(height, width, 3)[window])

    def sample(self, patch: int, rng: np.random.Generator) -> Patch:
        """A random patch, flipped and transposed at random; a flip shifts by one pixel, which keeps the CFA's phase."""
        size = 2 * patch
        top, left = (2 * int(rng.integers((side - size) // 2)) for side in self.mosaic.shape)
        window = np.s_[top : top + size + 2, left : left + size + 2]
        mosaic, picture = self.mosaic[window], self.picture[window]
        keep = [slice(-2, -size - 2, -1) if rng.random() < 0.5 else slice(0, size) for _ in range(2)]
        mosaic, picture = mosaic[keep[0], keep[1]], picture[keep[0], keep[1]]
        turned = rng.random() < 0.5
        if turned:
            mosaic, picture = mosaic.T, picture.transpose(1, 0, 2)
        planes = np.stack([mosaic[y::2, x::2] for y in (0, 1) for x in (0, 1)]).astype(np.float32)
        r, gr, gb, b = self.raw.black_level
        black = np.array([r, gb, gr, b] if turned else [r, gr, gb, b], np.float32)[:, None, None]
        planes = (planes - black) / (np.float32(self.raw.white_level) - black)
        canonical = canonical_planes(planes, self.raw.white_balance)
        color = color_input(srgb_from_camera(self.raw.color_matrix))
        return Patch.whole(canonical, color, planar(picture))


def find_pairs(folder: Path) -> list[tuple[Path, Path]]:
    """(RAW, picture) of every stem that has both, by name.

    Raises:
        BadInputError: no such folder, or nothing in it matches.
    """
    if not folder.is_dir():
        raise BadInputError("no such folder", where=folder, cure=LAYOUT)
    raws, pictures = (folder / "raw", folder / "rgb") if (folder / "raw").is_dir() else (folder, folder)
    if not pictures.is_dir():
        raise BadInputError("no folder of pictures", where=pictures, cure=LAYOUT)
    wanted = {path.stem: path for path in sorted(pictures.iterdir()) if path.suffix.lower() in PICTURES}
    found = [
        p
        for p in sorted(raws.iterdir())
        if p.is_file() and p.suffix.lower() not in PICTURES and p.stem in wanted
    ]
    if not found:
        raise BadInputError("no RAW file has a picture of the same stem", where=folder, cure=LAYOUT)
    return [(path, wanted[path.stem]) for path in found]


def read_picture(path: Path) -> NDArray[np.uint8]:
    """``H x W x 3`` 8-bit sRGB.

    Raises:
        BadInputError: the file is not a whole picture.
    """
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError) as error:
        raise BadInputError(
            f"not a whole picture ({error})", where=path, cure="write the file again"
        ) from error
