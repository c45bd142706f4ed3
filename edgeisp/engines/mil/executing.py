"""A function of an ML program as a list of steps in torch, bound once and run often."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from edgeisp.engines.mil.ops import OPS
from edgeisp.errors import BadInputError, EdgeISPError

Environment = dict[str, Tensor]
Source = Callable[[Environment], Any]


@dataclass(frozen=True)
class Value:
    """A named value's type: static shape and MIL dtype (``"fp16"``, ``"fp32"``, ``"int32"``, ``"bool"``, ...)."""

    name: str
    shape: tuple[int, ...]
    dtype: str

    def settle(self, value: Tensor, rounding: bool) -> Tensor:
        """``value`` as this type stores it: fp32 as float32, fp16 as float32 rounded to fp16, integers as int32."""
        if tuple(value.shape) != self.shape:
            if value.numel() != 1 or any(n != 1 for n in self.shape):
                raise BadInputError(f"shape {tuple(value.shape)} where the program says {self.shape}")
            value = value.reshape(self.shape)
        if self.dtype == "bool":
            return value.bool()
        if not self.dtype.startswith("fp"):
            return value.to(torch.int32)
        return value.half().float() if rounding and self.dtype == "fp16" else value.float()


@dataclass(frozen=True)
class Step:
    """One op: what to call, where its arguments come from, and which values nobody needs after it."""

    kind: str
    call: Callable[..., Any]
    arguments: Mapping[str, Source]
    results: tuple[Value, ...]
    frees: tuple[str, ...]

    def run(self, environment: Environment, rounding: bool) -> None:
        out = self.call(**{name: source(environment) for name, source in self.arguments.items()})
        for value, result in zip(
            self.results, out if isinstance(out, (tuple, list)) else (out,), strict=True
        ):
            environment[value.name] = value.settle(result, rounding)
        for name in self.frees:
            del environment[name]


@dataclass(frozen=True)
class Executable:
    """A function ready to run."""

    name: str
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    steps: tuple[Step, ...]

    def run(self, tensors: Mapping[str, Tensor], rounding: bool) -> Environment:
        """Named outputs for named inputs of the declared shapes; without ``rounding`` all stays in fp32."""
        environment: Environment = {
            value.name: value.settle(tensors[value.name], rounding) for value in self.inputs
        }
        with torch.inference_mode():
            for step in self.steps:
                try:
                    step.run(environment, rounding)
                except EdgeISPError as error:
                    raise type(error)(error.what, where=self._place(step), cure=error.cure) from error
                except (RuntimeError, ValueError, IndexError) as error:
                    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
                    raise BadInputError(
                        reason, where=self._place(step), cure="the program is damaged; export it again"
                    ) from error
        return {value.name: environment[value.name] for value in self.outputs}

    def _place(self, step: Step) -> str:
        return f"function {self.name!r}, {step.kind} {step.results[0].name!r}"


def executable(name: str, function: Any) -> Executable:
    """Bind coremltools' ``Function``.

    Raises:
        BadInputError: shapes that are not static, or a weight that cannot be unpacked.
    """
    outputs = tuple(_value(var) for var in function.outputs)
    kept = {value.name for value in outputs}
    inputs = tuple(_value(var) for var in function.inputs.values())
    ops = [op for op in function.operations if op.op_type in OPS]
    last = {var.name: i for i, op in enumerate(ops) for var in _variables(op)}
    made: dict[int, list[str]] = {}
    for i, op in enumerate(ops):
        for var in op.outputs:
            made.setdefault(last.get(var.name, i), []).append(var.name)
    for value in inputs:
        made.setdefault(last.get(value.name, -1), []).append(value.name)
    steps = tuple(
        Step(
            op.op_type,
            OPS[op.op_type],
            _arguments(op),
            tuple(_value(var) for var in op.outputs),
            tuple(free for free in made.get(i, ()) if free not in kept),
        )
        for i, op in enumerate(ops)
    )
    return Executable(name, inputs, outputs, steps)


def _value(var: Any) -> Value:
    from coremltools.converters.mil.mil import types

    shape = tuple(var.shape)
    if not all(isinstance(n, (int, np.integer)) for n in shape):
        raise BadInputError(f"{var.name!r} has a flexible shape", cure="export with static shapes")
    return Value(var.name, tuple(int(n) for n in shape), types.builtin_to_string(var.dtype))


def _variables(op: Any) -> list[Any]:
    """The inputs of ``op`` that are computed at run time."""
    given = [
        one
        for value in op.inputs.values()
        for one in (value if isinstance(value, (list, tuple)) else [value])
    ]
    return [var for var in given if var is not None and not _is_constant(var)]


def _is_constant(var: Any) -> bool:
    return var.op is not None and (var.op.op_type == "const" or var.op.op_type.startswith("constexpr_"))


def _arguments(op: Any) -> dict[str, Source]:
    parameters = inspect.signature(OPS[op.op_type]).parameters
    arguments = {}
    for name, given in op.inputs.items():
        if given is None:
            continue
        if name not in parameters:
            raise BadInputError(
                f"the MIL interpreter's {op.op_type} takes no {name!r}", where=f"{op.op_type} {op.name!r}"
            )
        as_tensor = "Tensor" in str(parameters[name].annotation)
        arguments[name] = _source(given, as_tensor)
    return arguments


def _source(given: Any, as_tensor: bool) -> Source:
    if isinstance(given, (list, tuple)):
        sources = [_source(one, as_tensor) for one in given]
        return lambda environment: [source(environment) for source in sources]
    if _is_constant(given):
        value = _tensor(_array(given)) if as_tensor else _plain(_array(given))
        return lambda environment: value
    name = given.name
    return (
        (lambda environment: environment[name])
        if as_tensor
        else (lambda environment: environment[name].tolist())
    )


def _array(var: Any) -> Any:
    """The value of a constant; compressed weights are unpacked by coremltools' own definition of their format."""
    if var.op.op_type == "const":
        return var.val
    try:
        return var.op.materialized_val_inference()
    except Exception as error:
        raise BadInputError(
            f"the weight {var.name!r} cannot be unpacked ({error})", cure="export it again"
        ) from error


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value


def _tensor(value: Any) -> Tensor:
    array = np.asarray(value)
    if array.dtype.kind == "f":
        return torch.from_numpy(array.astype(np.float32))
    return torch.from_numpy(array.astype(np.bool_ if array.dtype.kind == "b" else np.int32))
