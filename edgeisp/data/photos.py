"""Photographs that ship inside scikit-image and scikit-learn, split once and for all into training and test."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edgeisp.errors import UnavailableError

TRAIN = (
    "skimage:astronaut.png",
    "skimage:rocket.jpg",
    "skimage:motorcycle_left.png",
    "skimage:motorcycle_right.png",
    "skimage:ihc.png",
    "skimage:retina.jpg",
    "skimage:color.png",
)
TRAIN_GREY = (
    "skimage:camera.png",
    "skimage:brick.png",
    "skimage:grass.png",
    "skimage:gravel.png",
    "skimage:coins.png",
    "skimage:page.png",
)
TEST = ("skimage:coffee.png", "skimage:chelsea.png", "sklearn:china.jpg", "sklearn:flower.jpg")
"""Natural photographs that training never sees."""

_FOLDERS = {"skimage": "data", "sklearn": "datasets/images"}


@cache
def photo(name: str) -> NDArray[np.uint8]:
    """``H x W x 3`` sRGB of a photograph named ``package:file``; grey ones have three equal channels.

    Raises:
        UnavailableError: the package is not installed.
    """
    package, file = name.split(":")
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise UnavailableError(f"the photograph {name} needs {package}", cure="pip install 'edgeisp[train]'")
    path = Path(spec.submodule_search_locations[0]) / _FOLDERS[package] / file
    return np.asarray(Image.open(path).convert("RGB"))
