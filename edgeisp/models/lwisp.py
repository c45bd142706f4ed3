"""LW-ISP: RAW to sRGB with about two million parameters and few operations (Chen and Ma, BMVC 2022), reconstructed.

Only the paper's abstract could be read. The model card (``edgeisp models lwisp``) says piece by piece what is known and
what is our reconstruction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from edgeisp.models.blocks import SubpixelUp, bilinear_demosaic
from edgeisp.models.card import Check, Claim, ModelCard
from edgeisp.models.contextual import ContextBlock, ContextNetwork, Run
from edgeisp.models.task import ISP, RAW_TO_RAW, SRGB_TO_SRGB, Task


@dataclass(frozen=True)
class LWISPConfig:
    """Sizes of the network; the defaults meet the parameters and MACs that the paper's ratios imply."""

    widths: tuple[int, ...] = (32, 48, 112, 224)
    """Channels at the levels of the U-Net, from the top; multiples of 16, as accelerators like them."""
    bottom: int = 3
    """Blocks at the lowest level; all others have one on the way down and one on the way up."""
    maps: int = 4
    """Spatial attention maps in each block, from which every channel mixes its own gate."""
    slope: float = 0.2
    """Of the leaky ReLUs below 0."""
    task: Task = ISP
    """What goes in and comes out; at scale 1 there is neither demosaic nor upsampling tail."""


class FineGrainedAttention(nn.Module):
    """A gate for every channel from statistics of the frame, and a gate for every channel and pixel.

    The spatial gates are mixed, channel by channel, from a few maps, each of which is a learned statistic of the
    channels seen through a 7x7 window. All of it is convolutions and two sigmoids: nothing leaves a phone's delegate.
    """

    def __init__(self, channels: int, maps: int) -> None:
        super().__init__()
        hidden = max(8, channels // 8)
        self.squeeze = nn.Conv2d(channels, hidden, 1)
        self.excite = nn.Conv2d(hidden, channels, 1)
        self.statistics = nn.Conv2d(channels, maps, 1)
        self.window = nn.Conv2d(maps, maps, 7, padding=3, groups=maps)
        self.mix = nn.Conv2d(maps, channels, 1)

    def channel_gate(self, x: Tensor) -> Tensor:
        """One gate per channel from the mean over the whole input, ``B x C x 1 x 1`` in [0, 1]."""
        pooled = x.mean((2, 3), keepdim=True)
        return torch.sigmoid(self.excite(F.relu(self.squeeze(pooled))))

    def spatial_gate(self, x: Tensor) -> Tensor:
        """One gate per channel and pixel, ``B x C x H x W`` in [0, 1]."""
        return torch.sigmoid(self.mix(self.window(self.statistics(x))))

    def forward(self, x: Tensor, gate: Tensor | None) -> tuple[Tensor, Tensor]:
        """``x`` gated twice, and the channel gate it used; computes that where none is given."""
        if gate is None:
            gate = self.channel_gate(x)
        x = x * gate
        return x * self.spatial_gate(x), gate


class Block(ContextBlock):
    """A 3x3 convolution and leaky ReLU, then attention; added to the input. Its part of the context: channel gates."""

    def __init__(self, channels: int, maps: int, slope: float) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.attention = FineGrainedAttention(channels, maps)
        self.part, self.slope = channels, slope

    def features(self, x: Tensor) -> Tensor:
        """What attention weighs, ``B x C x H x W``."""
        return F.leaky_relu(self.conv(x), self.slope)

    def forward(self, x: Tensor, part: Tensor | None) -> tuple[Tensor, Tensor]:
        y, gate = self.attention(self.features(x), part)
        return x + y, gate

    def folded(self, part: Tensor) -> ContextBlock:
        """Gates are positive, and a leaky ReLU commutes with positive factors: they go into the convolution."""
        made = _Gated(self)
        made.conv.weight.data = made.conv.weight.data * part.view(-1, 1, 1, 1)
        made.conv.bias.data = made.conv.bias.data * part.flatten()  # type: ignore[union-attr]
        return made

    def spatial_map(self, x: Tensor, part: Tensor) -> Tensor:
        """The spatial gates, averaged over channels, in [0, 1]."""
        return self.attention.spatial_gate(self.features(x) * part).mean(1)


class _Gated(Block):
    """A `Block` whose channel gates are in its convolution."""

    def __init__(self, block: Block) -> None:
        super().__init__(block.part, block.attention.mix.in_channels, block.slope)
        self.load_state_dict(block.state_dict())

    def forward(self, x: Tensor, part: Tensor | None) -> tuple[Tensor, Tensor]:
        y = self.features(x)
        assert part is not None
        return x + y * self.attention.spatial_gate(y), part


class LWISP(ContextNetwork):
    """A U-Net of gated blocks; see `ContextNetwork` for what goes in and out.

    The context, ``B x channels x 1 x 1``, holds the channel gates of all blocks.
    """

    stride = 8
    behind = (1, 1)
    float_layers: ClassVar[dict[str, str]] = {
        "demosaic": "carries the picture past the network: in 8 bits smooth gradients would band",
        "head": "the first layer: its input is the RAW itself; alone in int8 49.1 dB to fp32, 1.4 % of MACs",
        "fuse.2": "starts the residual path at full size: alone in int8 45.0 dB to fp32, 2.4 % of MACs",
        "tail.*": "puts out the picture's pixels: alone in int8 46.7 and 50.5 dB to fp32, 2.3 % of MACs",
        "rgb": "the last layer: its rounding is added to the picture; alone in int8 43.5 dB to fp32, 1.5 % of MACs",
        "*.attention.squeeze": "once per frame, on one value per channel",
        "*.attention.excite": "once per frame, on one value per channel",
    }

    def __init__(self, config: LWISPConfig = LWISPConfig()) -> None:
        super().__init__(config.task)
        self.config = config
        widths, task = config.widths, config.task
        rising = list(pairwise(widths[::-1]))

        def blocks(channels: int, count: int = 1) -> nn.ModuleList:
            return nn.ModuleList(Block(channels, config.maps, config.slope) for _ in range(count))

        self.head = nn.Conv2d(task.planes, widths[0], 3, padding=1)
        self.encoder = nn.ModuleList([*(blocks(w) for w in widths[:-1]), blocks(widths[-1], config.bottom)])
        self.down = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2) for a, b in pairwise(widths))
        self.up = nn.ModuleList(SubpixelUp(a, b) for a, b in rising)
        self.fuse = nn.ModuleList(nn.Conv2d(2 * b, b, 1) for _, b in rising)
        self.decoder = nn.ModuleList(blocks(b) for _, b in rising)
        if task.scale == 2:
            self.tail = SubpixelUp(widths[0], 12)
            self.demosaic = bilinear_demosaic()
        self.rgb = nn.Conv2d(12 if task.scale == 2 else widths[0], task.colors, 3, padding=1)
        with torch.no_grad():
            self.rgb.weight.mul_(0.1)
            self.rgb.bias.zero_()  # type: ignore[union-attr]

    def stages(self) -> list[tuple[str, nn.Module]]:
        """The levels on the way down, the bottom, the levels on the way up; level 1 is the largest."""
        *upper, bottom = self.encoder
        down = [(f"encoder {i}", stage) for i, stage in enumerate(upper, 1)]
        up = [(f"decoder {len(upper) - i}", stage) for i, stage in enumerate(self.decoder)]
        return [*down, ("bottom", bottom), *up]

    def landmarks(self) -> list[nn.Module]:
        """The last blocks of the bottom and of every level on the way up."""
        return [stage[-1] for stage in (self.encoder[-1], *self.decoder)]

    def walk(self, companded: Tensor, run: Run) -> Tensor:
        """Companded picture, ``B x colors x scale*h x scale*w``."""
        x, skips = self.head(companded), []
        for stage, down in zip(self.encoder, self.down, strict=False):
            x = run(stage, x)
            skips.append(x)
            x = down(x)
        x = run(self.encoder[-1], x)
        for up, fuse, stage in zip(self.up, self.fuse, self.decoder, strict=True):
            x = run(stage, fuse(torch.cat([up(x), skips.pop()], 1)))
        if self.task.scale == 2:
            x = F.leaky_relu(self.tail(x), self.config.slope)
            companded = F.pixel_shuffle(self.demosaic(companded), 2)
        picture: Tensor = self.rgb(x) + companded
        return picture


CARD = ModelCard(
    name="lwisp",
    title="LW-ISP: A Lightweight Model with ISP and Deep Learning",
    build=LWISP,
    paper="Hongyang Chen, Kaisheng Ma. arXiv 2210.03904, BMVC 2022. No code is public and only the abstract was read.",
    claims=(
        Claim(
            "parameters",
            "2.07 M derived from 23 times fewer than PyNET's 47.55 M",
            "abstract",
            "edgeisp models lwisp",
            Check("parameters", 2.07e6, 0.025),
        ),
        Claim(
            "parameters, of PyNET's",
            "1/23, 4.35 %",
            "abstract; PyNET: 47.552 M, its official size",
            "edgeisp claims lwisp",
            Check("parameters", 1 / 23, 0.03, of=47.552e6),
        ),
        Claim(
            "MACs at 4x224x224",
            "4.22 G derived from 81 times fewer than PyNET's 342.2 G",
            "abstract",
            "edgeisp models lwisp",
            Check("macs", 4.22e9, 0.02),
        ),
        Claim(
            "MACs, of PyNET's",
            "1/81, 1.23 %",
            "abstract; PyNET: 342.2 G at 4x224x224, counted on its port in MisISP, level 0",
            "edgeisp claims lwisp",
            Check("macs", 1 / 81, 0.03, of=342.2e9),
        ),
        Claim(
            "PSNR on ZRR, original GT",
            "21.57 dB derived from +0.38 dB over PyNET's 21.19 dB",
            "abstract",
            "edgeisp claims lwisp --data zrr:DIR --checkpoint FILE",
            Check("psnr", 21.57, 0.1, data="zrr", protocol="original"),
        ),
    ),
    from_paper=(
        "A U-Net with a fine-grained attention module.",
        "A plug-and-play upsampling block for low-level tasks.",
        "Heterogeneous distillation: the student is guided by implicit features and the reconstruction of the clean "
        "picture (`edgeisp distill`).",
        "23 times fewer parameters and 81 times fewer computations than the previous best, which by its figures is "
        "PyNET.",
    ),
    from_third_parties=(
        "PyNET has 47.552 M parameters and 342.2 GMACs at 4x224x224 (size of its public code).",
    ),
    reconstruction=(
        "U-Net: four levels of 32, 48, 112, 224 channels; one residual block (3x3 convolution, leaky ReLU 0.2, "
        "attention) per level and direction, three at the bottom; 2x2 convolutions of stride 2 down; skips by "
        "concatenation and a 1x1 convolution. Sizes chosen to meet the derived parameters and MACs.",
        "Fine-grained attention: a channel gate from the frame's mean (squeeze and excitation) and, for every channel, "
        "a spatial gate of its own, mixed from four maps: 1x1 statistics, depthwise 7x7, 1x1, sigmoid.",
        "Upsampling block: a sub-pixel branch (1x1 convolution, pixel shuffle) plus a bilinear branch (1x1 "
        "convolution, bilinear interpolation); `edgeisp.models.blocks.SubpixelUp`, for any network.",
        "Tail: an upsampling block to 12 channels, leaky ReLU, 3x3 convolution to RGB at full size.",
        "As in all networks here: companded input, a learned 3x3 convolution that starts as a bilinear demosaic, "
        "colour matrix and sRGB curve as a fixed last stage of the graph.",
        "The channel gates are the context: computed once per frame, so that tiles agree.",
        "Training: see the card of the checkpoint.",
    ),
)


def _subtask(name: str, title: str, config: LWISPConfig, note: str) -> ModelCard:
    """The card of LW-ISP for another task; the paper says only that it is competitive there."""
    return replace(
        CARD,
        name=name,
        title=title,
        build=lambda: LWISP(config),
        task=config.task,
        claims=(Claim("denoising and enhancement", "competitive; no figures are public", "abstract"),),
        from_third_parties=(),
        reconstruction=(
            note,
            "The blocks are those of `lwisp`; see its card.",
            "Scale 1: no demosaic and no upsampling tail; a 3x3 convolution is added to the input.",
            "Training: see the card of the checkpoint.",
        ),
        reference_input=(1, config.task.planes, 256, 256),
    )


SMALL = (16, 32, 48, 64)
"""Widths of the variants for subtasks: a quarter of a million parameters, which train in minutes."""

PICTURE_CARD = _subtask(
    "lwisp-denoise",
    "LW-ISP for sRGB pictures: denoising and enhancement",
    LWISPConfig(SMALL, bottom=2, task=SRGB_TO_SRGB),
    "Three planes in and out, sRGB code values: no companding and no colour stage.",
)
RAW_CARD = _subtask(
    "lwisp-denoise-raw",
    "LW-ISP for RAW: denoising packed Bayer",
    LWISPConfig(SMALL, bottom=2, task=RAW_TO_RAW),
    "Four planes in and out, companded inside the network as in `lwisp`: no colour stage.",
)
