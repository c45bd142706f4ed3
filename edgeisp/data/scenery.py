"""Scenes for task networks and for the policies before them: drawn ones, or those of an annotated data set."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np

from edgeisp.data.labelled.base import Labelled, LabelledSet, Thing
from edgeisp.data.labelled.light import STOPS, Fitted
from edgeisp.data.lowlight import dark_planes, phone_camera
from edgeisp.data.pairset import Split
from edgeisp.data.shapes import KINDS, Scene, shape_scene
from edgeisp.files import cache_folder, whole
from edgeisp.raw.image import Floats

DRAWN_TESTS, MOST_TESTS = 192, 512
"""Scenes that are measured: of drawn ones, and of a data set at most."""


@dataclass(frozen=True, eq=False)
class Shot:
    """A scene as a camera recorded it."""

    raw: Floats
    """Canonical packed Bayer, ``4 x p x p``."""
    color: Floats
    """Camera RGB to linear sRGB, ``9 x 1 x 1``."""
    scene: Scene


class Scenery(Protocol):
    """Where scenes come from; pure functions of their arguments."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Names of the kinds of objects."""

    @property
    def key(self) -> str:
        """Text that changes with anything that changes the scenes."""

    @property
    def tests(self) -> int:
        """How many scenes are measured."""

    def clean(self, rng: np.random.Generator) -> Scene:
        """A well exposed scene for training a task network."""

    def shot(self, split: Split, index: int) -> Shot:
        """The ``index``-th recorded scene of a split."""


@dataclass(frozen=True)
class Drawn:
    """Drawn scenes, recorded `STOPS` too dark by some phone."""

    patch: int
    """Packed patch size p; scenes are ``2p x 2p``."""
    seed: int
    most: int
    """Objects in a recorded scene, at most."""
    kinds: tuple[str, ...] = KINDS
    tests: int = DRAWN_TESTS

    @property
    def key(self) -> str:
        return f"drawn {2 * self.patch}"

    def clean(self, rng: np.random.Generator) -> Scene:
        return shape_scene(2 * self.patch, rng)

    def shot(self, split: Split, index: int) -> Shot:
        rng = np.random.default_rng((2, self.seed, split == "test", index))
        scene = shape_scene(2 * self.patch, rng, self.most)
        raw, color = dark_planes(scene.picture, rng.uniform(*STOPS), phone_camera(rng), rng)
        return Shot(raw, color, scene)


@dataclass(frozen=True)
class Annotated:
    """Scenes of an annotated data set, each fitted into a square; decoded once and kept in the user's cache."""

    source: LabelledSet
    patch: int
    seed: int

    @property
    def kinds(self) -> tuple[str, ...]:
        return self.source.kinds

    @cached_property
    def key(self) -> str:
        listed = [(str(one.path), [thing[:2] for thing in one.things]) for one in self.source.pictures]
        digest = hashlib.sha256(repr(sorted(listed)).encode()).hexdigest()
        return f"{self.source.name} {2 * self.patch} {digest}"

    @property
    def tests(self) -> int:
        return min(MOST_TESTS, len(self.source.of("test")))

    def clean(self, rng: np.random.Generator) -> Scene:
        pictures = self.source.of("train")
        one = pictures[int(rng.integers(len(pictures)))]
        fitted = self._fitted(one.path)
        return self._scene(one, fitted)

    def shot(self, split: Split, index: int) -> Shot:
        rng = np.random.default_rng((2, self.seed, split == "test", index))
        pictures = self.source.of(split)
        one = pictures[int(rng.integers(len(pictures))) if split == "train" else index % len(pictures)]
        fitted = self._fitted(one.path)
        raw, color = fitted.planes(rng)
        return Shot(raw, color, self._scene(one, fitted))

    def _scene(self, one: Labelled, fitted: Fitted) -> Scene:
        side = 2 * self.patch
        objects = np.full((self.source.most, 5), -1, np.float32)
        mask = np.zeros((side, side), np.int64)
        for row, thing in zip(objects, sorted(one.things, key=_area, reverse=True), strict=False):
            box = np.clip(np.array(thing.box, np.float32) * np.float32(fitted.scale), 0, side)
            row[:] = thing.kind, *box
            mask[_inside(thing, fitted.scale, box, side)] = 1 + thing.kind
        return Scene(fitted.rendered(), objects, mask)

    def _fitted(self, path: Path) -> Fitted:
        facts = path.stat()
        name = repr((str(path.resolve()), facts.st_mtime_ns, facts.st_size, 2 * self.patch))
        kept = cache_folder("labelled") / f"{hashlib.sha256(name.encode()).hexdigest()[:24]}.npz"
        if not kept.is_file():
            fitted = self.source.read(path).fitted(2 * self.patch)
            buffer = io.BytesIO()
            color = np.zeros(0, np.float32) if fitted.color is None else fitted.color
            np.savez(buffer, square=fitted.square, color=color, scale=fitted.scale)
            kept.parent.mkdir(parents=True, exist_ok=True)
            with whole(kept) as part:
                part.write_bytes(buffer.getvalue())
            return fitted
        with np.load(kept) as stored:
            color = stored["color"]
            return Fitted(stored["square"], color if color.size else None, float(stored["scale"]))


def _area(thing: Thing) -> float:
    left, top, right, bottom = thing.box
    return (right - left) * (bottom - top)


def _inside(thing: Thing, scale: float, box: Floats, side: int) -> np.ndarray:
    """Where the object is seen, ``side x side``: its outline, or without one its box."""
    if thing.outline is None:
        inside = np.zeros((side, side), bool)
        left, top, right, bottom = box.round().astype(int)
        inside[top:bottom, left:right] = True
        return inside
    from pycocotools import mask

    if isinstance(thing.outline, list):
        scaled = [[number * scale for number in polygon] for polygon in thing.outline]
        return np.asarray(mask.decode(mask.merge(mask.frPyObjects(scaled, side, side))), bool)
    counts, (height, width) = thing.outline["counts"], thing.outline["size"]
    lengths = mask.frPyObjects(thing.outline, height, width) if isinstance(counts, list) else thing.outline
    rows, columns = (np.minimum((np.arange(side) + 0.5) / scale, 1e9).astype(int) for _ in range(2))
    shown = np.asarray(mask.decode(lengths), bool)
    inside = np.zeros((side, side), bool)
    down, across = (rows < height).sum(), (columns < width).sum()
    inside[:down, :across] = shown[np.ix_(rows[:down], columns[:across])]
    return inside
