"""How near an int8 network is to its fp32 network, on RAW files that neither was trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from edgeisp.data.synthetic_test import Shot
from edgeisp.models.functions import ISPNetwork
from edgeisp.quantize.sensitivity import decibels
from edgeisp.raw.color import color_input, srgb_from_camera
from edgeisp.raw.pack import canonical, pack

SIDE = 128
"""Packed pixels of the middle that is compared of each picture; the picture's own are twice as many."""
DATA = "synthetic-test"


@dataclass(frozen=True)
class Nearness:
    """PSNR to the fp32 network's pictures."""

    mean_db: float
    """Mean of the pictures' decibels."""
    worst_db: float
    """Of the worst picture."""
    pictures: int
    data: str = DATA

    def __str__(self) -> str:
        return (
            f"{self.mean_db:.1f} dB to the fp32 network's pictures, mean over the middles of the {self.pictures} "
            f"pictures of {self.data}; the worst {self.worst_db:.1f} dB"
        )


def nearness(
    network: ISPNetwork,
    int8: ISPNetwork,
    shots: Sequence[Shot],
    step: Callable[[str], None] = lambda name: None,
) -> Nearness:
    """Of a network in int8 to the same network in float, on ``shots`` of the synthetic test."""
    found = []
    for shot in shots:
        inputs = _middle(shot, SIDE // network.stride * network.stride)
        with torch.inference_mode():
            ours, wanted = (net(*inputs).clamp(0, 1) for net in (int8, network))
        found.append(decibels(float((ours - wanted).square().mean())))
        step(shot.name)
    return Nearness(sum(found) / len(found), min(found), len(found))


def _middle(shot: Shot, side: int) -> tuple[Tensor, Tensor]:
    """What a network is given of the middle of a picture, ``side`` packed pixels wide and high."""
    packed = pack(shot.raw)
    rows, columns = (
        slice(start, start + side) for start in ((length - side) // 2 for length in packed.shape)
    )
    planes = packed.window(rows, columns)
    color = color_input(srgb_from_camera(shot.raw.color_matrix))
    return torch.from_numpy(canonical(planes, shot.raw))[None], torch.from_numpy(color)[None]
