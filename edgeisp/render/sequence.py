"""Frames in time: contexts that change slowly, how much a rendered sequence flickers, what a live camera would lose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edgeisp.raw.image import Floats
from edgeisp.render.renderer import Picture


@dataclass
class Smoothing:
    """Contexts as running means, so that the noise of single frames does not move the whole picture.

    ``c = a * new + (1 - a) * before`` with ``a = 1 / frames``; the first context is taken as it is, and until
    ``frames`` have been seen the mean is that of all so far. What a context holds may be averaged: basis weights,
    gates, parameters of modules.
    """

    frames: float = 8.0
    """How far it looks back; 1 takes every context as it is."""
    _before: dict[str, Floats] = field(default_factory=dict, init=False, repr=False)
    _seen: int = field(default=0, init=False, repr=False)

    def __call__(self, context: Mapping[str, Floats]) -> dict[str, Floats]:
        """The context to render with, given that of the next frame."""
        self._seen += 1
        share = np.float32(1 / min(self.frames, self._seen))
        self._before = {
            name: share * new + (1 - share) * self._before[name] if name in self._before else new
            for name, new in context.items()
        }
        return self._before


class Level:
    """The mean of a picture's colours, taken from its bands on their way to a file."""

    def __init__(self) -> None:
        self._sum, self._pixels = np.zeros(3), 0

    def watch(self, bands: Iterable[Picture]) -> Iterator[Picture]:
        """``bands`` as they are."""
        for band in bands:
            self._sum += 255 / np.iinfo(band.dtype).max * band.sum((0, 1), np.uint64)
            self._pixels += band.shape[0] * band.shape[1]
            yield band

    @property
    def codes(self) -> NDArray[np.float64]:
        """R, G, B in codes of eight bits."""
        return self._sum / self._pixels


def flicker(levels: Sequence[NDArray[np.float64]]) -> float | None:
    """Mean absolute second difference in time of `Level.codes`: what the eye sees as the whole picture pulsing.

    Fades and steady movement hardly count, a frame that is brighter than those around it does. None for fewer than
    three frames.
    """
    if len(levels) < 3:
        return None
    return float(np.abs(np.diff(np.stack(levels), 2, axis=0)).mean())


def kept(seconds: Sequence[float], fps: float) -> list[int]:
    """Which frames of a live camera are rendered when each takes ``seconds``: while one is at work others are lost.

    Frame k arrives at ``k / fps``; the next one rendered is the newest that has arrived when the last is done.
    """
    taken, free = [], 0.0
    for index, takes in enumerate(seconds):
        arrives = index / fps
        late = (index + 1) / fps  # when a newer one is there
        if late <= free:
            continue
        taken.append(index)
        free = max(free, arrives) + takes
    return taken
