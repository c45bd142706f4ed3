"""Training data of the subtasks: noisy and clean pictures or RAW planes, and any pictures before and after.

``synthetic`` is endless and made on the spot, with noise as measured on phones; ``sidd:DIR`` and ``pairs:DIR`` are
folders of pictures (`edgeisp.data.picture_pairs`), of RAW planes ``sidd:DIR`` alone (`edgeisp.data.sidd_raw`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeisp.data.cache import Report, frames_folder, identity, refuse
from edgeisp.data.open import Pairs
from edgeisp.data.pairset import Entry
from edgeisp.data.patch import Patch
from edgeisp.data.picture_pairs import KINDS, PictureSet, open_pictures, same_size
from edgeisp.data.sidd_raw import open_raws
from edgeisp.data.synthetic import SyntheticPairs
from edgeisp.errors import BadInputError
from edgeisp.files import whole
from edgeisp.models.task import SRGB_TO_SRGB, Task
from edgeisp.raw.canonical import canonical_planes
from edgeisp.raw.image import Floats
from edgeisp.raw.unprocess import camera_rgb, noisy_planes, noisy_srgb, random_camera, sample_planes

_NO_COLOR = np.zeros((9, 1, 1), np.float32)


@dataclass(frozen=True)
class NoisyPictures:
    """sRGB pictures as they are and with the noise of a random camera, ``3 x p x p`` each."""

    patch: int
    seed: int = 0

    def __getitem__(self, index: int) -> Patch:
        rng = np.random.default_rng((self.seed, index))
        picture = SyntheticPairs(self.patch // 2, self.seed).picture(index, rng)
        return Patch.whole(noisy_srgb(picture, random_camera(rng), rng), _NO_COLOR, picture)


@dataclass(frozen=True)
class NoisyPlanes:
    """Canonical packed Bayer without and with the noise of a random camera, ``4 x p x p`` each."""

    patch: int
    seed: int = 0

    def __getitem__(self, index: int) -> Patch:
        rng = np.random.default_rng((self.seed, index))
        picture, camera = SyntheticPairs(self.patch, self.seed).picture(index, rng), random_camera(rng)
        balance = camera.white_balance
        noisy = canonical_planes(noisy_planes(picture, camera, rng), balance)
        clean = canonical_planes(sample_planes(camera_rgb(picture, camera)), balance)
        return Patch.whole(noisy, _NO_COLOR, clean)


@dataclass(frozen=True)
class StoredPatches:
    """Patches of pairs before and after, turned at random."""

    source: PictureSet
    pairs: Sequence[Entry]
    patch: int
    seed: int = 0

    def __getitem__(self, index: int) -> Patch:
        rng = np.random.default_rng((self.seed, index))
        entry = self.pairs[int(rng.integers(len(self.pairs)))]
        before, after = (decoded(self.source, path) for path in (entry.raw, entry.picture))
        top, left = (int(rng.integers(side - self.patch + 1)) for side in before.shape[:2])
        window = np.s_[top : top + self.patch, left : left + self.patch]
        parts = turned(np.stack([before[window], after[window]]), rng)
        return Patch.whole(unit(parts[0]), _NO_COLOR, unit(parts[1]))


def turned(parts: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    """Pictures ``N x p x p x 3``, or packed planes ``N x p x p x 4``, turned at random, all in the same way.

    Pictures are flipped and transposed. Planes are transposed alone, with the greens exchanged, which is what
    transposing the mosaic does; a flip would shift its CFA.
    """
    planes = parts.shape[-1] == 4
    for axis in () if planes else (1, 2):
        if rng.random() < 0.5:
            parts = np.flip(parts, axis)
    if rng.random() < 0.5:
        parts = parts.swapaxes(1, 2)
        if planes:
            parts = parts[..., [0, 2, 1, 3]]
    return parts


def unit(picture: NDArray[Any]) -> Floats:
    """``H x W x C`` of 8 or 16 bits as ``C x H x W`` float32 in [0, 1]."""
    whole = np.float32(np.iinfo(picture.dtype).max)
    return np.ascontiguousarray(picture.transpose(2, 0, 1), np.float32) / whole


def open_subtask(
    task: Task, name: str, *, patch: int, seed: int, aligned: bool = False, skip_bad: bool = False
) -> Pairs:
    """The training data called ``name`` for a task other than the ISP.

    Raises:
        BadInputError: no such data for this task, the folder is not as expected, or pairs in it cannot be used and
            ``skip_bad`` does not leave them out; or ``aligned``, which is for RAW files and their pictures.
    """
    if aligned:
        raise BadInputError(f"{task.name} pairs are not aligned", where="--aligned", cure="leave it out")
    if name == "synthetic":
        if patch % 2:
            raise BadInputError(f"a patch of {patch} pixels", where="--patch", cure="give an even number")
        return NoisyPictures(patch, seed) if task == SRGB_TO_SRGB else NoisyPlanes(patch, seed)
    source = stored(task, name, "synthetic").whole(skip_bad)
    return StoredPatches(source, checked(source, patch, skip_bad), patch, seed)


def stored(task: Task, name: str, generated: str) -> PictureSet:
    """The set on disk called ``name``, for a task other than the ISP.

    Args:
        generated: the name that the caller knows besides, for the message.

    Raises:
        BadInputError: no such set for this task, or the folder is not as expected.
    """
    kind, _, folder = name.partition(":")
    kinds = KINDS if task == SRGB_TO_SRGB else ("sidd",)
    if kind not in kinds or not folder:
        known = ", ".join([generated, *(f"{one}:DIR" for one in kinds)])
        raise BadInputError(f"no data set for {task.name} is called {name!r}", cure=f"known: {known}")
    return open_pictures(name) if task == SRGB_TO_SRGB else open_raws(name)


def checked(
    source: PictureSet, patch: int, skip_bad: bool = False, report: Report = lambda _: None
) -> list[Entry]:
    """Those pairs of ``source`` that can be used: whole, of one size, with room for a patch; each is decoded once.

    Raises:
        BadInputError: some cannot, and ``skip_bad`` does not leave them out; counts them and names the first.
    """
    good: list[Entry] = []
    bad: list[BadInputError] = []
    for entry in source.entries:
        try:
            _check(source, entry, patch)
            good.append(entry)
        except BadInputError as error:
            bad.append(error)
        report(1)
    refuse(bad, len(source.entries), skip_bad)
    return good


def _check(source: PictureSet, entry: Entry, patch: int) -> None:
    before = decoded(source, entry.raw)
    same_size(before, decoded(source, entry.picture), entry)
    height, width, _ = before.shape
    if min(height, width) < patch:
        raise BadInputError(
            f"{width}x{height} is too small for patches of {patch} pixels",
            where=entry.raw,
            cure="train with a smaller --patch",
        )


def decoded(source: PictureSet, path: Path) -> NDArray[Any]:
    """What ``source`` decodes ``path`` to, mapped from the cache; decoded once, so that sets may be larger than memory.

    Raises:
        BadInputError: the file, or one that belongs to it, is absent or cannot be read.
    """
    try:
        files = [(str(file.resolve()), *identity(file)) for file in source.sources(path)]
    except FileNotFoundError as error:
        raise BadInputError(
            "no such file", where=error.filename, cure="add it: it belongs to the pair"
        ) from error
    key = hashlib.sha256(repr((type(source).__name__, files)).encode()).hexdigest()[:40]
    place = frames_folder() / key[:2] / f"{key}.npy"
    if not place.is_file():
        pixels = source.decode(path)
        with whole(place) as part, part.open("wb") as stream:
            np.save(stream, pixels)
    mapped: NDArray[Any] = np.load(place, mmap_mode="r", allow_pickle=False)
    return mapped
