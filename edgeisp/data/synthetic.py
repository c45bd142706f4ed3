"""Training pairs made from nothing but code and a few photographs: scene, random camera, packed Bayer, target.

Every pair is a pure function of (seed, index), so that a resumed run sees exactly what an uninterrupted one would.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from PIL import Image

from edgeisp.data import photos
from edgeisp.data.patch import Patch
from edgeisp.data.scenes import SHARES, scene
from edgeisp.raw.canonical import canonical_planes
from edgeisp.raw.color import color_input, decode_srgb, encode_srgb, planar
from edgeisp.raw.image import Floats
from edgeisp.raw.unprocess import noisy_planes, random_camera

SCENE_SIZE = 384


@dataclass(frozen=True)
class SyntheticPairs:
    """An endless map-style data set of `Patch`.

    A window of procedural scenes slides on as the index grows: scenes are made once, used for a while, and never come
    back.
    """

    patch: int = 64
    """Packed patch size p."""
    seed: int = 0
    photo_share: float = 0.6
    """Share of patches cut from photographs."""
    painters: tuple[float, ...] = SHARES
    """How often scenes are drawn by each of `edgeisp.data.scenes.PAINTERS`."""
    scenes_alive: int = 48
    pairs_per_scene: int = 64
    length: int = field(default=2**62, repr=False)

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Patch:
        rng = np.random.default_rng((self.seed, index))
        picture = self.picture(index, rng)
        camera = random_camera(rng)
        planes = noisy_planes(picture, camera, rng)
        color = color_input(camera.srgb_from_camera)
        return Patch.whole(canonical_planes(planes, camera.white_balance), color, picture)

    def picture(self, index: int, rng: np.random.Generator) -> Floats:
        """The clean picture of a pair, ``3 x 2p x 2p`` sRGB, cut and varied at random."""
        return _augment(self._crop(index, rng), rng)

    def _crop(self, index: int, rng: np.random.Generator) -> Floats:
        size = 2 * self.patch
        if rng.random() < self.photo_share:
            return photo_crop(size, rng)
        number = index // self.pairs_per_scene + int(rng.integers(self.scenes_alive))
        whole = _scene(self.seed, number, self.painters)
        top, left = rng.integers(0, SCENE_SIZE - size + 1, 2)
        return whole[:, top : top + size, left : left + size]


def photo_crop(size: int, rng: np.random.Generator) -> Floats:
    """A crop of a training photograph at a random scale of 0.4 to 1, ``3 x size x size``; grey ones get a tint."""
    grey = rng.random() < 0.1
    names = photos.TRAIN_GREY if grey else photos.TRAIN
    areas = np.array([np.prod(photos.photo(name).shape[:2]) for name in names], float) ** 0.5
    image = photos.photo(names[rng.choice(len(names), p=areas / areas.sum())])
    height, width = image.shape[:2]
    largest = min(height, width)
    scale = 1.0 if rng.random() < 0.3 else rng.uniform(0.4, 0.85)  # smaller is cleaner and sharper
    scale = max(float(scale), size / largest)
    side = min(round(size / scale), largest)
    top, left = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
    crop = Image.fromarray(image[top : top + side, left : left + side])
    if side != size:
        crop = crop.resize(
            (size, size), Image.Resampling.LANCZOS if rng.random() < 0.5 else Image.Resampling.BOX
        )
    picture = planar(np.asarray(crop))
    if grey:
        low, high = np.sort(rng.beta(1.2, 1.2, (2, 3, 1, 1)), axis=0)
        picture = (low + (high - low) * picture).astype(np.float32)
    return picture


def _augment(picture: Floats, rng: np.random.Generator) -> Floats:
    """Flips, transposes, exchanged channels and exposure; the mosaic is sampled afterwards, so its phase is kept."""
    for axis in (1, 2):
        if rng.random() < 0.5:
            picture = np.flip(picture, axis)
    if rng.random() < 0.5:
        picture = picture.transpose(0, 2, 1)
    if rng.random() < 0.3:
        picture = picture[rng.permutation(3)]
    if rng.random() < 0.5:
        gains = np.exp(rng.normal(0, 0.15, (3, 1, 1)) + rng.uniform(-1.6, 0.5))
        picture = encode_srgb(decode_srgb(picture) * gains.astype(np.float32))
    return np.ascontiguousarray(picture, np.float32)


@lru_cache(maxsize=64)
def _scene(seed: int, number: int, painters: tuple[float, ...]) -> Floats:
    return scene(SCENE_SIZE, np.random.default_rng((seed, 1, number)), painters)
