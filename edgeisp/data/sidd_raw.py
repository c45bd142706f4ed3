"""``sidd:DIR`` for networks of RAW planes: SIDD's RAW pairs as they are published, MATLAB files.

::

    DIR/**/0001_001_S6_00100_00060_3200_L/0001_NOISY_RAW_010.MAT, 0001_GT_RAW_010.MAT, 0001_METADATA_RAW_010.MAT

The variable ``x`` holds the mosaic, black at 0 and saturation at 1. The folder's name tells the phone (``S6``), whose
CFA layout is known, and the ISO; the metadata tell the white balance. Files of MATLAB 7.3 are HDF5, SciPy reads others.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeisp.data.picture_pairs import Marks, PictureSet, marked
from edgeisp.errors import BadInputError
from edgeisp.extras import require
from edgeisp.raw import CFA, RawImage, canonical, pack
from edgeisp.raw.assume import SRGB_COLOR_MATRIX

MARKS: Marks = ("_NOISY_RAW_", "_GT_RAW_")
METADATA = "_METADATA_RAW_"
LAYOUT = (
    "expected SIDD's *_NOISY_RAW_*.MAT, *_GT_RAW_*.MAT and *_METADATA_RAW_*.MAT, each scene in its folder"
)
LAYOUTS: dict[str, CFA] = {"GP": "BGGR", "IP": "RGGB", "S6": "GRBG", "N6": "BGGR", "G4": "BGGR"}
"""CFA by SIDD's names of phones: Google Pixel, iPhone 7, Galaxy S6 Edge, Nexus 6, LG G4."""
WHITE = 65535
LARGEST = 200_000_000
"""Samples that a file may hold."""


class RawSet(PictureSet):
    """RAW pairs of SIDD; both of a pair are canonical planes."""

    def decode(self, path: Path) -> NDArray[Any]:
        """``h x w x 4`` uint16 of R, Gr, Gb, B: black at 0, white-balanced, clipped at 65535."""
        raw = read_mat(path)
        planes = canonical(pack(raw).planes, raw)
        return np.ascontiguousarray((planes * WHITE).round().astype(np.uint16).transpose(1, 2, 0))

    def sources(self, path: Path) -> list[Path]:
        """The file itself and its metadata."""
        return [path, metadata_of(path)]


def open_raws(name: str) -> RawSet:
    """The RAW pairs in the folder of ``sidd:DIR``.

    Raises:
        BadInputError: no such folder, or no pair in it; shows the layout expected.
        UnavailableError: the extra ``sidd`` is not installed.
    """
    folder = Path(name.partition(":")[2])
    if not folder.is_dir():
        raise BadInputError("no such folder", where=folder, cure=LAYOUT)
    entries, alone = marked(mat_files(folder), MARKS)
    if not entries:
        raise BadInputError("no RAW file has its counterpart", where=folder, cure=LAYOUT)
    require("sidd")
    return RawSet(name, entries, alone)


def holds_raws(name: str) -> bool:
    """Whether the set called ``name`` is one of SIDD's RAW pairs."""
    kind, _, folder = name.partition(":")
    names = [path.name for path in mat_files(Path(folder))] if kind == "sidd" and folder else []
    return any(mark in one for one in names for mark in MARKS)


def mat_files(folder: Path) -> list[Path]:
    """The visible MATLAB files in and below ``folder``, by name."""
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() == ".mat" and not p.name.startswith("."))


def read_mat(path: Path) -> RawImage:
    """The mosaic of one file, black at 0 and white at 65535; its colour matrix is assumed, no file tells one simply.

    Raises:
        BadInputError: a file is absent, damaged or of another layout, or the phone is none of SIDD's.
    """
    phone, iso = _scene(path)
    samples = _numbers(path, "x")
    if samples.ndim != 2 or not (samples.min() >= 0 and samples.max() <= 1):
        raise BadInputError(
            f"x is no mosaic of samples from 0 to 1 but {'x'.join(map(str, samples.shape))}, "
            f"{samples.min():g} to {samples.max():g}",
            where=path,
            cure="give SIDD's normalised RAW files",
        )
    facts = metadata_of(path)
    neutral = _numbers(facts, "AsShotNeutral", "metadata").ravel()
    if neutral.size != 3 or not (neutral > 0).all():
        raise BadInputError(
            f"AsShotNeutral is {neutral.tolist()}", where=facts, cure="three positive numbers"
        )
    red, green, blue = (float(neutral[1] / value) for value in neutral)
    mosaic = np.asarray((samples * WHITE).round(), np.uint16)
    return RawImage(
        mosaic,
        LAYOUTS[phone],
        (0.0, 0.0, 0.0, 0.0),
        float(WHITE),
        (red, green, blue),
        SRGB_COLOR_MATRIX,
        iso=iso,
        assumed=("color_matrix",),
    )


def metadata_of(path: Path) -> Path:
    """The metadata that belong to a noisy or a clean file."""
    name = path.name
    for mark in MARKS:
        name = name.replace(mark, METADATA)
    return path.with_name(name)


def iso_of(path: Path) -> int:
    """The ISO that the folder's name tells.

    Raises:
        BadInputError: it is none of SIDD's names.
    """
    return _scene(path)[1]


def _scene(path: Path) -> tuple[str, int]:
    """Phone and ISO: ``S6`` and 100 of ``0001_001_S6_00100_00060_3200_L``."""
    parts = path.parent.name.split("_")
    if len(parts) < 4 or parts[2] not in LAYOUTS or not parts[3].isdigit():
        raise BadInputError(
            f"the folder {path.parent.name} names no phone of {', '.join(LAYOUTS)} and ISO",
            where=path,
            cure="keep SIDD's folders, such as 0001_001_S6_00100_00060_3200_L",
        )
    return parts[2], int(parts[3])


def _numbers(path: Path, name: str, struct: str = "") -> NDArray[np.float64]:
    """A numeric variable of a MATLAB file, or a field of its ``struct``, rows first."""
    import h5py
    from scipy.io import loadmat, whosmat

    try:
        if h5py.is_hdf5(path):
            with h5py.File(path) as file:
                found = (file[struct] if struct else file)[name]
                _limit(found.shape, path)
                return np.asarray(found[()], np.float64).T
        with path.open("rb") as stream:
            for _, shape, _ in whosmat(stream):
                _limit(shape, path)
        found = loadmat(path, variable_names=[struct or name], squeeze_me=True)[struct or name]
        return np.asarray(found[name].item() if struct else found, np.float64)
    except BadInputError:
        raise
    except (OSError, KeyError, ValueError, TypeError, NotImplementedError, IndexError, EOFError) as error:
        raise BadInputError(
            f"no MATLAB file with {struct and struct + '.'}{name} ({error})",
            where=path,
            cure="give the file as SIDD publishes it",
        ) from error


def _limit(shape: tuple[int, ...], path: Path) -> None:
    if np.prod([float(side) for side in shape]) > LARGEST:
        raise BadInputError(
            f"holds {'x'.join(map(str, shape))} numbers", where=path, cure="give SIDD's files"
        )
