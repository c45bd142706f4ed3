"""Training data of the subtasks: noisy and clean pictures or RAW planes, and any pictures before and after.

``synthetic`` is endless and made on the spot, with noise as measured on phones; ``sidd:DIR`` and ``pairs:DIR`` are
folders of pictures (`edgeisp.data.picture_pairs`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeisp.data.cache import Report, frames_folder, refuse
from edgeisp.data.open import Pairs
from edgeisp.data.pairset import Entry, read_picture
from edgeisp.data.patch import Patch
from edgeisp.data.picture_pairs import KINDS, open_pictures, same_size
from edgeisp.data.synthetic import SyntheticPairs
from edgeisp.errors import BadInputError
from edgeisp.files import whole
from edgeisp.models.task import SRGB_TO_SRGB, Task
from edgeisp.raw.canonical import canonical_planes
from edgeisp.raw.color import planar
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
class PicturePatches:
    """Patches of pictures before and after; flipped and transposed at random."""

    pairs: Sequence[Entry]
    patch: int
    seed: int = 0

    def __getitem__(self, index: int) -> Patch:
        rng = np.random.default_rng((self.seed, index))
        entry = self.pairs[int(rng.integers(len(self.pairs)))]
        before, after = decoded(entry.raw), decoded(entry.picture)
        top, left = (int(rng.integers(side - self.patch + 1)) for side in before.shape[:2])
        window = np.s_[top : top + self.patch, left : left + self.patch]
        parts = np.stack([before[window], after[window]])
        for axis in (1, 2):
            if rng.random() < 0.5:
                parts = np.flip(parts, axis)
        if rng.random() < 0.5:
            parts = parts.swapaxes(1, 2)
        return Patch.whole(planar(parts[0]), _NO_COLOR, planar(parts[1]))


def open_subtask(
    task: Task, name: str, *, patch: int, seed: int, aligned: bool = False, skip_bad: bool = False
) -> Pairs:
    """The training data called ``name`` for a task other than the ISP.

    Raises:
        BadInputError: no such data for this task, the folder is not as expected, or pairs in it cannot be used and
            ``skip_bad`` does not leave them out; or ``aligned``, which is for RAW files and their pictures.
    """
    kind, _, folder = name.partition(":")
    if aligned:
        raise BadInputError(f"{task.name} pairs are not aligned", where="--aligned", cure="leave it out")
    if name == "synthetic":
        if patch % 2:
            raise BadInputError(f"a patch of {patch} pixels", where="--patch", cure="give an even number")
        return NoisyPictures(patch, seed) if task == SRGB_TO_SRGB else NoisyPlanes(patch, seed)
    if task == SRGB_TO_SRGB and kind in KINDS and folder:
        entries = open_pictures(name).whole(skip_bad).entries
        return PicturePatches(checked(entries, patch, skip_bad), patch, seed)
    known = "synthetic, sidd:DIR, pairs:DIR" if task == SRGB_TO_SRGB else "synthetic"
    raise BadInputError(f"no data set for {task.name} is called {name!r}", cure=f"known: {known}")


def checked(
    entries: Sequence[Entry], patch: int, skip_bad: bool = False, report: Report = lambda _: None
) -> list[Entry]:
    """Those of ``entries`` that can be used: both whole, of one size, and that holds a patch; each is decoded once.

    Raises:
        BadInputError: some cannot, and ``skip_bad`` does not leave them out; counts them and names the first.
    """
    good: list[Entry] = []
    bad: list[BadInputError] = []
    for entry in entries:
        try:
            _check(entry, patch)
            good.append(entry)
        except BadInputError as error:
            bad.append(error)
        report(1)
    refuse(bad, len(entries), skip_bad)
    return good


def _check(entry: Entry, patch: int) -> None:
    before = decoded(entry.raw)
    same_size(before, decoded(entry.picture), entry)
    height, width, _ = before.shape
    if min(height, width) < patch:
        raise BadInputError(
            f"{width}x{height} is too small for patches of {patch} pixels",
            where=entry.raw,
            cure="train with a smaller --patch",
        )


def decoded(path: Path) -> NDArray[np.uint8]:
    """``H x W x 3`` of a picture, mapped from the cache; decoded once, so that sets may be larger than memory."""
    found = path.stat()
    key = hashlib.sha256(repr((str(path.resolve()), found.st_size, found.st_mtime_ns)).encode()).hexdigest()[
        :40
    ]
    place = frames_folder() / key[:2] / f"{key}.npy"
    if not place.is_file():
        with whole(place) as part, part.open("wb") as stream:
            np.save(stream, read_picture(path))
    pixels: NDArray[np.uint8] = np.load(place, mmap_mode="r", allow_pickle=False)
    return pixels
