"""Networks and artifacts side by side on the same RAW files: figures against the first one and the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from edgeisp.raw import RawImage
from edgeisp.raw.image import Floats
from edgeisp.training import gradients
from edgeisp.training.evaluate import Pictures, Step
from edgeisp.training.metrics import EXACT, Measure, Quality, mean_quality, psnr, quality

Render = Callable[[RawImage], Floats]
"""RAW to an upright picture, ``3 x H x W`` sRGB in [0, 1]."""
CROP, WORST = 96, 6
"""Side of a crop in pixels, and how many of them are kept."""
WHOLE = Measure(0, False, False)
"""Crops count to their edges."""


@dataclass(frozen=True, eq=False)
class Crop:
    """Where a subject is far from the first one."""

    picture: str
    iso: int
    top: int
    left: int
    subject: str
    psnr: float
    """Of this subject to the first one, in dB, over the crop."""
    pixels: dict[str, Floats]
    """What each subject made of it, ``3 x CROP x CROP``."""
    truth: Floats


@dataclass(frozen=True)
class Row:
    """The figures of one subject, means over pictures."""

    name: str
    banding: float
    """On the gradient chart, see `edgeisp.training.gradients.banding`."""
    to_truth: dict[int, Quality]
    """By ISO."""
    to_first: dict[int, Quality] = field(default_factory=dict)
    """By ISO; empty for the first one itself."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """What `compare` found."""

    rows: list[Row]
    worst: list[Crop]
    """The crops in which some subject is farthest from the first one, one for each picture at most."""
    charts: dict[str, Floats]
    """The gradient chart as each subject renders it."""


def compare(subjects: Mapping[str, Render], pictures: Pictures, step: Step = lambda _: None) -> Comparison:
    """Render all ``pictures`` and the gradient chart by all ``subjects``, and compare them with the first one.

    Raises:
        BadInputError: a picture cannot be read.
    """
    names = list(subjects)
    to_truth: dict[str, dict[int, list[Quality]]] = {name: {} for name in names}
    to_first: dict[str, dict[int, list[Quality]]] = {name: {} for name in names}
    crops: list[Crop] = []
    for index in range(len(pictures)):
        picture = pictures[index]
        made = {name: render(picture.raw) for name, render in subjects.items()}
        first = made[names[0]]
        for name, rendered in made.items():
            own = quality(rendered, picture.truth, picture.measure)
            to_truth[name].setdefault(picture.iso, []).append(own)
            if name != names[0]:
                to_first[name].setdefault(picture.iso, []).append(quality(rendered, first, EXACT))
        found = [_worst(picture.name, picture.iso, made, name, picture.truth) for name in names[1:]]
        crops.append(min(found, key=lambda crop: crop.psnr))
        step(picture.name)
    charts = {name: render(gradients.chart()) for name, render in subjects.items()}
    rows = [
        Row(
            name,
            gradients.banding(charts[name]),
            {iso: mean_quality(values) for iso, values in to_truth[name].items()},
            {iso: mean_quality(values) for iso, values in to_first[name].items()},
        )
        for name in names
    ]
    return Comparison(rows, sorted(crops, key=lambda crop: crop.psnr)[:WORST], charts)


def _worst(picture: str, iso: int, made: Mapping[str, Floats], name: str, truth: Floats) -> Crop:
    """The crop of a picture in which ``name`` is farthest from the first subject."""
    first = next(iter(made.values()))
    error = (made[name] - first) ** 2
    height, width = error.shape[1:]
    side = min(CROP, height, width)
    sums = np.pad(error.sum(0).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    window = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    top, left = (int(place) for place in np.unravel_index(window.argmax(), window.shape))
    place = (slice(None), slice(top, top + side), slice(left, left + side))
    pixels = {key: value[place] for key, value in made.items()}
    return Crop(picture, iso, top, left, name, psnr(pixels[name], first[place], WHOLE), pixels, truth[place])
