"""A picture's context folded into the weights of an ONNX graph.

A matrix that is known for the whole picture and mixes what a convolution makes is part of that convolution::

    Before::   Conv(x, W, b) -> Transpose -> Reshape -> MatMul(., M) -> Reshape -> Transpose     M: from the context
    After::    Conv(x, M^T W, M^T b)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgeisp.engines.base import Tensors

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

LAST, FIRST = [0, 2, 3, 1], [0, 3, 1, 2]
KINDS = ["Transpose", "Reshape", "MatMul", "Reshape", "Transpose"]


@dataclass(frozen=True)
class Chain:
    """A convolution and the four operations behind it."""

    conv: NodeProto
    behind: tuple[NodeProto, ...]

    @property
    def matrix(self) -> str:
        """Name of M."""
        return str(self.behind[2].input[1])


def folded(model: ModelProto, context: Tensors) -> bool:
    """Fold into ``model``, in place, what ``context`` makes known; whether there was anything.

    Only dense float convolutions: behind int8 ones the product is between a dequantize and a quantize.
    """
    graph = model.graph
    chains = [chain for chain in _chains(graph) if _origin(graph, [chain.matrix])[1] <= set(context)]
    if not chains:
        return False
    matrices = _values(model, [chain.matrix for chain in chains], context)
    constants = {one.name: one for one in graph.initializer}
    for chain, matrix in zip(chains, matrices, strict=True):
        weight, *bias = (constants[name] for name in chain.conv.input[1:])
        _change(weight, lambda w, m=matrix[0]: np.einsum("ij,icyx->jcyx", m, w))
        for one in bias:
            _change(one, lambda b, m=matrix[0]: b @ m)
        chain.conv.output[0] = chain.behind[-1].output[0]
        for node in chain.behind:
            graph.node.remove(node)
    return True


def _chains(graph: GraphProto) -> Iterator[Chain]:
    users: dict[str, list[NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    constants = {one.name for one in graph.initializer}
    for conv in graph.node:
        weights = list(conv.input[1:])
        if conv.op_type != "Conv" or not constants.issuperset(weights) or _attribute(conv, "group", 1) != 1:
            continue
        behind = tuple(_line(conv, users))
        turned = [_attribute(node, "perm", []) for node in behind if node.op_type == "Transpose"]
        if (
            [node.op_type for node in behind] == KINDS
            and turned == [LAST, FIRST]
            and users[weights[0]] == [conv]
        ):
            yield Chain(conv, behind)


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

    from edgeisp.engines.onnx import session

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
