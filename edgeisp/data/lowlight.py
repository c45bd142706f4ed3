"""Pictures as a camera records them when there is too little light: the pairs that a policy learns to enhance from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np
from PIL import Image

from edgeisp.data import photos
from edgeisp.data.patch import Patch
from edgeisp.data.scenes import scene
from edgeisp.raw.canonical import canonical_planes
from edgeisp.raw.color import color_input, decode_srgb, encode_srgb, planar
from edgeisp.raw.image import Floats
from edgeisp.raw.noise import phone_profiles
from edgeisp.raw.unprocess import Camera, noisy_planes, random_camera

Split = Literal["train", "test"]
SCENES = {"train": 192, "test": 32}
SCENE_SIZE = 192


def dark_planes(
    picture: Floats, stops: float, camera: Camera, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Canonical planes and colour matrix (``9 x 1 x 1``) of an sRGB ``picture`` exposed ``stops`` too short.

    Unprocessing after Brooks et al. (CVPR 2019), with the noise of ``camera``.
    """
    dimmed = encode_srgb(decode_srgb(picture) * np.float32(2.0**-stops))
    planes = noisy_planes(dimmed, camera, rng)
    return canonical_planes(planes, camera.white_balance), color_input(camera.srgb_from_camera)


def phone_camera(rng: np.random.Generator) -> Camera:
    """A random camera with the measured noise of a phone, at a random one of its ISOs."""
    profiles = list(phone_profiles().values())
    return replace(random_camera(rng), noise=profiles[int(rng.integers(len(profiles)))])


@dataclass(frozen=True)
class LowLight:
    """An endless map-style data set of `Patch`, a pure function of (seed, index).

    The target is the well exposed picture: a photograph of those that scikit-image ships, or a procedural scene, at
    least half of it in sight. The RAW is up to ``darkest`` stops too dark.
    """

    patch: int = 32
    """Packed patch size p; pictures are ``2p x 2p``."""
    seed: int = 0
    split: Split = "train"
    darkest: float = 4.0
    photo_share: float = 0.6

    def __getitem__(self, index: int) -> Patch:
        rng = np.random.default_rng((self.seed, self.split == "test", index))
        picture = self.picture(rng)
        raw, color = dark_planes(picture, rng.uniform(0, self.darkest), phone_camera(rng), rng)
        return Patch.whole(raw, color, picture)

    def picture(self, rng: np.random.Generator) -> Floats:
        """A well exposed picture, ``3 x 2p x 2p`` sRGB."""
        if rng.random() < self.photo_share:
            names = photos.TRAIN if self.split == "train" else photos.TEST
            whole = photos.photo(names[int(rng.integers(len(names)))])
        else:
            whole = _scene(self.split, int(rng.integers(SCENES[self.split])))
        height, width = whole.shape[:2]
        side = round(min(height, width) * rng.uniform(0.5, 1.0))
        top, left = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
        crop = Image.fromarray(whole[top : top + side, left : left + side])
        size = 2 * self.patch
        picture = planar(np.asarray(crop.resize((size, size), Image.Resampling.BOX)))
        return np.ascontiguousarray(picture[:, :, ::-1] if rng.random() < 0.5 else picture)


@lru_cache(maxsize=256)
def _scene(split: Split, number: int) -> np.ndarray:
    drawn = scene(SCENE_SIZE, np.random.default_rng((7, split == "test", number)))
    return np.round(drawn.transpose(1, 2, 0) * 255).astype(np.uint8)
