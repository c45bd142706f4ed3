"""Evaluation: a network and LibRaw on the very same RAW files, both against the same ground truth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
import torch

from edgeisp.errors import BadInputError
from edgeisp.models.functions import ISPNetwork
from edgeisp.processes import Processes
from edgeisp.raw import RawImage, canonical, pack
from edgeisp.raw.color import color_input, srgb_from_camera
from edgeisp.raw.image import Floats
from edgeisp.training.evalset import EvalPicture
from edgeisp.training.libraw import libraw_pictures
from edgeisp.training.metrics import Distance, Quality, mean_quality, psnr, quality

T_co = TypeVar("T_co", covariant=True)
Step = Callable[[str], None]
"""Called with the name of each picture that was just measured."""


class Lazy(Protocol[T_co]):
    """A sequence of pictures, each of which may be read only now."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> T_co: ...


Pictures = Lazy[EvalPicture]


class Group(NamedTuple):
    """Pictures whose figures are averaged."""

    iso: int
    what: str
    """``all`` pictures, or the ``natural`` ones, photographs, alone."""


@dataclass(frozen=True)
class Score:
    """Mean figures of a group of pictures under one protocol."""

    iso: int
    what: str
    protocol: str
    """``exact``, or ``original`` or ``aligned`` ground truth."""
    pictures: int
    network: Quality
    valid: float = 1.0
    """Share of the pixels that the masks leave."""
    libraw: Quality | None = None
    """Of LibRaw's best setting; None where LibRaw was not asked."""
    best_libraw: str = ""
    """The setting of LibRaw with the highest mean PSNR over these pictures, first protocol."""
    libraw_psnr: dict[str, float] = field(default_factory=dict)
    """Mean PSNR of every setting of LibRaw, in dB, best first."""

    @property
    def gain(self) -> float | None:
        """PSNR of the network above LibRaw's best, in dB."""
        return None if self.libraw is None else self.network.psnr - self.libraw.psnr


@dataclass(frozen=True)
class Evaluation:
    """Scores of all groups, and what had to be left out."""

    scores: list[Score]
    left_out: list[str]
    """Why each picture that could not be read was left out."""


@dataclass(frozen=True)
class _Result:
    """The figures of one picture, by protocol."""

    index: int
    iso: int
    natural: bool
    network: dict[str, Quality]
    valid: dict[str, float]
    settings: dict[str, float]
    """PSNR of every setting of LibRaw under the first protocol."""
    libraw: dict[str, dict[str, Quality]] = field(default_factory=dict)
    """By setting, of those that are the best of a group."""


def render_whole(network: ISPNetwork, raw: RawImage) -> Floats:
    """A picture in one pass without tiles, ``3 x H x W`` sRGB in [0, 1]; for evaluation, not for large frames."""
    packed = pack(raw)
    planes = canonical(packed.planes, raw)
    rows, columns = (-side % network.stride for side in planes.shape[1:])
    padded = np.pad(planes, ((0, 0), (0, rows), (0, columns)), "reflect")
    color = color_input(srgb_from_camera(raw.color_matrix))
    with torch.inference_mode():
        rgb = network(torch.from_numpy(padded)[None], torch.from_numpy(color)[None])[0].numpy()
    picture: Floats = np.clip(packed.restore(rgb[:, : 2 * packed.shape[0], : 2 * packed.shape[1]]), 0, 1)
    return picture


def evaluate(
    network: ISPNetwork,
    pictures: Pictures,
    step: Step = lambda _: None,
    *,
    lpips: Distance | None = None,
    skip_bad: bool = False,
    processes: Processes | None = None,
) -> Evaluation:
    """Scores of ``network`` and of LibRaw at each ISO of ``pictures``, over all of them and over the natural ones.

    One picture at a time is in memory: LibRaw first runs all its settings for their PSNR, then the best of each group
    once more for the rest of the figures.

    Args:
        step: told of each picture.
        lpips: the perceptual distance, where its weights are at hand.
        skip_bad: leave out pictures that cannot be read.
        processes: those that share the pictures; all get the same scores.

    Raises:
        BadInputError: a picture cannot be read, or none is left.
    """
    here = processes or Processes.here()
    with here.together():
        mine, bad = _first_pass(network, pictures, here, step, lpips, skip_bad)
    everything = [result for part in here.gather(mine) for result in part]
    left_out = [line for part in here.gather(bad) for line in part]
    if not everything:
        raise BadInputError("no picture can be read", cure="`edgeisp data check` lists why")
    groups = _groups(everything)
    best = {group: _ranked(results)[0] for group, results in groups.items() if results[0].settings}
    wanted: defaultdict[int, set[str]] = defaultdict(set)
    for group, setting in best.items():
        for result in groups[group]:
            wanted[result.index].add(setting)
    with here.together():
        again = [_second_pass(result, pictures, sorted(wanted[result.index]), lpips) for result in mine]
    everything = [result for part in here.gather(again) for result in part]
    scores = [
        _score(group, protocol, results, best.get(group))
        for group, results in _groups(everything).items()
        for protocol in results[0].network
    ]
    return Evaluation(scores, left_out)


def _first_pass(
    network: ISPNetwork,
    pictures: Pictures,
    here: Processes,
    step: Step,
    lpips: Distance | None,
    skip_bad: bool,
) -> tuple[list[_Result], list[str]]:
    """The figures of our share of the pictures, and why some of them were left out."""
    results: list[_Result] = []
    bad: list[str] = []
    for index, picture in read_each(pictures, here.share(range(len(pictures))), bad, skip_bad):
        results.append(_measure(index, network, picture, lpips))
        step(picture.name)
    return results, bad


def read_each(
    pictures: Lazy[T_co], indices: Sequence[int], bad: list[str], skip_bad: bool
) -> Iterator[tuple[int, T_co]]:
    """Those of ``pictures``, one at a time; why one was left out is added to ``bad``.

    Raises:
        BadInputError: one cannot be read, and ``skip_bad`` does not leave it out.
    """
    for index in indices:
        try:
            picture = pictures[index]
        except BadInputError as error:
            if not skip_bad:
                raise BadInputError(
                    error.what,
                    where=error.where,
                    cure=f"{error.cure}; `edgeisp data check` lists all such files, --skip-bad leaves them out",
                ) from error
            bad.append(str(error))
            continue
        yield index, picture


def _measure(index: int, network: ISPNetwork, picture: EvalPicture, lpips: Distance | None) -> _Result:
    rendered = render_whole(network, picture.raw)
    theirs = libraw_pictures(picture.raw) if picture.libraw else {}
    return _Result(
        index,
        picture.iso,
        picture.natural,
        _qualities(rendered, picture, lpips),
        {p: 1.0 if t.mask is None else float(t.mask.mean()) for p, t in picture.truths.items()},
        {name: psnr(their, picture.truth, picture.measure) for name, their in theirs.items()},
    )


def _second_pass(
    result: _Result, pictures: Pictures, settings: Sequence[str], lpips: Distance | None
) -> _Result:
    """``result`` with all figures of some of LibRaw's settings."""
    if not settings:
        return result
    picture = pictures[result.index]
    theirs = libraw_pictures(picture.raw, settings)
    return replace(result, libraw={n: _qualities(their, picture, lpips) for n, their in theirs.items()})


def _qualities(rendered: Floats, picture: EvalPicture, lpips: Distance | None) -> dict[str, Quality]:
    return {
        protocol: quality(rendered, truth.picture, picture.measure, truth.mask, lpips)
        for protocol, truth in picture.truths.items()
    }


def _groups(results: Sequence[_Result]) -> dict[Group, list[_Result]]:
    """All pictures of each ISO, and the natural ones of it where there are others; ordered as in the set."""
    by_iso: defaultdict[int, list[_Result]] = defaultdict(list)
    for result in sorted(results, key=lambda one: (one.iso, one.index)):
        by_iso[result.iso].append(result)
    groups: dict[Group, list[_Result]] = {}
    for iso, here in by_iso.items():
        groups[Group(iso, "all")] = here
        natural = [result for result in here if result.natural]
        if 0 < len(natural) < len(here):
            groups[Group(iso, "natural")] = natural
    return groups


def _means(results: Sequence[_Result]) -> dict[str, float]:
    return {name: float(np.mean([r.settings[name] for r in results])) for name in results[0].settings}


def _ranked(results: Sequence[_Result]) -> list[str]:
    means = _means(results)
    return sorted(means, key=lambda name: -means[name])


def _score(group: Group, protocol: str, results: Sequence[_Result], best: str | None) -> Score:
    means = _means(results)
    return Score(
        *group,
        protocol,
        len(results),
        mean_quality([r.network[protocol] for r in results]),
        float(np.mean([r.valid[protocol] for r in results])),
        None if best is None else mean_quality([r.libraw[best][protocol] for r in results]),
        best or "",
        {name: means[name] for name in _ranked(results)},
    )
