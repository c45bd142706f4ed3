"""Small task networks of our own, trained when they are first asked for, and kept in the cache."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from edgeisp.data.scenery import Scenery
from edgeisp.data.shapes import Scene
from edgeisp.errors import CheckpointError
from edgeisp.files import cache_folder, whole

STRIDE = 4
STEPS, BATCH, RATE = 700, 32, 2e-3
TOLD = 100
"""Steps from one line of progress to the next."""
VERSION = 1
"""Goes up with every change of network, scenes or training: kept weights are then made anew."""


class Consumer(nn.Module):
    """``B x 3 x S x S`` sRGB to ``B x channels x S/4 x S/4``: three scales, the coarsest added to the middle one."""

    def __init__(self, channels: int, width: int = 24) -> None:
        super().__init__()

        def block(c_in: int, c_out: int, stride: int) -> nn.Sequential:
            return nn.Sequential(nn.Conv2d(c_in, c_out, 3, stride, 1), nn.BatchNorm2d(c_out), nn.ReLU())

        self.fine = nn.Sequential(
            block(3, width, 2), block(width, 2 * width, 2), block(2 * width, 2 * width, 1)
        )
        self.coarse = nn.Sequential(block(2 * width, 3 * width, 2), block(3 * width, 2 * width, 1))
        self.head = nn.Sequential(block(2 * width, 2 * width, 1), nn.Conv2d(2 * width, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        fine = self.fine((x - 0.45) / 0.25)
        coarse = F.interpolate(self.coarse(fine), size=fine.shape[-2:], mode="bilinear", align_corners=False)
        made: Tensor = self.head(fine + coarse)
        return made


Loss = Callable[[Tensor, Tensor], Tensor]
"""Of the network's output and targets, ``B``."""


def pretrained(
    name: str,
    channels: int,
    scenery: Scenery,
    target: Callable[[Scene], np.ndarray],
    loss: Loss,
    weights: Path | None,
    note: Callable[[str], None],
) -> Consumer:
    """A `Consumer` with ``weights``, or trained on the clean, well exposed scenes of ``scenery``.

    Training takes a minute or two, once; the weights are then kept in the user's cache.

    Raises:
        CheckpointError: ``weights`` are absent, damaged, or of another network.
    """
    network = Consumer(channels)
    if weights is not None:
        return _filled(network, weights)
    key = hashlib.sha256(
        repr((VERSION, name, channels, scenery.key, STEPS, BATCH, RATE)).encode()
    ).hexdigest()[:16]
    path = cache_folder("tasks") / f"{name}-{key}.safetensors"
    if path.is_file():
        return _filled(network, path)
    note(f"training a small network for {name}, {STEPS} steps, once; kept as {path}")
    state = torch.random.get_rng_state()
    torch.manual_seed(0)
    network = Consumer(channels).train()
    torch.random.set_rng_state(state)
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=1e-4)
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = RATE * (1 - step / STEPS)
        rngs = [np.random.default_rng((1, step, i)) for i in range(BATCH)]
        scenes = [scenery.clean(rng) for rng in rngs]
        pictures = torch.from_numpy(np.stack([scene.picture for scene in scenes]))
        targets = torch.from_numpy(np.stack([target(scene) for scene in scenes]))
        optimizer.zero_grad()
        found = loss(network(pictures), targets).mean()
        found.backward()
        optimizer.step()
        if (step + 1) % TOLD == 0:
            note(f"network for {name}: {step + 1} of {STEPS} steps, loss {found.item():.3f}")
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as part:
        part.write_bytes(save({key: value.contiguous() for key, value in network.state_dict().items()}))
    return network.eval()


def _filled(network: Consumer, path: Path) -> Consumer:
    if not path.is_file():
        raise CheckpointError("no such file", where=path, cure="check the path")
    try:
        network.load_state_dict(load_file(path))
    except (SafetensorError, OSError, RuntimeError) as error:
        reason = " ".join(line.strip() for line in str(error).splitlines()[:2])
        raise CheckpointError(
            f"not the weights of this task's network ({reason[:160]})",
            where=path,
            cure="leave --weights out to train one, or give those that a run kept",
        ) from error
    return network.eval()
