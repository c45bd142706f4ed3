"""Evaluation of the subtasks: a network beside non-local means and BM3D on the very same noisy pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from edgeisp import extras
from edgeisp.data import photos
from edgeisp.data.picture_pairs import PictureSet
from edgeisp.data.sidd_raw import RawSet, iso_of
from edgeisp.data.subtasks import stored, unit
from edgeisp.errors import BadInputError
from edgeisp.models.functions import ISPNetwork
from edgeisp.models.task import SRGB_TO_SRGB, Task
from edgeisp.processes import Processes
from edgeisp.raw.canonical import canonical_planes
from edgeisp.raw.color import planar
from edgeisp.raw.image import Floats
from edgeisp.raw.noise import phone_profile
from edgeisp.raw.unprocess import Camera, camera_rgb, noisy_planes, noisy_srgb, random_camera, sample_planes
from edgeisp.training.evaluate import Lazy, read_each

PHONE, ISOS = "Samsung Galaxy S6", (800, 3200)
SIDE, SEED = 256, 20261121
BLOCK = 512
STRENGTHS = {"NLM": (0.6, 0.8, 1.0), "BM3D": (0.75, 1.0, 1.5, 2.0)}
"""Strengths that each method is tried with, as multiples of the noise that it estimates; the best one counts."""
Denoiser = Callable[[NDArray[np.float32], float], NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Case:
    """A picture before and after, ``C x H x W``."""

    name: str
    iso: int
    before: Floats
    after: Floats


@dataclass(frozen=True)
class Figures:
    """PSNR in dB (peak 1) and SSIM, means over pictures."""

    psnr: float
    ssim: float


@dataclass(frozen=True)
class Outcome:
    """Scores of all ISOs, and what had to be left out."""

    scores: list[Score]
    left_out: list[str]
    """Why each pair that could not be read was left out."""


@dataclass(frozen=True)
class Score:
    """Mean figures at one ISO by method: the input itself, the network, and the best strength of every other."""

    iso: int
    pictures: int
    methods: dict[str, Figures]


@dataclass(frozen=True)
class StoredCases:
    """Pairs on disk, read when they are asked for."""

    source: PictureSet

    def __len__(self) -> int:
        return len(self.source.entries)

    def __getitem__(self, index: int) -> Case:
        entry = self.source.entries[index]
        before, after = self.source.read(entry)
        if not isinstance(self.source, RawSet):
            return Case(entry.name, 0, unit(before), unit(after))
        middle = tuple(slice((room := max(0, side - BLOCK) // 2), room + BLOCK) for side in before.shape[:2])
        return Case(entry.name, iso_of(entry.raw), unit(before[middle]), unit(after[middle]))


def cases(task: Task, name: str, skip_bad: bool = False) -> Lazy[Case]:
    """``synthetic-test``, or the pairs of a set on disk (`edgeisp.data.subtasks.stored`), which are read one at a time.

    The synthetic test is the middle of the four test photographs, 256 x 256 pixels, with the noise that was measured on
    a phone at two ISOs, through random but fixed cameras. Of RAW pairs the middle `BLOCK` x `BLOCK` packed
    pixels count.

    Raises:
        BadInputError: no such set, its folder is not as expected, or files have no partner and ``skip_bad`` does not
            leave them out.
    """
    if name == "synthetic-test":
        return [_case(task, photo, index, iso) for iso in ISOS for index, photo in enumerate(photos.TEST)]
    return StoredCases(stored(task, name, "synthetic-test").whole(skip_bad))


def _case(task: Task, photo: str, index: int, iso: int) -> Case:
    rng = np.random.default_rng((SEED, iso, index))
    whole = planar(photos.photo(photo))
    top, left = ((side - SIDE) // 2 for side in whole.shape[1:])
    picture = whole[:, top : top + SIDE, left : left + SIDE]
    drawn = random_camera(rng)
    balance = drawn.white_balance
    camera = Camera(drawn.color_matrix, balance, phone_profile(PHONE, iso), "RGGB", 256.0, 4095.0)
    name = photo.split(":")[1]
    if task == SRGB_TO_SRGB:
        eight_bits = np.round(noisy_srgb(picture, camera, rng) * 255) / 255
        return Case(name, iso, eight_bits.astype(np.float32), picture)
    noisy = canonical_planes(noisy_planes(picture, camera, rng), balance)
    return Case(name, iso, noisy, canonical_planes(sample_planes(camera_rgb(picture, camera)), balance))


def evaluate(
    network: ISPNetwork,
    given: Lazy[Case],
    name: str,
    *,
    baselines: bool = True,
    skip_bad: bool = False,
    step: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Scores at each ISO; under torchrun every process measures its share of the pictures, and all have the result.

    One pair at a time is in memory.

    Args:
        network: in eval mode.
        given: pictures before and after.
        name: what the network is called among the methods.
        baselines: measure non-local means and, where it is installed, BM3D as well.
        skip_bad: leave out pairs that cannot be read.
        step: told of each picture that was measured.

    Raises:
        BadInputError: a pair cannot be read, or none is left.
    """
    processes = Processes.here()
    ours: list[tuple[int, dict[str, Figures]]] = []
    bad: list[str] = []
    with processes.together():
        for _, case in read_each(given, processes.share(range(len(given))), bad, skip_bad):
            found = {"input": figures(case.before, case.after)}
            found[name] = figures(denoise(network, case.before), case.after)
            if baselines:
                for method, made in classical(case.before, network.task):
                    found[method] = figures(made, case.after)
            ours.append((case.iso, found))
            step(case.name)
    results = [result for part in processes.gather(ours) for result in part]
    left_out = [line for part in processes.gather(bad) for line in part]
    if not results:
        raise BadInputError("no pair can be read", cure="`edgeisp data check` lists why")
    isos = sorted({iso for iso, _ in results})
    return Outcome([_score(iso, [found for its, found in results if its == iso]) for iso in isos], left_out)


def _score(iso: int, results: list[dict[str, Figures]]) -> Score:
    means = {
        method: Figures(
            *(float(np.mean([getattr(r[method], key) for r in results])) for key in ("psnr", "ssim"))
        )
        for method in results[0]
    }
    kept = {method: found for method, found in means.items() if method.split()[0] not in STRENGTHS}
    for kind in STRENGTHS:
        tried = {method: found for method, found in means.items() if method.split()[0] == kind}
        if tried:
            best = max(tried, key=lambda method: tried[method].psnr)
            kept[best] = tried[best]
    return Score(iso, len(results), kept)


def denoise(network: ISPNetwork, before: Floats) -> Floats:
    """What the network makes of a whole picture ``C x H x W``, in one pass."""
    rows, columns = (-side % network.stride for side in before.shape[1:])
    padded = np.pad(before, ((0, 0), (0, rows), (0, columns)), "reflect")
    with torch.inference_mode():
        made: Floats = network(torch.from_numpy(padded)[None], None)[0].numpy()
    return made[:, : before.shape[1], : before.shape[2]]


def classical(before: Floats, task: Task) -> Iterator[tuple[str, Floats]]:
    """What non-local means and BM3D make of a picture at every strength, as ``"NLM 0.8"`` and the picture.

    The noise's deviation is estimated from the picture itself (`skimage.restoration.estimate_sigma`). Linear planes are
    treated under a square root, where shot noise is even.
    """
    from skimage.restoration import estimate_sigma

    seen = np.sqrt(np.maximum(before, 0)) if task.linear else before
    picture = np.ascontiguousarray(seen.transpose(1, 2, 0))
    sigma = float(np.mean(estimate_sigma(picture, channel_axis=2)))
    for kind, denoiser in _denoisers().items():
        for strength in STRENGTHS[kind]:
            clean = np.asarray(denoiser(picture, strength * sigma), np.float32).transpose(2, 0, 1)
            yield f"{kind} {strength:g}", clean**2 if task.linear else clean


def _denoisers() -> dict[str, Denoiser]:
    from skimage.restoration import denoise_nl_means

    def nlm(picture: NDArray[np.float32], sigma: float) -> NDArray[Any]:
        made: NDArray[Any] = denoise_nl_means(
            picture, patch_size=5, patch_distance=8, h=sigma, sigma=sigma, fast_mode=True, channel_axis=2
        )
        return made

    if extras.missing("bm3d"):
        return {"NLM": nlm}
    import bm3d

    def by_bm3d(picture: NDArray[np.float32], sigma: float) -> NDArray[Any]:
        if picture.shape[2] == 3:
            return np.asarray(bm3d.bm3d_rgb(picture, sigma))
        planes = [bm3d.bm3d(picture[..., index], sigma) for index in range(picture.shape[2])]
        return np.stack(planes, 2)

    return {"NLM": nlm, "BM3D": by_bm3d}


def figures(picture: Floats, truth: Floats) -> Figures:
    """PSNR and SSIM of two pictures ``C x H x W`` clipped to [0, 1]."""
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    a, b = (np.clip(part, 0, 1).astype(np.float64) for part in (picture, truth))
    ssim = structural_similarity(
        b, a, data_range=1.0, channel_axis=0, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    return Figures(float(peak_signal_noise_ratio(b, a, data_range=1.0)), float(ssim))
