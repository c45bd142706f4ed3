"""`PairSet`: a data set on disk, RAW files with the pictures that are wanted of them, read one pair at a time."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

from edgeisp.errors import BadInputError
from edgeisp.raw import RawImage
from edgeisp.raw.reader import RawReader

Split = Literal["train", "test"]
PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")


@dataclass(frozen=True)
class Entry:
    """One pair of files."""

    raw: Path
    picture: Path
    split: Split | None = None
    """None: the set has no official split, and the pair is in both."""

    @property
    def name(self) -> str:
        """What messages and tables call the pair: the name of its RAW file."""
        return self.raw.name


@dataclass(frozen=True, eq=False)
class Pair:
    """One pair, decoded."""

    raw: RawImage
    picture: NDArray[np.uint8]
    """``H x W x 3`` sRGB, upright, of the size of the RAW's upright mosaic."""


@dataclass(frozen=True)
class PairSet:
    """What a loader found in a folder. Nothing is decoded before `read`."""

    name: str
    """As typed: ``zrr:DIR``."""
    entries: Sequence[Entry]
    read_raw: Callable[[Path], RawImage]
    recipe: str
    """All that decides what `read` makes of a file, as text: a part of the cache's key."""
    unpaired: Sequence[Path] = ()
    """RAW files without a picture and pictures without a RAW file."""
    notes: Sequence[str] = ()
    """What the loader found out by itself, in sentences."""
    neutral: bool = False
    """The RAW files know neither white balance nor colour matrix, and nobody gave them: gains 1 and no matrix."""
    fitted: bool = False
    """Pictures may differ a little in size from their RAW files and are scaled to them."""
    folder: Path = field(default=Path())

    def of(self, split: Split) -> list[Entry]:
        """The entries of one split.

        Raises:
            BadInputError: there are none.
        """
        entries = [entry for entry in self.entries if entry.split in (split, None)]
        if not entries:
            raise BadInputError(
                f"no pairs for {split}ing",
                where=self.folder,
                cure=f"add a folder {split}/ as the layout says",
            )
        return entries

    def read(self, entry: Entry) -> Pair:
        """Both files of ``entry``.

        Raises:
            BadInputError: one cannot be read, or their sizes do not fit; names the file.
        """
        raw = self.read_raw(entry.raw)
        height, width = raw.mosaic.shape if raw.orientation < 5 else raw.mosaic.shape[::-1]
        picture = read_picture(entry.picture)
        if self.fitted:
            picture = fitted(picture, (width, height), entry.picture)
        _same_size(picture, (width, height), entry.picture)
        return Pair(raw, picture)

    def whole(self, skip_bad: bool) -> PairSet:
        """The set itself, if every file has its partner or ``skip_bad`` leaves the others out.

        Raises:
            BadInputError: counts the files without a partner and names the first.
        """
        refuse_unpaired(self.unpaired, len(self.entries), self.folder, skip_bad)
        return self


def refuse_unpaired(unpaired: Sequence[Path], pairs: int, folder: object, skip_bad: bool) -> None:
    """Stop if files beside the ``pairs`` have no partner, unless ``skip_bad`` leaves them out.

    Raises:
        BadInputError: counts them and names the first.
    """
    if unpaired and not skip_bad:
        raise BadInputError(
            f"{len(unpaired)} of {2 * pairs + len(unpaired)} files have no partner of the same stem, "
            f"first {unpaired[0]}",
            where=folder,
            cure="add their partners, or leave them out by --skip-bad of train and eval",
        )


def read_picture(path: Path) -> NDArray[np.uint8]:
    """``H x W x 3`` 8-bit sRGB, upright; pictures with another colour profile are brought to sRGB.

    Raises:
        BadInputError: the file is not a whole picture.
    """
    try:
        with Image.open(path) as image:
            return np.asarray(_srgb(ImageOps.exif_transpose(image)))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, ImageCms.PyCMSError) as error:
        raise BadInputError(
            f"not a whole picture ({error})",
            where=path,
            cure="give a PNG, JPEG or TIFF; write it again if it is one",
        ) from error


def _srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    rgb = image.convert("RGB")
    if not profile or image.mode not in ("RGB", "RGBA"):
        return rgb
    own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    if "sRGB" in ImageCms.getProfileDescription(own):
        return rgb
    turned = ImageCms.profileToProfile(rgb, own, ImageCms.createProfile("sRGB"))
    assert turned is not None
    return turned


def fitted(picture: NDArray[np.uint8], size: tuple[int, int], path: Path) -> NDArray[np.uint8]:
    """``picture`` scaled to ``size`` (width, height), if it is nearly of that size and shape.

    Raises:
        BadInputError: it is more than 10 % smaller, or its sides have another ratio.
    """
    height, width = picture.shape[:2]
    scale, other = width / size[0], height / size[1]
    if min(scale, other) < 0.9:
        raise _smaller(width, height, size, path)
    if abs(scale / other - 1) > 0.02:
        raise BadInputError(
            f"the picture is {width}x{height}, its RAW {size[0]}x{size[1]}: another ratio of sides",
            where=path,
            cure="crop the picture to what the RAW shows",
        )
    if (width, height) == size:
        return picture
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))


def _same_size(picture: NDArray[np.uint8], size: tuple[int, int], path: Path) -> None:
    height, width = picture.shape[:2]
    if width < size[0] and height < size[1]:
        raise _smaller(width, height, size, path)
    if (width, height) != size:
        raise BadInputError(
            f"the picture is {width}x{height}, its RAW {size[0]}x{size[1]}",
            where=path,
            cure="crop the picture to the active area of the RAW",
        )


def _smaller(width: int, height: int, size: tuple[int, int], path: Path) -> BadInputError:
    return BadInputError(
        f"the picture is {width}x{height}, its RAW {size[0]}x{size[1]}: it holds less detail than the RAW",
        where=path,
        cure="give the picture at the size of the RAW; do not scale it up",
    )


def by_stem(
    raws: Iterable[Path], pictures: Iterable[Path], split: Split | None
) -> tuple[list[Entry], list[Path]]:
    """Pairs of the files whose names without suffix are equal, by name; and the files without a partner."""
    raw_of, picture_of = ({path.stem: path for path in sorted(paths)} for paths in (raws, pictures))
    both = sorted(raw_of.keys() & picture_of.keys(), key=lambda stem: (len(stem), stem))
    alone = [
        path for own, other in ((raw_of, picture_of), (picture_of, raw_of)) for path in missing(own, other)
    ]
    return [Entry(raw_of[stem], picture_of[stem], split) for stem in both], alone


def missing(own: dict[str, Path], other: dict[str, Path]) -> list[Path]:
    """The files of ``own`` that have no namesake in ``other``."""
    return [path for stem, path in own.items() if stem not in other]


def files_in(folder: Path, suffixes: tuple[str, ...] = ()) -> list[Path]:
    """The visible files of ``folder``, by name; with one of ``suffixes``, if any are given."""
    found = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    return sorted(path for path in found if not suffixes or path.suffix.lower() in suffixes)


def recipe(kind: str, reader: RawReader, *more: object) -> str:
    """Text that changes whenever ``kind`` would read the same file otherwise."""
    return " ".join(map(repr, (kind, reader, *more)))
