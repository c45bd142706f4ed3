"""How wide a halo a network needs: the one that is exact, and the smallest one that nobody sees."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import msgspec
import numpy as np
import torch
import torch.nn.functional as F

from edgeisp.data.samples import packed_samples, srgb_samples
from edgeisp.errors import CheckpointError, UnavailableError
from edgeisp.files import cache_folder, whole
from edgeisp.models import reach
from edgeisp.models.checkpoint import LoadedModel
from edgeisp.models.functions import CONTEXT_SIDE, Function, ISPNetwork
from edgeisp.models.halo import Halo
from edgeisp.models.task import THUMBNAIL, task_of
from edgeisp.raw.color import color_input
from edgeisp.raw.image import Floats
from edgeisp.raw.unprocess import random_camera

KEY = "halo"
"""Where the card of a checkpoint tells of it."""
LIMIT_CODES = 0.5
"""Codes of 8 bits by which a pixel may differ from the whole frame's."""
PICTURES, SEED = 6, 20261121
ACROSS = 48
"""Length of the seams that are looked at, in pixels of the source."""


def halo_of(loaded: LoadedModel) -> Halo:
    """What the checkpoint's card says, or else what `measure` finds: that takes seconds, once for each checkpoint.

    Raises:
        CheckpointError: the card's halo makes no sense.
        UnavailableError: see `measure`.
    """
    if KEY in loaded.card:
        try:
            return msgspec.convert(loaded.card[KEY], Halo)
        except msgspec.ValidationError as error:
            raise CheckpointError(
                f"the halo in its card is damaged ({error})", where=loaded.path, cure="get the file again"
            ) from error
    path = cache_folder("halos") / f"{loaded.sha256}.json"
    with suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode(path.read_bytes(), type=Halo)
    found = measure(loaded.network)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as part:
            part.write_bytes(msgspec.json.encode(found))
    return found


def carded(network: ISPNetwork, card: dict[str, Any]) -> dict[str, Any]:
    """``card`` with the halo of ``network``; without one where it is not known."""
    rest = {key: value for key, value in card.items() if key != KEY}
    try:
        return {**rest, KEY: msgspec.to_builtins(measure(network))}
    except UnavailableError:
        return rest


def measure(network: ISPNetwork) -> Halo:
    """The halos of ``network``.

    The exact one is the receptive field, rounded up to the stride. For the smaller one, two strides of each of
    `PICTURES` drawn pictures are rendered with ever smaller halos to the left and right, and above and below, and
    compared with the exact rendering.

    Raises:
        UnavailableError: the receptive field is not known, see `edgeisp.models.reach.halo`.
    """
    stride, task = int(network.stride), task_of(network)
    known = network.reach() if isinstance(network, ISPNetwork) else None
    if known is None:
        known = reach.halo(network.functions(8 * stride, 8 * stride)["tile"], task.source)
    exact = -(-known // stride) * stride
    seams = list(_seams(network, exact))
    low, high, error = 0, exact // stride, 0.0
    while low < high:
        middle = (low + high) // 2
        worst = max(seam.error(middle * stride) for seam in seams)
        if worst < LIMIT_CODES:
            high, error = middle, worst
        else:
            low = middle + 1
    return Halo(task.scale * high * stride, task.scale * exact, round(error, 3), PICTURES)


class _Seam:
    """A band of a picture, two strides of it as they should be, and the same with a smaller halo."""

    def __init__(
        self, network: ISPNetwork, band: Floats, inputs: dict[str, torch.Tensor], exact: int
    ) -> None:
        self.network, self.band, self.inputs, self.exact = network, band, inputs, exact
        self.wide = band.shape[2] > band.shape[1]
        self.expected = self.rendered(exact)

    def error(self, halo: int) -> float:
        """The worst difference in codes of 8 bits."""
        return 255 * float((self.rendered(halo) - self.expected).abs().max())

    def rendered(self, halo: int) -> torch.Tensor:
        cut = slice(self.exact - halo, self.exact + 2 * int(self.network.stride) + halo)
        seen = self.band[:, :, cut] if self.wide else self.band[:, cut]
        function = self.network.functions(*seen.shape[1:])["tile"]
        task = task_of(self.network)
        given = {**self.inputs, task.source: torch.from_numpy(seen[None].copy())}
        with torch.inference_mode():
            picture: torch.Tensor = function.module(*(given[name] for name in function.inputs))
        core = slice(task.scale * halo, task.scale * (halo + 2 * int(self.network.stride)))
        return (picture[..., core] if self.wide else picture[..., core, :]).clamp(0, 1)


def _seams(network: ISPNetwork, exact: int) -> Iterator[_Seam]:
    task, stride = task_of(network), int(network.stride)
    long = 2 * (exact + stride)
    side = max(long, CONTEXT_SIDE)
    draw = packed_samples if task.linear else srgb_samples
    across = -(-ACROSS // stride) * stride
    for index, picture in enumerate(draw(PICTURES, side, side, SEED)):
        functions = network.functions(CONTEXT_SIDE, CONTEXT_SIDE)
        inputs: dict[str, torch.Tensor] = {}
        if task.rendered:
            camera = random_camera(np.random.default_rng((SEED, index)))
            inputs["color"] = torch.from_numpy(color_input(camera.srgb_from_camera)[None])
        if "context" in functions:
            with torch.inference_mode():
                inputs["context"] = _context(functions["context"], picture, inputs, task.source)
        top = (side - across) // 2
        yield _Seam(network, picture[:, top : top + across, :long], inputs, exact)
        yield _Seam(network, picture[:, :long, top : top + across], inputs, exact)


def _context(
    function: Function, picture: Floats, inputs: dict[str, torch.Tensor], source: str
) -> torch.Tensor:
    """The context of ``picture``, from a corner of it or from its thumbnail, whichever ``function`` takes."""
    whole_picture = torch.from_numpy(picture)[None]
    given = {**inputs, source: whole_picture[..., :CONTEXT_SIDE, :CONTEXT_SIDE].contiguous()}
    if THUMBNAIL in function.inputs:
        height, width = function.inputs[THUMBNAIL][-2:]
        given[THUMBNAIL] = F.adaptive_avg_pool2d(whole_picture, (height, width))
    context: torch.Tensor = function.module(*(given[name] for name in function.inputs))
    return context
