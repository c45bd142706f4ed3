"""MetaISP: RAW to sRGB with about one million parameters (Chen et al., IJCAI 2024), reconstructed.

The paper's own statements, what third parties say of it, and what is our reconstruction are told apart in the model
card (``edgeisp models metaisp``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar, Literal

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from edgeisp.models.blocks import (
    ChannelLayerNorm,
    HaarDown,
    HaarUp,
    SubpixelUp,
    bilinear_demosaic,
)
from edgeisp.models.card import Check, Claim, ModelCard
from edgeisp.models.contextual import ContextBlock, ContextNetwork, Run
from edgeisp.models.task import ISP, SRGB_TO_SRGB, Task


@dataclass(frozen=True)
class MetaISPConfig:
    """Sizes of the network; the defaults meet the paper's parameter and MAC figures."""

    width: int = 32
    """C, channels at the three upper levels; the bottom has 2C."""
    k: int = 40
    """K, channels inside a correction block."""
    n_basis: int = 8
    """N, learnable basis matrices (MCCB) or vectors (MSCB) in each block."""
    up: Literal["haar", "subpixel"] = "haar"
    """Upsampling: the paper's inverse wavelet transform, or `SubpixelUp`."""
    task: Task = ISP
    """What goes in and comes out; at scale 1 there is no demosaic."""


class WeightPredictor(nn.Module):
    """p(X): the N soft weights of a block, ``B x C x H x W`` to ``B x N``, from statistics of the whole input."""

    def __init__(self, channels: int, n_basis: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.hidden = nn.Conv2d(channels, channels, 1)
        self.logits = nn.Conv2d(channels, n_basis, 1)

    def forward(self, x: Tensor) -> Tensor:
        pooled = self.depthwise(x).mean((2, 3), keepdim=True)
        return torch.softmax(self.logits(F.relu(self.hidden(pooled))).flatten(1), 1)


class CorrectionBlock(ContextBlock):
    """The input gives X; X gives Y (K channels) and a part of the context; Y, corrected, is added to the input."""

    def __init__(self, channels: int, k: int, predictor: nn.Module, part: int) -> None:
        super().__init__()
        self.part = part
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.predictor = predictor
        self.expand = nn.Conv2d(channels, k, 3, padding=1)
        self.reduce = nn.Conv2d(k, channels, 3, padding=1)
        nn.init.zeros_(self.reduce.bias)  # type: ignore[arg-type]
        with torch.no_grad():
            self.reduce.weight.mul_(0.2)

    def features(self, x: Tensor) -> Tensor:
        """X, ``B x C x H x W``."""
        raise NotImplementedError

    def correct(self, y: Tensor, part: Tensor) -> Tensor:
        """Y (``B x K x H x W``) corrected with the block's part of the context (``B x part``)."""
        raise NotImplementedError

    def forward(self, x: Tensor, part: Tensor | None) -> tuple[Tensor, Tensor]:
        features = self.features(x)
        used: Tensor = self.predictor(features) if part is None else part
        return x + self.reduce(self.correct(self.expand(features), used)), used


class BasisBlock(CorrectionBlock):
    """X is LayerNorm, 3x3, GELU; the part of the context is the weights w of the basis."""

    def __init__(self, channels: int, k: int, n_basis: int) -> None:
        super().__init__(channels, k, WeightPredictor(channels, n_basis), n_basis)
        self.norm = ChannelLayerNorm(channels)

    def features(self, x: Tensor) -> Tensor:
        return F.gelu(self.conv(self.norm(x)))


class MCCB(BasisBlock):
    """Channel correction: M = sum w_n phi_n, a K x K matrix that mixes the channels of Y."""

    def __init__(self, channels: int, k: int, n_basis: int) -> None:
        super().__init__(channels, k, n_basis)
        self.basis = nn.Parameter(torch.eye(k).repeat(n_basis, 1, 1) + 0.02 * torch.randn(n_basis, k, k))

    def matrix(self, part: Tensor) -> Tensor:
        """M, ``B x K x K``."""
        _, k, _ = self.basis.shape
        return (part @ self.basis.flatten(1)).view(-1, k, k)

    def correct(self, y: Tensor, part: Tensor) -> Tensor:
        n, k, h, w = y.shape
        return torch.bmm(self.matrix(part), y.flatten(2)).view(n, k, h, w)

    def folded(self, part: Tensor) -> ContextBlock:
        """M times the convolution that makes Y is one convolution."""
        (matrix,) = self.matrix(part.detach()).detach()
        made = _Corrected(self)
        made.expand.weight.data = torch.einsum("ij,jcyx->icyx", matrix, self.expand.weight.data)
        made.expand.bias.data = matrix @ self.expand.bias.data  # type: ignore[union-attr]
        return made


class _Corrected(BasisBlock):
    """An `MCCB` whose matrix is in its convolution."""

    def __init__(self, block: MCCB) -> None:
        n, k, _ = block.basis.shape
        super().__init__(block.conv.in_channels, k, n)
        state = {name: value for name, value in block.state_dict().items() if name != "basis"}
        self.load_state_dict(state)

    def correct(self, y: Tensor, part: Tensor) -> Tensor:
        return y


class CosineGate(nn.Module):
    """Weighs each pixel of Y by its cosine similarity with a vector; both epsilons survive fp16."""

    eps = 1e-4

    def unit(self, vector: Tensor) -> Tensor:
        """``B x K``, of length 1."""
        return vector * torch.rsqrt((vector * vector).sum(1, keepdim=True) + self.eps)

    def similarity(self, y: Tensor, vector: Tensor) -> Tensor:
        """S, ``B x 1 x H x W`` in [-1, 1], of ``B x K x H x W`` and ``B x K``."""
        dot = (y * self.unit(vector)[:, :, None, None]).sum(1, keepdim=True)
        return dot * torch.rsqrt((y * y).sum(1, keepdim=True) + self.eps)

    def forward(self, y: Tensor, vector: Tensor) -> Tensor:
        return y * self.similarity(y, vector)


class MSCB(BasisBlock):
    """Spatial correction: V = sum w_n eps_n; Y is weighted by the cosine similarity of each of its pixels with V."""

    def __init__(self, channels: int, k: int, n_basis: int) -> None:
        super().__init__(channels, k, n_basis)
        self.basis = nn.Parameter(torch.randn(n_basis, k) / k**0.5)
        self.gate = CosineGate()

    def correct(self, y: Tensor, part: Tensor) -> Tensor:
        corrected: Tensor = self.gate(y, part @ self.basis)
        return corrected

    def spatial_map(self, x: Tensor, part: Tensor) -> Tensor:
        """S, in [-1, 1]."""
        return self.gate.similarity(self.expand(self.features(x)), part @ self.basis)[:, 0]


class MetaISP(ContextNetwork):
    """A U-Net of correction blocks; see `ContextNetwork` for what goes in and out.

    The network demosaics and denoises in the camera's own primaries; the camera's colour matrix and the sRGB curve are
    the last, fixed stage of the graph, so that one set of weights renders any Bayer sensor. The context, ``B x
    blocks*N``, holds the dynamic weights of all blocks.
    """

    stride = 8
    activation: ClassVar[type[nn.Module]] = nn.GELU
    float_layers: ClassVar[dict[str, str]] = {
        "demosaic": "carries the picture past the network: smooth gradients would band; alone in int8 45.1 dB to fp32, "
        "0.3 % of MACs",
        "mfeb.0": "the first layer: its input is the RAW itself; alone in int8 50.9 dB to fp32, 0.8 % of MACs",
        "head": "the last layer: its rounding is added to the picture; alone in int8 49.9 dB to fp32, 2.3 % of MACs",
    }

    def __init__(self, config: MetaISPConfig = MetaISPConfig()) -> None:
        super().__init__(config.task)
        self.config = config
        c, task = config.width, config.task
        widths = (c, c, c, 2 * c)
        self.mfeb = nn.Sequential(
            nn.Conv2d(task.planes, c, 3, padding=1), self.activation(), nn.Conv2d(c, c, 3, padding=1)
        )
        self.encoder = nn.ModuleList(nn.ModuleList(self.pair(w)) for w in widths)
        self.down = nn.ModuleList(HaarDown(a, b) for a, b in pairwise(widths))
        self.decoder = nn.ModuleList(nn.ModuleList(self.pair(w)) for w in widths[:0:-1])
        up = {"haar": HaarUp, "subpixel": SubpixelUp}[config.up]
        self.up = nn.ModuleList(up(a, b) for a, b in zip(widths[:0:-1], widths[2::-1], strict=True))
        self.head = nn.Conv2d(c, task.colors * task.scale**2, 3, padding=1)
        self.demosaic = bilinear_demosaic() if task.scale == 2 else nn.Identity()
        with torch.no_grad():
            self.head.weight.mul_(0.1)
            self.head.bias.zero_()  # type: ignore[union-attr]

    def pair(self, channels: int) -> list[CorrectionBlock]:
        """The blocks of one stage: first over channels, then over places."""
        k, n = self.config.k, self.config.n_basis
        return [MCCB(channels, k, n), MSCB(channels, k, n)]

    def stages(self) -> list[tuple[str, nn.Module]]:
        """The levels on the way down and up; level 1 is the largest, the lowest has its blocks twice."""
        down = [(f"encoder {i}", stage) for i, stage in enumerate(self.encoder, 1)]
        return down + [(f"decoder {i}", stage) for i, stage in zip((4, 3, 2), self.decoder, strict=True)]

    def landmarks(self) -> list[nn.Module]:
        """The last blocks of every level on the way up."""
        return [pair[-1] for pair in self.decoder]  # type: ignore[index]

    def forward(self, source: Tensor, color: Tensor | None, context: Tensor | None = None) -> Tensor:
        """As `ContextNetwork.forward`; colours are rendered at the packed size, where that costs least."""
        made = super().forward(source, color, context)
        return F.pixel_shuffle(made, 2) if self.task.scale == 2 else made

    def walk(self, companded: Tensor, run: Run) -> Tensor:
        """Companded picture before any pixel shuffle, ``B x 12 x h x w`` for the ISP."""
        x, skips = self.mfeb(companded), []
        for pair, down in zip(self.encoder, self.down, strict=False):
            x = run(pair, x)
            skips.append(x)
            x = down(x)
        x = run(self.encoder[-1], x)
        for pair, up in zip(self.decoder, self.up, strict=True):
            x = up(run(pair, x)) + skips.pop()
        picture: Tensor = self.head(x) + self.demosaic(companded)
        return picture


CARD = ModelCard(
    name="metaisp",
    title="MetaISP: Efficient RAW-to-sRGB Mappings with Merely 1M Parameters",
    build=MetaISP,
    paper="Zigeng Chen, Chaowei Liu, Yuan Yuan, Michael Bi Mi, Xinchao Wang. IJCAI 2024, main track, pages 686-694. "
    "Not the MetaISP of Souza and Heidrich (VMV 2023), which is another network.",
    claims=(
        Claim(
            "parameters",
            "merely 1M; 1.097 M derived from 9.2 % of LiteISPNet's",
            "abstract",
            "edgeisp models metaisp",
            Check("parameters", 1.097e6, 0.02),
        ),
        Claim(
            "parameters, of LiteISPNet's",
            "9.2 %",
            "abstract; LiteISPNet: 11.922 M, counted on its official code with coordinates (cszhilu1998/RAW-to-sRGB)",
            "edgeisp claims metaisp",
            Check("parameters", 0.092, 0.02, of=11.922e6),
        ),
        Claim(
            "MACs at 4x224x224",
            "7.78 G derived from 10.6 % of LiteISPNet's",
            "abstract",
            "edgeisp models metaisp",
            Check("macs", 7.78e9, 0.03),
        ),
        Claim(
            "MACs, of LiteISPNet's",
            "10.6 %",
            "abstract; LiteISPNet: 73.35 G at 4x224x224, counted on its official code with coordinates",
            "edgeisp claims metaisp",
            Check("macs", 0.106, 0.03, of=73.35e9),
        ),
        Claim(
            "PSNR on ZRR, aligned GT",
            "23.80 dB",
            "abstract",
            "edgeisp claims metaisp --data zrr:DIR --checkpoint FILE",
            Check("psnr", 23.80, 0.1, data="zrr", protocol="aligned"),
        ),
        Claim(
            "PSNR on MAI21",
            "25.06 dB",
            "abstract",
            "edgeisp claims metaisp --data mai21:DIR --checkpoint FILE",
            Check("psnr", 25.06, 0.1, data="mai21", protocol="original"),
        ),
    ),
    from_paper=(
        "Per-image dynamic weights over learnable bases give channel-wise and spatial correction.",
        "About one million parameters.",
    ),
    from_third_parties=(
        "U-Net on packed Bayer; MFEB to C channels; four MCCB+MSCB pairs to the bottom with widths {C, C, C, 2C}.",
        "Down- and up-sampling by a 3x3 convolution and the Haar wavelet transform; skips are additions.",
        "MCCB and MSCB as in the walk-through of the paper's method section; C=32, K=40 and the predictor's layers as "
        "in a public re-implementation that is not by the authors.",
    ),
    reconstruction=(
        "MFEB is 3x3, GELU, 3x3. Three decoder pairs (2C, C, C). N=8 bases, which meets the claimed parameters.",
        "The head is a 3x3 convolution and a pixel shuffle.",
        "The input is companded by a signed square root inside the network, and a learned 3x3 convolution that starts "
        "as a bilinear demosaic is added at the head (444 parameters).",
        "Colour matrix and sRGB curve are a fixed last stage of the graph; the paper's network learns one sensor.",
        "Bases start near the identity (MCCB) or at random (MSCB). Epsilons are 1e-4, so that fp16 keeps them.",
        "Training: see the card of the checkpoint.",
    ),
)

LARGE = replace(
    CARD,
    name="metaisp-large",
    title="MetaISP, 48 channels wide: a teacher for distillation, not of the paper",
    build=lambda: MetaISP(MetaISPConfig(width=48, k=60)),
    claims=(),
    reconstruction=("Width 48 and K=60 instead of 32 and 40.", *CARD.reconstruction),
)

PICTURE_CARD = replace(
    CARD,
    name="metaisp-denoise",
    title="MetaISP for sRGB pictures: denoising and enhancement",
    build=lambda: MetaISP(MetaISPConfig(width=16, k=20, n_basis=4, task=SRGB_TO_SRGB)),
    task=SRGB_TO_SRGB,
    claims=(),
    from_paper=(),
    from_third_parties=(),
    reconstruction=(
        "The blocks of `metaisp` at half its widths; see its card. The paper does not speak of this task.",
        "Three planes in and out, sRGB code values; a 3x3 convolution is added to the input.",
    ),
    reference_input=(1, 3, 256, 256),
)
