from __future__ import annotations

import copy

import torch
from torch import nn

from edgeisp.data.synthetic_test import shots
from edgeisp.models.functions import ISPNetwork
from edgeisp.quantize.quality import nearness


def test_nearness_is_the_psnr_of_the_pictures_and_counts_them(tiny: ISPNetwork) -> None:
    scenes = list(shots(photographs=False))[:3]
    other = copy.deepcopy(tiny)
    head = other.get_submodule("head")
    assert isinstance(head, nn.Conv2d) and head.bias is not None
    with torch.no_grad():
        head.bias += 0.001  # of every value, where it is not clipped: 60 dB
    seen: list[str] = []
    near = nearness(tiny, other, scenes, seen.append)
    assert seen == [scene.name for scene in scenes]
    assert near.pictures == 3
    assert 60 <= near.worst_db <= near.mean_db < 75
    assert nearness(tiny, tiny, scenes).worst_db == 200
