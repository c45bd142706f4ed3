"""Evaluation: a network and LibRaw on the very same RAW files, both against the ground truth they were made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from edgeisp.data import photos
from edgeisp.data.open import open_set
from edgeisp.data.pairset import PairSet
from edgeisp.data.scenes import PAINTERS, painted
from edgeisp.models.functions import ISPNetwork
from edgeisp.raw import RawImage, canonical, pack
from edgeisp.raw.color import color_input, planar, srgb_from_camera
from edgeisp.raw.image import CFAS, Floats
from edgeisp.raw.noise import phone_profile
from edgeisp.raw.reader import RawReader
from edgeisp.raw.unprocess import Camera, random_camera, unprocess
from edgeisp.training.libraw import libraw_pictures
from edgeisp.training.metrics import Quality, mean_quality, psnr, quality

PHONE = "Samsung Galaxy S6"
"""The phone whose noise the test uses: the only one of the table measured from ISO 100 to 3200."""
ISOS = (100, 1600)
SCENE_SIZE, SCENE_SEED = 384, 20240803


@dataclass(frozen=True, eq=False)
class EvalPicture:
    """A RAW file and the picture it was made from."""

    name: str
    iso: int
    natural: bool
    """A photograph, not a procedural scene."""
    raw: RawImage
    truth: Floats
    """``3 x H x W`` sRGB."""


@dataclass(frozen=True)
class Score:
    """Mean figures over some of the pictures at one ISO."""

    iso: int
    what: str
    """``all`` pictures or the ``natural`` ones, photographs, alone."""
    pictures: int
    network: Quality
    libraw: Quality
    """Of LibRaw's best setting."""
    best_libraw: str
    """The setting of LibRaw with the highest mean PSNR over these pictures."""
    libraw_psnr: dict[str, float]
    """Mean PSNR of every setting of LibRaw, in dB, best first."""

    @property
    def gain(self) -> float:
        """PSNR of the network above LibRaw's best, in dB."""
        return self.network.psnr - self.libraw.psnr


@dataclass(frozen=True)
class _Result:
    picture: EvalPicture
    network: Quality
    libraw: dict[str, Floats]
    libraw_psnr: dict[str, float]


def synthetic_test() -> Iterator[EvalPicture]:
    """The test pictures, always the same: four photographs and a scene of each kind, new to training, at two ISOs.

    Cameras are random but fixed, 12 bits, and go through all four CFA layouts.
    """
    natural = [(name.split(":")[1], planar(photos.photo(name))) for name in photos.TEST]
    drawn = [
        (painter.__name__, painted(painter, SCENE_SIZE, np.random.default_rng(SCENE_SEED)))
        for painter in PAINTERS
    ]
    for iso in ISOS:
        for index, (name, truth) in enumerate([*natural, *drawn]):
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
            yield EvalPicture(name, iso, index < len(natural), unprocess(truth, camera, rng, iso), truth)


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
    network: ISPNetwork, pictures: list[EvalPicture], step: Callable[[EvalPicture], None] = lambda _: None
) -> list[Score]:
    """Scores of ``network`` and of LibRaw at each ISO of ``pictures``, over all of them and over the natural ones."""
    results = []
    for picture in pictures:
        theirs = libraw_pictures(picture.raw)
        decibels = {name: psnr(their, picture.truth) for name, their in theirs.items()}
        results.append(
            _Result(picture, quality(render_whole(network, picture.raw), picture.truth), theirs, decibels)
        )
        step(picture)
    scores = []
    for iso in sorted({picture.iso for picture in pictures}):
        here = [result for result in results if result.picture.iso == iso]
        natural = [result for result in here if result.picture.natural]
        scores.append(_score(iso, "all", here))
        if 0 < len(natural) < len(here):
            scores.append(_score(iso, "natural", natural))
    return scores


def _score(iso: int, what: str, results: list[_Result]) -> Score:
    means = {name: float(np.mean([r.libraw_psnr[name] for r in results])) for name in results[0].libraw_psnr}
    ranked = dict(sorted(means.items(), key=lambda item: -item[1]))
    best = next(iter(ranked))
    return Score(
        iso=iso,
        what=what,
        pictures=len(results),
        network=mean_quality([r.network for r in results]),
        libraw=mean_quality([quality(r.libraw[best], r.picture.truth) for r in results]),
        best_libraw=best,
        libraw_psnr=ranked,
    )


def pairs_test(pairs: PairSet) -> Iterator[EvalPicture]:
    """The test pairs of a data set on disk."""
    for entry in pairs.of("test"):
        pair = pairs.read(entry)
        yield EvalPicture(entry.name, pair.raw.iso or 0, True, pair.raw, planar(pair.picture))


def evaluation_set(name: str, reader: RawReader) -> list[EvalPicture]:
    """The evaluation set called ``name``: ``synthetic-test`` or ``pairs:DIR``.

    Raises:
        BadInputError: no such set, or its folder is not as expected.
    """
    if name == "synthetic-test":
        return list(synthetic_test())
    return list(pairs_test(open_set(name, reader, "synthetic-test").whole(False)))
