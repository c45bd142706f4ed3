"""A network made ready for quantization, and its convolutions by name."""

from __future__ import annotations

import copy
import difflib
import fnmatch
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Literal, cast

import torch
from torch import Tensor, nn

from edgeisp.errors import BadInputError
from edgeisp.export.rewrites.haar import FOLD_HAAR_DOWN, FOLD_HAAR_UP
from edgeisp.models.functions import ISPNetwork
from edgeisp.quantize.layers import LearnedConv2d, QDQConv2d, Ranges

FLOAT_OPS = {
    "layer_norm": "a variance spans more decades than 8 bits have steps, and its epsilon would round to 0",
    "rsqrt": "the same: its argument is a small sum plus an epsilon",
    "softmax": "turns logits into weights of the whole picture; a vector, which costs nothing",
    "sigmoid": "old TFLite runtimes take only the scale 1/256",
    "gelu": "between two int8 convolutions already; runtimes without an int8 one compute it in float",
    "relu": "of a vector, or in the companding of the input",
    "leaky_relu": "between two int8 convolutions already",
    "matmul": "both factors are computed; int8 kernels want constant weights",
    "bmm": "the same",
    "mean": "over a frame: a sum of many small terms",
    "sum": "over channels, as the norm of a vector",
    "mul": "gates, attention and the colour matrix",
    "__mul__": "the same",
    "__rmul__": "the same",
    "add": "the residual path carries the picture from end to end and is never rounded",
    "__add__": "the same",
    "__radd__": "the same",
    "sub": "companding and the mean of the layer norm",
    "__sub__": "the same",
    "sqrt": "companding and the sRGB curve: steepest where the eye is most sensitive",
    "abs": "companding",
    "clamp": "the sRGB curve",
    "cat": "its parts have ranges of their own",
    "__truediv__": "Haar transform",
    "pixel_shuffle": "moves values, computes nothing",
    "chunk": "the same",
    "split": "the same",
}
"""Operations that stay in float, with the reason. Convolutions are what is left, and where the time goes."""


def deployable(network: ISPNetwork) -> ISPNetwork:
    """A copy in the form that phones run: what is quantized must be what is exported, so the exact folds come first."""
    network = copy.deepcopy(network).eval().requires_grad_(False)
    FOLD_HAAR_DOWN.apply(network)
    FOLD_HAAR_UP.apply(network)
    return network


def convolutions(network: nn.Module) -> dict[str, nn.Conv2d]:
    """The convolutions of a deployable network by their module names, in order of definition."""
    return {name: module for name, module in network.named_modules() if isinstance(module, nn.Conv2d)}


def float_layers(network: ISPNetwork, keep: tuple[str, ...]) -> dict[str, str]:
    """Convolutions that stay in float, with the reason: those that the network names, and those of ``keep``.

    Raises:
        BadInputError: a name in ``keep`` is no convolution of the network.
    """
    known = convolutions(network)
    for name in keep:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3, cutoff=0)
            raise BadInputError(
                f"no convolution is called {name!r}",
                where="--keep-float",
                cure=f"near it are {', '.join(near)}; `edgeisp quantize MODEL --sensitivity` lists them",
            )
    own = {
        name: why for pattern, why in network.float_layers.items() for name in fnmatch.filter(known, pattern)
    }
    return {**own, **dict.fromkeys(keep, "asked for by --keep-float")}


Place = tuple[str, Literal["input", "output"]]
"""An end of a convolution, where a quantizer stands."""


def shared_places(network: ISPNetwork, names: Collection[str]) -> dict[str, Place]:
    """Where a convolution of ``names`` reads a tensor that has its quantizer elsewhere: where that stands.

    A convolution puts out what the next one reads, or several read the same tensor. Each tensor has one quantizer: of
    two in a row, converters drop one, and the bias of the convolution behind them no longer fits.
    """
    held: list[Tensor] = []  # so that no address is given twice
    first: dict[int, Place] = {}
    places: dict[str, Place] = {}

    def reads(name: str, x: Tensor) -> None:
        held.append(x)
        place = first.setdefault(id(x), (name, "input"))
        if place != (name, "input"):
            places[name] = place

    def makes(name: str, y: Tensor) -> None:
        held.append(y)
        first[id(y)] = name, "output"

    handles = []
    for name in names:
        conv = network.get_submodule(name)
        handles.append(conv.register_forward_pre_hook(lambda m, args, n=name: reads(n, args[0])))
        handles.append(conv.register_forward_hook(lambda m, args, y, n=name: makes(n, y)))
    side = 4 * network.stride
    with torch.no_grad():
        network(torch.zeros(1, 4, side, side), torch.ones(1, 9, 1, 1))
    for handle in handles:
        handle.remove()
    return places


def joined(network: ISPNetwork, scheme: Mapping[str, Ranges]) -> dict[str, Ranges]:
    """``scheme`` with one range for each tensor of a deployable network; see `shared_places`."""
    made = dict(scheme)
    for name, (owner, end) in shared_places(network, scheme).items():
        made[name] = replace(made[name], input=getattr(made[owner], end))
    return made


def with_learned(network: ISPNetwork, scheme: Mapping[str, Ranges]) -> ISPNetwork:
    """A trainable copy of a deployable network with the convolutions of ``scheme`` fake-quantized."""
    learned = _replaced(copy.deepcopy(network).requires_grad_(True), scheme, LearnedConv2d)
    for name, (owner, end) in shared_places(network, scheme).items():
        conv, other = (cast("LearnedConv2d", learned.get_submodule(key)) for key in (name, owner))
        conv.read_through(other.input if end == "input" else other.output)
    return learned


def with_qdq(network: ISPNetwork, scheme: Mapping[str, Ranges]) -> ISPNetwork:
    """A frozen copy of a deployable network with the convolutions of ``scheme`` as quantize/dequantize modules."""
    return _replaced(copy.deepcopy(network), scheme, QDQConv2d)


def frozen(network: ISPNetwork) -> ISPNetwork:
    """The quantize/dequantize form of a network from `with_learned`."""
    network = copy.deepcopy(network).eval().requires_grad_(False)
    learned = [name for name, module in network.named_modules() if isinstance(module, LearnedConv2d)]
    for name in learned:
        network.set_submodule(name, cast("LearnedConv2d", network.get_submodule(name)).frozen())
    return network


def thawed(network: ISPNetwork) -> ISPNetwork:
    """The deployable float network of a frozen one, with its rounded weights: where training goes on from."""
    network = copy.deepcopy(network)
    for name in scheme_of(network):
        network.set_submodule(name, cast("QDQConv2d", network.get_submodule(name)).floating())
    return network


def scheme_of(network: nn.Module) -> dict[str, Ranges]:
    """The ranges of a frozen network's int8 convolutions."""
    return {name: module.ranges for name, module in network.named_modules() if isinstance(module, QDQConv2d)}


def _replaced(
    network: ISPNetwork, scheme: Mapping[str, Ranges], form: Callable[[nn.Conv2d, Ranges], nn.Module]
) -> ISPNetwork:
    for name, ranges in scheme.items():
        network.set_submodule(name, form(cast("nn.Conv2d", network.get_submodule(name)), ranges))
    return network
