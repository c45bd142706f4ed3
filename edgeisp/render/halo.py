"""How wide a halo a network needs: the one that is exact, and the smallest one that nobody sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeisp import extras
from edgeisp.data.sample_scene import CAMERA, sample_picture, sample_raw
from edgeisp.data.synthetic_test import shots
from edgeisp.engines.torch import TorchProgram
from edgeisp.errors import CheckpointError, UnavailableError
from edgeisp.files import cache_folder, whole
from edgeisp.models import reach
from edgeisp.models.checkpoint import QUANTIZATION, LoadedModel
from edgeisp.models.functions import ISPNetwork
from edgeisp.models.halo import Halo
from edgeisp.models.task import Task, task_of
from edgeisp.raw.image import Floats
from edgeisp.raw.unprocess import noisy_srgb
from edgeisp.render.frame import Frame, PictureFrame, Source
from edgeisp.render.renderer import Renderer

Progress = Callable[[str, float], AbstractContextManager[Callable[[], None]]]
"""Shows how far work is: what it is and of how many steps; yields what is called after each, as `Console.progress`."""
KEY = "halo"
"""Where the card of a checkpoint tells of it."""
METHOD = 2
"""Counts up when `measure` changes, so that what an earlier one found is not taken from the cache."""
LIMIT_CODES = 1 / 3
"""Codes of 8 bits by which a measured pixel may differ from the whole frame's. A third, so that half a code holds in
other tilings: four times as many found up to 1.7 times the error in a picture."""
NARROW = 16
"""Picture pixels up to which the exact halo costs so little that no smaller one is looked for."""
PART = 128
"""Side of the parts that pictures are cut into, in pixels of the source."""
CUTS = (32, 64, 96, 128)
"""Where the first cut lies; each makes a tiling of its own."""
SAMPLE = (1200, 840)
"""Width and height at which the sample scene is measured."""


def told(loaded: LoadedModel) -> Halo | None:
    """What the checkpoint's card says, or what was measured earlier; None where nobody has measured it here.

    Raises:
        CheckpointError: the card's halo makes no sense.
    """
    if KEY in loaded.card:
        try:
            return msgspec.convert(loaded.card[KEY], Halo)
        except msgspec.ValidationError as error:
            raise CheckpointError(
                f"the halo in its card is damaged ({error})", where=loaded.path, cure="get the file again"
            ) from error
    with suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode(_kept(loaded).read_bytes(), type=Halo)
    return None


def halo_of(loaded: LoadedModel, progress: Progress | None = None) -> Halo:
    """What is `told`, or else what `measure` finds: about a minute, once for each checkpoint.

    Raises:
        CheckpointError: see `told`.
        UnavailableError: see `exact`.
    """
    if (halo := told(loaded)) is not None:
        return halo
    found, path = measure(loaded.network, progress), _kept(loaded)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as part:
            part.write_bytes(msgspec.json.encode(found))
    return found


def _kept(loaded: LoadedModel) -> Path:
    return cache_folder("halos") / f"{loaded.sha256}-{METHOD}.json"


def carded(network: ISPNetwork, card: dict[str, Any], progress: Progress | None = None) -> dict[str, Any]:
    """``card`` with the halo of ``network``; without one where it is not known.

    An int8 network keeps the halo of the one in float that it was made of, with its own error: the least difference may
    turn a rounding, whose step reaches as far as the network, so that no halo but the exact one keeps it small.
    """
    rest = {key: value for key, value in card.items() if key != KEY}
    kept = card[KEY]["auto"] if QUANTIZATION in card and KEY in card else None
    try:
        return {**rest, KEY: msgspec.to_builtins(measure(network, progress, kept))}
    except UnavailableError:
        return rest


def exact(network: ISPNetwork) -> Halo:
    """The receptive field of ``network``, rounded up to the stride, for both halos.

    Raises:
        UnavailableError: the receptive field is not known, see `edgeisp.models.reach.halo`.
    """
    stride, task = int(network.stride), task_of(network)
    known = network.reach() if isinstance(network, ISPNetwork) else None
    if known is None:
        known = reach.halo(network.functions(8 * stride, 8 * stride)["tile"], task.source)
    pixels = task.scale * -(-known // stride) * stride
    return Halo(pixels, pixels, 0.0, 0)


def measure(network: ISPNetwork, progress: Progress | None = None, auto: int | None = None) -> Halo:
    """The halos of ``network``: the exact one, and the smallest one that stays under `LIMIT_CODES` in every picture.

    Whole pictures are compared with what the network makes of their parts. A pixel at some distance from the nearest
    cut is what a tile with a halo of that width computes, so one pass over a picture tells the error of every halo up
    to half a part. The pictures are those of the synthetic test (without its photographs where ``edgeisp[train]`` is
    not installed) and the sample scene. Where no halo of half a part or less will do, it is the exact one, and also,
    unmeasured, where that is `NARROW`.

    Args:
        auto: in picture pixels; tells the error of this halo instead of looking for one.

    Raises:
        UnavailableError: see `exact`.
    """
    known, task, stride = exact(network), task_of(network), int(network.stride)
    if known.exact <= NARROW:
        return known
    halos = range(0, min(known.exact // task.scale, PART // 2), stride)
    worst = np.zeros(len(halos))
    sources, program = list(_sources(task)), TorchProgram(network)
    with (progress or silent)("measuring the halo", len(sources)) as advance:
        for source in sources:
            worst = np.maximum(worst, _errors(program, source, halos))
            advance()
    errors = {task.scale * halo: float(error) for halo, error in zip(halos, worst, strict=True)}
    if auto is None:
        auto = next((halo for halo, error in errors.items() if error < LIMIT_CODES), known.exact)
    return Halo(auto, known.exact, round(errors.get(auto, 0.0), 3), len(sources))


def silent(what: str, steps: float) -> AbstractContextManager[Callable[[], None]]:
    """A `Progress` that shows nothing."""
    return nullcontext(lambda: None)


def _sources(task: Task) -> Iterator[Source]:
    """What networks of ``task`` take of the pictures."""
    photographs = extras.missing("train") is None
    if task.linear:
        yield from (Frame.of(shot.raw) for shot in shots(photographs))
        yield Frame.of(sample_raw(*SAMPLE))
        return
    rng = np.random.default_rng(0)
    for shot in shots(photographs):
        yield _noisy(noisy_srgb(shot.picture, shot.camera, rng))
    yield _noisy(noisy_srgb(sample_picture(*SAMPLE, rng), CAMERA, rng))


def _noisy(picture: Floats) -> PictureFrame:
    return PictureFrame(np.round(255 * picture.transpose(1, 2, 0)).astype(np.uint8))


def _errors(program: TorchProgram, source: Source, halos: Sequence[int]) -> NDArray[np.float64]:
    """The worst distance of parts from the whole picture with each of ``halos``, in 8-bit codes."""
    scale, worst = task_of(program.network).scale, np.zeros(len(halos))
    for part in parted(program, source, PART, CUTS):
        for index, halo in enumerate(halos):
            worst[index] = max(worst[index], part.core(halo, scale).max(initial=0))
    return worst


def parted(program: TorchProgram, source: Source, size: int, cuts: Sequence[int]) -> Iterator[Part]:
    """What the network makes of the parts of a picture, against what it makes of the whole, with the whole's context.

    Args:
        size: side of the parts, in pixels of the source.
        cuts: where the first cut lies, in each direction; each makes a tiling of its own.
    """
    network, task, stride = program.network, task_of(program.network), int(program.network.stride)
    height, width = (side // stride * stride for side in source.size)
    functions = {name: dict(f.inputs) for name, f in network.functions(height, width).items()}
    context = Renderer([program], functions, 0, stride, task, reference=True).context(source)
    given = {**source.inputs, **context}

    def made(planes: Floats) -> Floats:
        inputs = {**given, task.source: np.ascontiguousarray(planes[None])}
        picture: Floats = np.clip(program.run("tile", inputs)[task.result][0], 0, 1)
        return picture

    planes = source.window(0, 0, height, width)
    expected = made(planes)
    for first in cuts:
        sides = (_sides(length, first, size, stride) for length in (height, width))
        for rows, columns in product(*sides):
            part = made(planes[:, rows.of(1), columns.of(1)])
            apart = np.abs(part - expected[:, rows.of(task.scale), columns.of(task.scale)])
            yield Part(255 * apart, rows, columns)


@dataclass(frozen=True)
class Part:
    """A part of a picture, made alone."""

    apart: Floats
    """3 x H x W, distance from the picture made in one piece, in 8-bit codes."""
    rows: _Side
    columns: _Side

    def core(self, halo: int, scale: int) -> Floats:
        """What is left within a halo of so many pixels of the source at its cuts."""
        return self.apart[:, self.rows.core(halo, scale), self.columns.core(halo, scale)]


@dataclass(frozen=True)
class _Side:
    """Rows or columns of a part, in pixels of the source."""

    start: int
    stop: int
    whole: int
    """All of the picture."""

    def of(self, scale: int) -> slice:
        """Where it lies."""
        return slice(scale * self.start, scale * self.stop)

    def core(self, halo: int, scale: int) -> slice:
        """What is left of it within a halo at its cuts; there is none where it ends with the picture."""
        first = halo if self.start else 0
        last = self.stop - self.start - (halo if self.stop < self.whole else 0)
        return slice(scale * first, max(0, scale * last))


def _sides(length: int, first: int, size: int, stride: int) -> list[_Side]:
    first, step = (-(-side // stride) * stride for side in (first, size))
    edges = [0, *range(first, length - size // 2 + 1, step), length]
    return [_Side(start, stop, length) for start, stop in pairwise(edges)]
