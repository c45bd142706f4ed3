"""How far a function looks: the receptive field of every output pixel, derived from its graph.

Along each side of the picture, element ``i`` of a tensor reads the source from ``step * i + low`` to ``step * i +
high``. Every operation turns the intervals of its inputs into that of its output; the field is exact for networks of
convolutions, shuffles, slices and interpolation, whatever their weights are.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import torch
from torch.fx import Node

from edgeisp.errors import UnavailableError
from edgeisp.models.functions import Function, Shape


@dataclass(frozen=True)
class Axis:
    """One side of the picture as a tensor sees it."""

    side: int
    """0: height, 1: width."""
    size: int
    step: Fraction = Fraction(1)
    low: Fraction = Fraction(0)
    high: Fraction = Fraction(0)

    def through(self, size: int, step: Fraction | int, low: Fraction | int, high: Fraction | int) -> Axis:
        """Of a tensor whose element ``i`` reads this one from ``step * i + low`` to ``step * i + high``."""
        return Axis(
            self.side, size, self.step * step, self.low + self.step * low, self.high + self.step * high
        )

    def joined(self, other: Axis) -> Axis:
        """Of a tensor that reads both at the same place."""
        if (self.side, self.size, self.step) != (other.side, other.size, other.step):
            raise _Unknown("tensors of different scales meet")
        return replace(self, low=min(self.low, other.low), high=max(self.high, other.high))


Factor = tuple[int, Axis | None]
"""Length of a part of a dimension, and the side of the picture that lies there."""
Dims = tuple[tuple[Factor, ...], ...]
"""What lies along each dimension of a tensor; several factors where dimensions were flattened."""


class _Unknown(Exception):
    """An operation that nothing is known of."""


def halo(function: Function, source: str) -> int:
    """The smallest halo, in pixels of ``source``, with which a tile's core is exact.

    Raises:
        UnavailableError: the graph reads the whole source, or has an operation that is not known here.
    """
    axes = [axis for dim in _output(function, source) for _, axis in dim if axis is not None]
    if len(axes) != 2:
        raise UnavailableError(f"{function.name} makes no picture", cure="its first output must be one")
    last = [
        axis.high + 1 - axis.step for axis in axes
    ]  # the last of the outputs that lie within one source pixel
    return max(math.floor(reach) for reach in (*last, *(-axis.low for axis in axes)))


def _output(function: Function, source: str) -> Dims:
    """What the first output reads of the input ``source``."""
    from torch.export import export

    with torch.no_grad():
        program = export(
            function.module, tuple(torch.zeros(shape) for shape in function.inputs.values()), strict=False
        )
    given = dict(zip(program.graph_signature.user_inputs, function.inputs, strict=True))
    found: dict[Node, Any] = {}
    for node in program.graph.nodes:
        if node.op == "placeholder":
            shape = tuple(node.meta["val"].shape)
            found[node] = _picture(shape) if given.get(node.name) == source else _plain(shape)
        elif node.op == "call_function":
            try:
                found[node] = _step(node, found)
            except _Unknown as unknown:
                raise UnavailableError(
                    f"the receptive field of {function.name} is not known: {node.target}: {unknown}",
                    cure="give the halo yourself",
                ) from None
        elif node.op == "output":
            outputs: Any = node.args[0]
            first: Dims = found[outputs[0]]
            return first
    raise AssertionError("a graph has an output")


def _plain(shape: Sequence[int]) -> Dims:
    return tuple(((length, None),) for length in shape)


def _picture(shape: Shape) -> Dims:
    *others, height, width = shape
    return (*_plain(others), ((height, Axis(0, height)),), ((width, Axis(1, width)),))


@dataclass(frozen=True)
class _Call:
    """An operation: its arguments by name, tensors among them as what they read, and the shapes that it puts out."""

    given: Mapping[str, Any]
    shapes: tuple[Shape, ...]

    @property
    def source(self) -> Dims:
        """The first argument."""
        dims: Dims = next(iter(self.given.values()))
        return dims

    @property
    def shape(self) -> Shape:
        return self.shapes[0]


def _step(node: Node, found: Mapping[Node, Any]) -> Any:
    """What the output of ``node`` reads; a list where it has several."""
    target: Any = node.target
    if target is operator.getitem:
        source: Any = node.args[0]
        return found[source][node.args[1]]
    values = [node.meta["val"]] if isinstance(node.meta["val"], torch.Tensor) else node.meta["val"]
    shapes = tuple(tuple(value.shape) for value in values)
    inputs = [found[one] for one in node.all_input_nodes]
    if not any(_sides(one) for one in inputs):
        plain = [_plain(shape) for shape in shapes]
        return plain[0] if isinstance(node.meta["val"], torch.Tensor) else plain
    name = target._schema.name.removeprefix("aten::")
    if torch.Tag.pointwise in target.tags or name in _LIKE_POINTWISE:
        return _broadcast(inputs, shapes[0])
    if name not in _RULES:
        raise _Unknown("no rule for this operation")
    arguments = target._schema.arguments
    given = {a.name: a.default_value for a in arguments}
    given |= dict(zip((a.name for a in arguments), node.args, strict=False)) | node.kwargs
    return _RULES[name](_Call({key: _resolved(value, found) for key, value in given.items()}, shapes))


def _resolved(value: Any, found: Mapping[Node, Any]) -> Any:
    if isinstance(value, Node):
        return found[value]
    if isinstance(value, list | tuple):
        return [_resolved(one, found) for one in value]
    return value


def _sides(dims: Any) -> bool:
    """Whether there is a side of the picture along any of the dimensions."""
    if isinstance(dims, list):
        return any(_sides(one) for one in dims)
    return any(_side(dim) for dim in dims)


def _side(dim: tuple[Factor, ...]) -> bool:
    return any(axis for _, axis in dim)


def _broadcast(inputs: list[Dims], shape: Shape) -> Dims:
    """Of an operation on every element alone."""
    made = list(_plain(shape))
    for dims in inputs:
        offset = len(shape) - len(dims)
        for index, dim in enumerate(dims):
            if _side(dim):
                made[offset + index] = _merged(made[offset + index], dim)
    return tuple(made)


def _merged(one: tuple[Factor, ...], other: tuple[Factor, ...]) -> tuple[Factor, ...]:
    if not _side(one):
        return other
    if len(one) != len(other):
        raise _Unknown("tensors of different layouts meet")
    return tuple(
        (size, axis.joined(with_) if axis and with_ else axis)
        for (size, axis), (_, with_) in zip(one, other, strict=True)
    )


def _each_side(call: _Call, rule: Callable[[int, Axis, int], Axis]) -> Dims:
    """``B x C x H x W`` by a rule for one side: its index, what was there, the new length."""
    made = list(_plain(call.shape))
    for side in (0, 1):
        ((_, axis),) = call.source[2 + side]
        if axis is None:
            raise _Unknown("a side of the picture is not where it should be")
        length = call.shape[2 + side]
        made[2 + side] = ((length, rule(side, axis, length)),)
    return tuple(made)


def _convolution(call: _Call) -> Dims:
    (_, _, *sides) = call.given["weight"]
    return _window(call, [size for ((size, _),) in sides])


def _pooling(call: _Call) -> Dims:
    return _window(call, call.given["kernel_size"])


def _window(call: _Call, kernel: Sequence[int]) -> Dims:
    stride = call.given["stride"] or kernel
    padding, dilation = call.given["padding"], call.given.get("dilation", [1])

    def rule(side: int, axis: Axis, length: int) -> Axis:
        low = -padding[side % len(padding)]
        high = low + (kernel[side % len(kernel)] - 1) * dilation[side % len(dilation)]
        return axis.through(length, stride[side % len(stride)], low, high)

    return _each_side(call, rule)


def _repeated(call: _Call) -> Dims:
    """Every element ``n`` times: element ``i`` reads element ``i / n``, rounded down."""

    def rule(side: int, axis: Axis, length: int) -> Axis:
        step = _whole(axis, length)
        return axis.through(length, step, step - 1, 0)

    return _each_side(call, rule)


def _bilinear(call: _Call) -> Dims:
    """Pixel centres: element ``i`` lies between the two that are nearest to ``(i + 1/2) / n - 1/2``."""

    def rule(side: int, axis: Axis, length: int) -> Axis:
        step = _whole(axis, length)
        half = Fraction(1, 2)
        places = [(i, (i + half) * step - half) for i in range(step.denominator)]
        low = min(math.floor(place) - i * step for i, place in places)
        high = max(math.ceil(place) - i * step for i, place in places)
        return axis.through(length, step, low, high)

    return _each_side(call, rule)


def _whole(axis: Axis, length: int) -> Fraction:
    step = Fraction(axis.size, length)
    if step.numerator != 1:
        raise _Unknown("interpolation by a fraction")
    return step


def _slice(call: _Call) -> Dims:
    dim, start, step = call.given["dim"], call.given["start"] or 0, call.given["step"]
    made = list(call.source)
    factors, size = made[dim], call.shape[dim]
    if not _side(factors):
        made[dim] = ((size, None),)
        return tuple(made)
    (length, axis), *others = factors
    if others or axis is None:
        raise _Unknown("a slice across the picture")
    first = start + length if start < 0 else start
    made[dim] = ((size, axis.through(size, step, first, first)),)
    return tuple(made)


def _reduced(call: _Call) -> Dims:
    """Sums and means over dimensions without a side of the picture."""
    source = call.source
    over = {d % len(source) for d in (call.given["dim"] or range(len(source)))}
    if any(_side(source[d]) for d in over):
        raise _Unknown(_GLOBAL)
    if len(call.shape) == len(source):
        return tuple(((1, None),) if d in over else dim for d, dim in enumerate(source))
    return tuple(dim for d, dim in enumerate(source) if d not in over)


def _normalised(call: _Call) -> Dims:
    if any(_side(dim) for dim in call.source[-len(call.given["normalized_shape"]) :]):
        raise _Unknown(_GLOBAL)
    return call.source


def _product(call: _Call) -> Dims:
    """Matrix products: what is summed over must not be a side of the picture."""
    left, right = list(call.given.values())[:2]
    if _side(left[-1]) or _side(right[-2]):
        raise _Unknown(_GLOBAL)
    return (*_broadcast([left[:-2], right[:-2]], call.shape[:-2]), left[-2], right[-1])


def _reshaped(call: _Call) -> Dims:
    """Views: factors are regrouped; those without a side of the picture may also be cut or merged."""
    flat = [factor for dim in call.source for factor in dim if factor[0] != 1 or factor[1]]
    made: list[tuple[Factor, ...]] = []
    for length in call.shape:
        factors: list[Factor] = []
        left = length
        while left > 1:
            size, axis = flat.pop(0)
            if left % size == 0:
                factors.append((size, axis))
                left //= size
            elif axis is None and size % left == 0:
                factors.append((left, None))
                flat.insert(0, (size // left, None))
                left = 1
            else:
                raise _Unknown("a view that cuts a side of the picture")
        made.append(tuple(factors) or ((1, None),))
    return tuple(made)


def _permuted(call: _Call) -> Dims:
    return tuple(call.source[d] for d in call.given["dims"])


def _unsqueezed(call: _Call) -> Dims:
    made = list(call.source)
    made.insert(call.given["dim"] % len(call.shape), ((1, None),))
    return tuple(made)


def _concatenated(call: _Call) -> Dims:
    parts: list[Dims] = call.given["tensors"]
    dim = call.given["dim"] % len(call.shape)
    if len(call.shape) > len(parts[0]):  # stacked
        parts = [(*part[:dim], ((1, None),), *part[dim:]) for part in parts]
    if any(_side(part[dim]) for part in parts):
        raise _Unknown("pictures side by side")
    alone: tuple[Factor, ...] = ((1, None),)
    rest = [(*part[:dim], alone, *part[dim + 1 :]) for part in parts]
    made = list(_broadcast(rest, tuple(1 if d == dim else n for d, n in enumerate(call.shape))))
    made[dim] = ((call.shape[dim], None),)
    return tuple(made)


def _cut(call: _Call) -> list[Dims]:
    made = []
    for shape in call.shapes:
        lengths = [math.prod(size for size, _ in dim) for dim in call.source]
        changed = {d for d, length in enumerate(lengths) if shape[d] != length}
        if any(_side(call.source[d]) for d in changed):
            raise _Unknown("the picture is cut")
        made.append(tuple(((shape[d], None),) if d in changed else dim for d, dim in enumerate(call.source)))
    return made


_GLOBAL = "it reads the whole source"
_LIKE_POINTWISE = {
    "dropout",
    "to",
    "clone",
    "contiguous",
    "quantized_decomposed::quantize_per_tensor",
    "quantized_decomposed::dequantize_per_tensor",
    "fake_quantize_per_tensor_affine",
}
"""Operations on every element alone that PyTorch does not tag so."""
_RULES: dict[str, Callable[[_Call], Any]] = {
    "conv2d": _convolution,
    "avg_pool2d": _pooling,
    "max_pool2d": _pooling,
    "pixel_shuffle": _repeated,
    "upsample_nearest2d": _repeated,
    "upsample_bilinear2d": _bilinear,
    "slice": _slice,
    "sum": _reduced,
    "mean": _reduced,
    "layer_norm": _normalised,
    "bmm": _product,
    "matmul": _product,
    "view": _reshaped,
    "reshape": _reshaped,
    "flatten": _reshaped,
    "permute": _permuted,
    "unsqueeze": _unsqueezed,
    "cat": _concatenated,
    "stack": _concatenated,
    "chunk": _cut,
    "split": _cut,
    "split_with_sizes": _cut,
}
