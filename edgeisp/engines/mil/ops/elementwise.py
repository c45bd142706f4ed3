"""Elementwise arithmetic, comparison and logic, with numpy's broadcasting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from edgeisp.errors import UnavailableError


def unary(function: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    def op(x: Tensor) -> Tensor:
        return function(x)

    return op


def binary(function: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    def op(x: Tensor, y: Tensor) -> Tensor:
        return function(x, y)

    return op


def clip(x: Tensor, alpha: float, beta: float) -> Tensor:
    return x.clamp(alpha, beta)


def threshold(x: Tensor, alpha: float) -> Tensor:
    return x.clamp(min=alpha)


def inverse(x: Tensor, epsilon: float) -> Tensor:
    return 1 / (x + epsilon)


def log(x: Tensor, epsilon: float) -> Tensor:
    return torch.log(x + epsilon)


def rsqrt(x: Tensor, epsilon: float) -> Tensor:
    return torch.rsqrt(x + epsilon)


def divide(x: Tensor, y: Tensor) -> Tensor:
    """``real_div``; of integers it truncates towards zero when the result is stored."""
    return x / y


def cast(x: Tensor, dtype: str) -> Tensor:
    """Floats lose their fraction on the way to an integer; fp16 rounding follows from the type of the result."""
    if dtype in ("fp16", "fp32"):
        return x.float()
    if dtype == "bool":
        return x != 0
    if "int" in dtype:
        return x.to(torch.int32)
    raise UnavailableError(f"the MIL interpreter cannot cast to {dtype}", cure="verify this program on macOS")


def select(cond: Tensor, a: Tensor, b: Tensor) -> Tensor:
    return torch.where(cond, a, b)


UNARY: dict[str, Callable[[Tensor], Tensor]] = {
    "abs": torch.abs,
    "acos": torch.acos,
    "asin": torch.asin,
    "atan": torch.atan,
    "atanh": torch.atanh,
    "ceil": torch.ceil,
    "cos": torch.cos,
    "cosh": torch.cosh,
    "erf": torch.erf,
    "exp": torch.exp,
    "exp2": torch.exp2,
    "floor": torch.floor,
    "identity": lambda x: x,
    "logical_not": torch.logical_not,
    "round": torch.round,
    "sign": torch.sign,
    "sin": torch.sin,
    "sinh": torch.sinh,
    "sqrt": torch.sqrt,
    "square": torch.square,
    "tan": torch.tan,
    "tanh": torch.tanh,
}
BINARY: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "add": torch.add,
    "equal": torch.eq,
    "floor_div": torch.floor_divide,
    "greater": torch.gt,
    "greater_equal": torch.ge,
    "less": torch.lt,
    "less_equal": torch.le,
    "logical_and": torch.logical_and,
    "logical_or": torch.logical_or,
    "logical_xor": torch.logical_xor,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "mod": torch.remainder,
    "mul": torch.mul,
    "not_equal": torch.ne,
    "pow": torch.pow,
    "real_div": divide,
    "sub": torch.sub,
}
OPS: dict[str, Callable[..., Any]] = {
    **{name: unary(function) for name, function in UNARY.items()},
    **{name: binary(function) for name, function in BINARY.items()},
    "cast": cast,
    "clip": clip,
    "inverse": inverse,
    "log": log,
    "rsqrt": rsqrt,
    "select": select,
    "threshold": threshold,
}
