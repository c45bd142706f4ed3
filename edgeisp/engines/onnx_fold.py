"""A picture's context folded into the weights of an ONNX graph.

A matrix that is known for the whole picture and mixes what a convolution makes is part of that convolution::

    Before::   Conv(x, W, b) -> Transpose -> Reshape -> MatMul(., M) -> Reshape -> Transpose     M: from the context
    After::    Conv(x, M^T W, M^T b)

So is a gain for each channel, of what a convolution makes or reads::

    Before::   Conv(x, W, b) -> Mul(., g)       or       Mul(x, g) -> Conv(., W, b)
    After::    Conv(x, g W, g b)                         Conv(x, W g, b)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgeisp.engines.base import Tensors
from edgeisp.engines.onnx_session import session

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

Array = NDArray[np.float32]
LAST, FIRST = [0, 2, 3, 1], [0, 3, 1, 2]
KINDS = ["Transpose", "Reshape", "MatMul", "Reshape", "Transpose"]


@dataclass(frozen=True)
class Fold:
    """Operations that a convolution can take over once a tensor is known."""

    conv: NodeProto
    known: str
    """Name of the tensor."""
    gone: tuple[NodeProto, ...]
    """The operations, in their order; before the convolution or behind it."""
    source: str
    """What goes into them."""
    weight: Callable[[Array, Array], Array]
    """The new weights from the tensor and the old ones."""
    bias: Callable[[Array, Array], Array] | None
    """The same for the bias; None where it stays."""


def folded(model: ModelProto, context: Tensors) -> bool:
    """Fold into ``model``, in place, what ``context`` makes known; whether there was anything.

    Only dense float convolutions: behind int8 ones the product is between a dequantize and a quantize.
    """
    graph = model.graph
    folds = [
        fold
        for fold in (*_mixes(graph), *_gains(graph))
        if set() < _origin(graph, [fold.known])[1] <= set(context)
    ]
    if not folds:
        return False
    constants = {one.name: one for one in graph.initializer}
    for fold, known in zip(folds, _values(model, [fold.known for fold in folds], context), strict=True):
        weight, *bias = (constants[name] for name in fold.conv.input[1:])
        _change(weight, partial(fold.weight, known))
        if fold.bias:
            for one in bias:
                _change(one, partial(fold.bias, known))
        if fold.source == fold.conv.output[0]:
            fold.conv.output[0] = fold.gone[-1].output[0]
        else:
            fold.conv.input[0] = fold.source
        for node in fold.gone:
            graph.node.remove(node)
    return True


def _mixes(graph: GraphProto) -> Iterator[Fold]:
    """Convolutions with a product over channels behind them."""
    users = _users(graph)
    for conv in _dense(graph):
        behind = tuple(_line(conv, users))
        turned = [_attribute(node, "perm", []) for node in behind if node.op_type == "Transpose"]
        if [node.op_type for node in behind] == KINDS and turned == [LAST, FIRST]:
            yield Fold(
                conv,
                behind[2].input[1],
                behind,
                conv.output[0],
                lambda m, w: np.einsum("ij,icyx->jcyx", m[0], w),
                lambda m, b: b @ m[0],
            )


def _gains(graph: GraphProto) -> Iterator[Fold]:
    """Convolutions with a gain for each channel behind them or before them."""
    users, taken = _users(graph), set()
    for conv in _dense(graph):
        for mul in users.get(conv.output[0], []):
            gain = next((name for name in mul.input if name != conv.output[0]), None)
            if mul.op_type == "Mul" and users[conv.output[0]] == [mul] and _vector(graph, gain):
                taken.add(mul.output[0])
                yield Fold(
                    conv,
                    str(gain),
                    (mul,),
                    conv.output[0],
                    lambda g, w: w * g.reshape(-1, 1, 1, 1),
                    lambda g, b: b * g.flatten(),
                )
    made = {name: node for node in graph.node for name in node.output}
    for conv in _dense(graph):
        before = made.get(conv.input[0])
        if before is None or before.op_type != "Mul" or users[conv.input[0]] != [conv]:
            continue
        vectors = [name for name in before.input if _vector(graph, name)]
        if len(vectors) == 1 and before.output[0] not in taken:
            (source,) = (name for name in before.input if name != vectors[0])
            yield Fold(conv, vectors[0], (before,), source, lambda g, w: w * g.reshape(1, -1, 1, 1), None)


def _dense(graph: GraphProto) -> Iterator[NodeProto]:
    """Convolutions of one group whose weights are constants of their own."""
    users, constants = _users(graph), {one.name for one in graph.initializer}
    for conv in graph.node:
        weights = list(conv.input[1:])
        if (
            conv.op_type == "Conv"
            and constants.issuperset(weights)
            and _attribute(conv, "group", 1) == 1
            and users[weights[0]] == [conv]
        ):
            yield conv


def _users(graph: GraphProto) -> dict[str, list[NodeProto]]:
    users: dict[str, list[NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    return users


def _vector(graph: GraphProto, name: str | None) -> bool:
    """Whether a tensor is known to hold one number for each channel, ``1 x C x 1 x 1``."""
    for info in graph.value_info:
        if info.name == name:
            sizes = [axis.dim_value for axis in info.type.tensor_type.shape.dim]
            return len(sizes) == 4 and sizes[0] == sizes[2] == sizes[3] == 1
    return False


def _line(node: NodeProto, users: Mapping[str, Sequence[NodeProto]]) -> Iterator[NodeProto]:
    """The next operations, as many as `KINDS`, each the only user of the one before."""
    for _ in KINDS:
        following = users.get(node.output[0], [])
        if len(following) != 1 or following[0].input[0] != node.output[0]:
            return
        (node,) = following
        yield node


def _origin(graph: GraphProto, names: Iterable[str]) -> tuple[list[NodeProto], set[str]]:
    """The nodes that make these tensors, in their order, and the inputs of the graph that they are made from."""
    made = {name: node for node in graph.node for name in node.output}
    seen, queue = set(), list(names)
    while queue:
        name = queue.pop()
        if name not in seen:
            seen.add(name)
            queue.extend(made[name].input if name in made else ())
    return [node for node in graph.node if seen.intersection(node.output)], {
        one.name for one in graph.input if one.name in seen
    }


def _values(model: ModelProto, names: list[str], context: Tensors) -> list[NDArray[np.float32]]:
    """Tensors that only the context decides."""
    import onnx

    nodes, inputs = _origin(model.graph, names)
    part = onnx.ModelProto()
    part.CopyFrom(model)
    del part.graph.node[:], part.graph.input[:], part.graph.output[:]
    part.graph.node.extend(nodes)
    part.graph.input.extend(one for one in model.graph.input if one.name in inputs)
    part.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    for unused in [
        one for one in part.graph.initializer if not any(one.name in node.input for node in nodes)
    ]:
        part.graph.initializer.remove(unused)
    known = {name: context[name] for name in inputs}
    values: list[NDArray[np.float32]] = session(part.SerializeToString(), 1).run(names, known)
    return values


def _change(constant: Any, change: Any) -> None:
    """New values for an initialiser, in its own type."""
    from onnx import numpy_helper

    old = numpy_helper.to_array(constant)
    new = change(old.astype(np.float32)).astype(old.dtype)
    constant.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(new), constant.name))


def _attribute(node: NodeProto, name: str, otherwise: Any) -> Any:
    from onnx import helper

    return next((helper.get_attribute_value(one) for one in node.attribute if one.name == name), otherwise)
