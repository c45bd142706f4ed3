"""What each convolution loses in int8, and which ones to leave in float for a given loss."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from edgeisp.data.open import open_pairs
from edgeisp.errors import EdgeISPError
from edgeisp.files import whole
from edgeisp.models.functions import ISPNetwork
from edgeisp.quantize.layers import QDQConv2d, Ranges
from edgeisp.quantize.network import convolutions, with_qdq
from edgeisp.raw.reader import RawReader


@dataclass(frozen=True, eq=False)
class Probe:
    """Pictures that losses are measured on: packed planes, colour matrices, the true picture and its mask."""

    raw: Tensor
    color: Tensor
    target: Tensor
    mask: Tensor

    @classmethod
    def of(cls, data: str, count: int, patch: int, seed: int, reader: RawReader) -> Probe:
        """``count`` pictures of the training data ``data``."""
        pairs = open_pairs(data, patch=patch, seed=seed, reader=reader)
        items = zip(*(pairs[index] for index in range(count)), strict=True)
        return cls(*(torch.from_numpy(np.stack(part)) for part in items))

    def run(self, network: nn.Module) -> Tensor:
        """The pictures that ``network`` makes, clipped to [0, 1]."""
        with torch.inference_mode():
            outputs = [network(r[None], c[None]) for r, c in zip(self.raw, self.color, strict=True)]
        return torch.cat(outputs).clamp(0, 1)

    def task_db(self, pictures: Tensor) -> float:
        """PSNR to the truth in dB, mean over the pictures: a smooth one counts as much as a noisy one."""
        errors = ((pictures - self.target).square() * self.mask).flatten(1).mean(1)
        shares = self.mask.flatten(1).mean(1)
        each = [decibels(float(e / share)) for e, share in zip(errors, shares, strict=True)]
        return sum(each) / len(each)


@dataclass(frozen=True)
class LayerLoss:
    """A convolution alone in int8, all else in float."""

    name: str
    mse: float
    """Of the picture, to that of the fp32 network."""
    macs: int
    """Multiply-accumulates in one probe picture."""

    @property
    def psnr_db(self) -> float:
        """To the fp32 network's picture, in dB."""
        return decibels(self.mse)


def decibels(mse: float) -> float:
    """PSNR at peak 1; 200 stands for identical."""
    return 200.0 if mse <= 1e-20 else -10 * math.log10(mse)


def sensitivity(
    network: ISPNetwork,
    scheme: Mapping[str, Ranges],
    probe: Probe,
    step: Callable[[str], None] = lambda name: None,
) -> list[LayerLoss]:
    """The loss of each convolution of ``scheme`` in a deployable fp32 network, the worst first."""
    network = copy.deepcopy(network)
    expected, macs = probe.run(network), _macs(network, probe)
    losses = []
    for name, ranges in scheme.items():
        conv = network.get_submodule(name)
        assert isinstance(conv, nn.Conv2d)
        network.set_submodule(name, QDQConv2d(conv, ranges))
        mse = float((probe.run(network) - expected).square().mean())
        network.set_submodule(name, conv)
        losses.append(LayerLoss(name, mse, macs[name]))
        step(name)
    return sorted(losses, key=lambda loss: -loss.mse)


def within_budget(
    network: ISPNetwork, scheme: Mapping[str, Ranges], losses: list[LayerLoss], probe: Probe, budget_db: float
) -> list[str]:
    """Layers to leave in float so that PSNR to the truth drops by at most ``budget_db``: few MACs, much error first.

    Each candidate is measured, because errors do not simply add up.

    Raises:
        EdgeISPError: not even half of the layers in float would do.
    """
    least = probe.task_db(probe.run(network)) - budget_db
    kept: list[str] = []
    for chosen in _candidates(losses):
        kept = chosen
        mixed = with_qdq(network, {name: r for name, r in scheme.items() if name not in kept})
        if probe.task_db(probe.run(mixed)) >= least:
            return kept
    raise EdgeISPError(
        f"with {len(kept)} of {len(losses)} convolutions in float the loss is still above {budget_db:g} dB",
        where="--budget-db",
        cure="train it (leave --ptq out), or allow more",
    )


def _candidates(losses: list[LayerLoss]) -> Iterator[list[str]]:
    ranked = [loss.name for loss in sorted(losses, key=lambda loss: -loss.mse / max(loss.macs, 1))]
    count = 0
    while count <= len(ranked) // 2:
        yield ranked[:count]
        count += max(1, count // 4)


def _macs(network: ISPNetwork, probe: Probe) -> dict[str, int]:
    counts: dict[str, int] = {}
    handles = []
    for name, conv in convolutions(network).items():
        per_pixel = conv.weight.numel()
        handles.append(
            conv.register_forward_hook(
                lambda m, args, y, n=name, k=per_pixel: counts.__setitem__(n, k * y.shape[-2] * y.shape[-1])
            )
        )
    with torch.inference_mode():
        network(probe.raw[:1], probe.color[:1])
    for handle in handles:
        handle.remove()
    return counts


def write_table(losses: list[LayerLoss], path: Path) -> None:
    """``losses`` as CSV, whole or not at all."""
    lines = ["layer,psnr_db,macs", *(f"{loss.name},{loss.psnr_db:.2f},{loss.macs}" for loss in losses)]
    with whole(path) as part:
        part.write_text("\n".join(lines) + "\n")


def write_plot(losses: list[LayerLoss], path: Path) -> None:
    """``losses`` as an SVG of bars, whole or not at all; longer is worse."""
    row, left, width = 14, 260, 400
    top = max(max(0.0, 100 - loss.psnr_db) for loss in losses) or 1.0
    bars = [
        f'<text x="{left - 8}" y="{row * i + 42}" text-anchor="end">{loss.name}</text>'
        f'<rect x="{left}" y="{row * i + 33}" height="{row - 4}" '
        f'width="{max(1.0, width * max(0.0, 100 - loss.psnr_db) / top):.1f}" fill="#3b6ea5"/>'
        f'<text x="{left + width + 12}" y="{row * i + 42}">{loss.psnr_db:.1f} dB</text>'
        for i, loss in enumerate(losses)
    ]
    height = row * len(losses) + 50
    title = '<text x="8" y="20">PSNR to the fp32 picture with this convolution alone in int8</text>'
    with whole(path) as part:
        part.write_text(
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 90}" height="{height}" '
            f'font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="white"/>'
            f"{title}{''.join(bars)}</svg>\n"
        )
