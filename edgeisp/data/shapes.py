"""Drawn scenes of a few kinds of objects with boxes and masks: what small task networks are trained and tested on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeisp.raw.image import Floats

KINDS = ("disc", "box", "triangle", "cross")
MOST = 3
"""Objects in a scene, at most; at least one."""


@dataclass(frozen=True, eq=False)
class Scene:
    """A picture and what is in it."""

    picture: Floats
    """``3 x S x S`` sRGB in [0, 1]."""
    objects: Floats
    """``MOST x 5``: kind, left, top, right, bottom in pixels; kind -1 where there are fewer."""
    mask: NDArray[np.int64]
    """``S x S``: 0 background, 1 + kind where an object is seen."""


def shape_scene(size: int, rng: np.random.Generator, most: int = MOST) -> Scene:
    """A scene of ``size`` pixels: 1 to ``most`` objects of moderate contrast on a shaded, textured background.

    Where objects overlap the later one is seen; boxes hold the visible part, and an object hidden by more than half is
    left out of the list.
    """
    y, x = np.mgrid[:size, :size].astype(np.float32) / size
    low, high = rng.uniform(0.1, 0.9, (2, 3, 1, 1)).astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    ramp = np.clip((x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle) + 0.5, 0, 1)
    wave = np.sin(rng.uniform(15, 60) * (x * np.sin(2 * angle) - y * np.cos(2 * angle)))
    picture = (low + (high - low) * ramp) * (1 + rng.uniform(0, 0.12) * wave)
    owner, kinds, areas = np.full((size, size), -1), [], []
    for number in range(int(rng.integers(1, most + 1))):
        kind, radius = int(rng.integers(len(KINDS))), rng.uniform(0.1, 0.22)
        dx, dy = x - rng.uniform(radius, 1 - radius), y - rng.uniform(radius, 1 - radius)
        inside = _inside(kind, dx, dy, radius)
        around = picture[:, inside].mean(1)
        color = (around + rng.choice([-1, 1], 3) * rng.uniform(0.15, 0.4, 3)) % 1.0
        shade = 1 + rng.uniform(-0.15, 0.15) * dx / radius
        picture = np.where(inside, color[:, None, None] * shade, picture)
        owner = np.where(inside, number, owner)
        kinds.append(kind)
        areas.append(inside.sum())
    objects, mask = np.full((MOST, 5), -1, np.float32), np.zeros((size, size), np.int64)
    for number, kind in enumerate(kinds):
        rows, columns = np.nonzero(owner == number)
        if 2 * len(rows) < areas[number]:
            continue
        mask[rows, columns] = 1 + kind
        objects[number] = kind, columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    return Scene(np.clip(picture, 0.02, 0.98).astype(np.float32), objects, mask)


def _inside(kind: int, dx: Floats, dy: Floats, radius: float) -> NDArray[np.bool_]:
    if kind == 0:
        inside = dx**2 + dy**2 < radius**2
    elif kind == 1:
        inside = np.maximum(np.abs(dx), np.abs(dy)) < 0.85 * radius
    elif kind == 2:
        inside = (np.abs(dy) < radius) & (np.abs(dx) < (radius + dy) * 0.5)
    else:
        near, far = np.minimum(np.abs(dx), np.abs(dy)), np.maximum(np.abs(dx), np.abs(dy))
        inside = (near < 0.3 * radius) & (far < radius)
    return np.asarray(inside)
