"""The synthetic test: RAW images of pictures that training never sees, always the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edgeisp.data import photos
from edgeisp.data.scenes import PAINTERS, painted
from edgeisp.raw import RawImage
from edgeisp.raw.color import planar
from edgeisp.raw.image import CFAS, Floats
from edgeisp.raw.noise import phone_profile
from edgeisp.raw.unprocess import Camera, random_camera, unprocess

PHONE = "Samsung Galaxy S6"
"""The phone whose noise the test uses: the only one of the table measured from ISO 100 to 3200."""
ISOS = (100, 1600)
SCENE_SIZE, SCENE_SEED = 384, 20240803


@dataclass(frozen=True, eq=False)
class Shot:
    """A picture, and the RAW image that a camera records of it."""

    name: str
    iso: int
    natural: bool
    """A photograph, not a procedural scene."""
    camera: Camera
    raw: RawImage
    picture: Floats
    """``3 x H x W`` sRGB."""


def shots(photographs: bool = True) -> Iterator[Shot]:
    """Four photographs and a scene of each kind, at two ISOs; without ``photographs`` the scenes alone.

    Cameras are random but fixed, 12 bits, and go through all four CFA layouts.

    Raises:
        UnavailableError: a package that ships photographs is not installed.
    """
    natural = [(name.split(":")[1], planar(photos.photo(name))) for name in photos.TEST if photographs]
    drawn = [
        (painter.__name__, painted(painter, SCENE_SIZE, np.random.default_rng(SCENE_SEED)))
        for painter in PAINTERS
    ]
    for iso in ISOS:
        for index, (name, picture) in enumerate([*natural, *drawn], len(photos.TEST) - len(natural)):
            rng = np.random.default_rng((SCENE_SEED, iso, index))
            camera = random_camera(rng)
            camera = Camera(
                camera.color_matrix,
                camera.white_balance,
                phone_profile(PHONE, iso),
                CFAS[index % 4],
                256.0,
                4095.0,
            )
            raw = unprocess(picture, camera, rng, iso)
            yield Shot(name, iso, index < len(photos.TEST), camera, raw, picture)
