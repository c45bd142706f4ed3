"""POS-ISP as a network like the others: the parameters are the context of the whole frame, the chain is the tile.

::

    thumbnail 64x64 ── color matrix ── ParameterPredictor ──▶ context, one number per parameter
    raw ── demosaic ── color matrix ── clip ── module ── module ── ... ── clip ──▶ rgb     (each given its part)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from edgeisp.errors import CheckpointError
from edgeisp.models.blocks import bilinear_demosaic
from edgeisp.models.card import Check, Claim, ModelCard
from edgeisp.models.functions import Function, ISPNetwork
from edgeisp.models.task import THUMBNAIL
from edgeisp.posisp.module import ISPModule
from edgeisp.posisp.pipeline import Pipeline
from edgeisp.posisp.policy import SIDE, ParameterPredictor, SequencePredictor

KEY = "posisp"
"""Where a checkpoint's card tells of modules and sequence."""


class PosISP(ISPNetwork):
    """A policy with its modules; renders with ``sequence``.

    Args:
        pipeline: the modules; default: `edgeisp.posisp.DEFAULT`.
        sequence: ids of the modules that run, in order. A policy in training has none yet and renders linear light.
    """

    stride = 2

    def __init__(self, pipeline: Pipeline | None = None, sequence: Sequence[int] = ()) -> None:
        super().__init__()
        self.pipeline = pipeline or Pipeline.of()
        self.sequence = tuple(sequence)
        self.order = SequencePredictor(len(self.pipeline.modules))
        self.parameters_of = ParameterPredictor(self.pipeline.size)
        if not self.pipeline.paper:
            self.parameters_of.start_at(self.pipeline.identity)
        self.demosaic = Demosaic()

    def context(self, source: Tensor, color: Tensor | None = None) -> Tensor:
        """Raw parameters ``B x size`` from packed planes of the whole frame, ``B x 4 x h x w``; see `forward`."""
        thumbnail = F.adaptive_avg_pool2d(source, SIDE)
        raw: Tensor = _Context(self)(thumbnail, _identity(source) if color is None else color)
        return raw

    def forward(self, source: Tensor, color: Tensor, context: Tensor | None = None) -> Tensor:
        """The picture, ``B x 3 x 2h x 2w`` in [0, 1]; ``color`` is the matrix to linear sRGB, ``B x 9 x 1 x 1``."""
        raw = self.context(source, color) if context is None else context
        return self.render(self.linear(source, color), raw, self.sequence)

    def linear(self, source: Tensor, color: Tensor) -> Tensor:
        """What goes into the chain: linear sRGB ``B x 3 x 2h x 2w``, clipped to [0, 1]."""
        linear: Tensor = _Linear(self)(source, color)
        return linear

    def render(self, linear: Tensor, raw: Tensor, sequence: Sequence[int]) -> Tensor:
        """The chain on what `linear` made, clipped to [0, 1]."""
        return torch.clamp(self.pipeline.run(linear, raw, sequence), 0.0, 1.0)

    def functions(self, height: int, width: int) -> dict[str, Function]:
        """``tile(raw, color, context) -> rgb`` and ``context(thumbnail, color) -> context``.

        The thumbnail is the mean of the whole frame's packed planes over a grid of 64x64.
        """
        color, context = {"color": (1, 9, 1, 1)}, {"context": (1, self.pipeline.size)}
        raw, rgb = {"raw": (1, 4, height, width)}, {"rgb": (1, 3, 2 * height, 2 * width)}
        thumbnail = {THUMBNAIL: (1, 4, SIDE, SIDE)}
        return {
            "tile": Function("tile", _Tile(self), {**raw, **color, **context}, rgb),
            "context": Function("context", _Context(self), {**thumbnail, **color}, context),
        }

    def separate(self, height: int, width: int) -> dict[str, Function]:
        """``tile(raw, color) -> rgb``, which makes what `linear` does; ``context`` as in `functions`; and for each
        module of the set, in the sequence or not, a function ``(picture, parameters) -> rgb``, which does not clip.
        """
        split = self.functions(height, width)
        tile, rgb = split["tile"], split["tile"].outputs
        inputs = {name: tile.inputs[name] for name in ("raw", "color")}
        functions = {"tile": Function("tile", _Linear(self), inputs, rgb), "context": split["context"]}
        for module in self.pipeline.modules:
            name = function_of(module.name)
            ports = {"picture": rgb["rgb"], "parameters": (1, len(module.parameters))}
            functions[name] = Function(name, _Module(module), ports, rgb)
        return functions

    def ordered(self, names: Sequence[str]) -> PosISP:
        other = copy(self)
        other.sequence = self.pipeline.ids(names)
        return other

    def baked(self, height: int, width: int) -> dict[str, Function]:
        """``tile(raw, color, thumbnail) -> rgb``: every tile predicts the parameters again, of the same thumbnail."""
        split = self.functions(height, width)
        inputs = {**split["context"].inputs, **split["tile"].inputs}
        ordered = {name: inputs[name] for name in ("raw", "color", THUMBNAIL)}
        return {"tile": Function("tile", _Baked(self), ordered, split["tile"].outputs)}

    def reach(self) -> int:
        """The modules' halos, and one packed pixel of the demosaic."""
        return 1 + -(-self.pipeline.halo(self.sequence) // 2)

    def chain(self) -> list[dict[str, Any]]:
        """Names, parameters, halos and functions of the modules that run."""
        return [self._stage(i) for i in self.sequence]

    def spare(self) -> list[dict[str, Any]]:
        return [self._stage(i) for i in range(len(self.pipeline.modules)) if i not in self.sequence]

    def _stage(self, index: int) -> dict[str, Any]:
        module = self.pipeline.modules[index]
        return {
            "module": module.name,
            "first": self.pipeline.slices[index].start,
            "parameters": [
                {"name": p.name, "low": p.low, "high": p.high, "unit": p.unit} for p in module.parameters
            ],
            "halo": module.halo,
            "function": function_of(module.name),
        }

    def card(self) -> dict[str, Any]:
        """What a checkpoint's card says under `KEY`."""
        names = self.pipeline.names
        return {
            "modules": names,
            "paper": self.pipeline.paper,
            "sequence": [names[i] for i in self.sequence],
        }


class Demosaic(nn.Module):
    """Bilinear, packed Bayer to RGB: ``B x 4 x h x w`` to ``B x 3 x 2h x 2w``; nothing of it is learned."""

    def __init__(self) -> None:
        super().__init__()
        conv = bilinear_demosaic()
        self.register_buffer("kernel", conv.weight.detach(), persistent=False)

    def forward(self, packed: Tensor) -> Tensor:
        return F.pixel_shuffle(F.conv2d(packed, self.kernel, padding=1), 2)  # type: ignore[arg-type]


def matrix(x: Tensor, color: Tensor) -> Tensor:
    """``B x 3 x H x W`` through a ``3 x 3`` matrix given as ``B x 9 x 1 x 1``, row by row."""
    r, g, b = x.split(1, 1)
    m = color.split(1, 1)
    return torch.cat([m[i] * r + m[i + 1] * g + m[i + 2] * b for i in (0, 3, 6)], 1)


def _identity(like: Tensor) -> Tensor:
    return torch.eye(3, device=like.device).reshape(1, 9, 1, 1)


def function_of(module: str) -> str:
    """What the function of a module is called: a name that every format takes, and that no other function has."""
    return "module_" + re.sub(r"\W", "_", module)


class _Linear(nn.Module):
    """What comes before the chain."""

    def __init__(self, network: PosISP) -> None:
        super().__init__()
        self.demosaic = network.demosaic

    def forward(self, raw: Tensor, color: Tensor) -> Tensor:
        return torch.clamp(matrix(self.demosaic(raw), color), 0.0, 1.0)


class _Module(nn.Module):
    """One module, with its raw parameters in [0, 1]."""

    def __init__(self, module: ISPModule) -> None:
        super().__init__()
        self.module = module

    def forward(self, picture: Tensor, parameters: Tensor) -> Tensor:
        return self.module(picture, parameters)


class _Tile(nn.Module):
    """The chain alone, without the predictors' weights."""

    def __init__(self, network: PosISP) -> None:
        super().__init__()
        self.linear, self.pipeline, self.sequence = _Linear(network), network.pipeline, network.sequence

    def forward(self, raw: Tensor, color: Tensor, context: Tensor) -> Tensor:
        return torch.clamp(self.pipeline.run(self.linear(raw, color), context, self.sequence), 0.0, 1.0)


class _Context(nn.Module):
    """The parameter predictor alone, with what brings a thumbnail of packed planes to linear sRGB."""

    def __init__(self, network: PosISP) -> None:
        super().__init__()
        self.predictor = network.parameters_of

    def forward(self, thumbnail: Tensor, color: Tensor) -> Tensor:
        r, gr, gb, b = thumbnail.split(1, 1)
        rgb = matrix(torch.cat([r, (gr + gb) / 2, b], 1), color)
        raw: Tensor = self.predictor(torch.clamp(rgb, 0.0, 1.0))
        return raw


class _Baked(nn.Module):
    """Predictor and chain in one graph."""

    def __init__(self, network: PosISP) -> None:
        super().__init__()
        self.parameters_of, self.tile = _Context(network), _Tile(network)

    def forward(self, raw: Tensor, color: Tensor, thumbnail: Tensor) -> Tensor:
        picture: Tensor = self.tile(raw, color, self.parameters_of(thumbnail, color))
        return picture


def described(card: Mapping[str, Any]) -> PosISP:
    """The network that a checkpoint's card tells of, without its weights.

    Raises:
        CheckpointError: the card names no modules, or such as are not known here.
    """
    told = card.get(KEY)
    try:
        pipeline = Pipeline.of(told["modules"], told["paper"])  # type: ignore[index]
        return PosISP(pipeline, pipeline.ids(told["sequence"]))  # type: ignore[index]
    except (KeyError, TypeError) as error:
        raise CheckpointError(
            "the card names no modules and no sequence", cure="give a checkpoint of `edgeisp posisp train`"
        ) from error


CARD = ModelCard(
    name="posisp",
    title="POS-ISP: Pipeline Optimization at the Sequence Level for Task-aware ISP",
    build=PosISP,
    described=described,
    paper="Jiyun Won, Heemin Yang, Woohyeok Kim, Jungseul Ok, Sunghyun Cho. CVPR 2026 Findings, arXiv 2604.06938.",
    claims=(
        Claim(
            "parameters of both predictors",
            "0.53 M",
            "project page; 583,702 counted on the authors' code, 527,067 of them for the parameters",
            "edgeisp models posisp",
            Check("parameters", 583_702, 0.0),
        ),
        Claim(
            "MACs of the predictor", "15.1 M", "table 4, at second hand; 13.4 M counted without activations"
        ),
        Claim("latency of the predictor", "1.55 ms", "project page; GPU not named"),
    ),
    from_paper=(
        "A recurrent policy chooses a sequence of modules for a task; a small network sets their parameters for each "
        "picture. Trained by policy gradient with one reward for the whole sequence.",
        "At most ten modules, each at most once.",
    ),
    from_third_parties=(
        "The ten modules with their 27 parameters and ranges, layers and sizes of both predictors: the authors' code.",
    ),
    reconstruction=(
        "Input is linear sRGB: bilinear demosaic, the camera's white balance and colour matrix come before the chain.",
        "Without --paper: `ccm` is the identity plus offsets, `saturation` leaves greys grey, epsilons survive fp16, "
        "the denoiser is the fast one, and every module starts at its identity.",
        "The objective is the paper's; how it is optimised is ours: sequences shared by the batch, a leave-one-out "
        "baseline, an entropy that falls slowly.",
    ),
)
