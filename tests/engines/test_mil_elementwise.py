"""Elementwise ops and activations of the MIL interpreter against numpy and the formulas of MIL's documentation."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

RNG = np.random.default_rng(0)
X = RNG.normal(0, 2, (2, 3, 4, 5)).astype(np.float32)
Y = RNG.normal(0, 2, (2, 3, 4, 5)).astype(np.float32)
ROW = RNG.normal(0, 2, (1, 3, 1, 1)).astype(np.float32)
UNIT = RNG.uniform(-0.9, 0.9, (2, 3)).astype(np.float32)
POSITIVE = RNG.uniform(0.1, 3, (2, 3)).astype(np.float32)
WHOLE = RNG.integers(-3, 4, (4, 5)).astype(np.float32)
HALVES = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5], np.float32)
ERF = np.vectorize(math.erf)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def unary(
    op: str, array: np.ndarray, function: Callable[[np.ndarray], np.ndarray], **parameters: object
) -> tuple:
    return (array,), lambda mb, x: getattr(mb, op)(x=x, **parameters), function


def binary(op: str, a: np.ndarray, b: np.ndarray, function: Callable[..., np.ndarray]) -> tuple:
    return (a, b), lambda mb, x, y: getattr(mb, op)(x=x, y=y), function


def logical(op: str, function: Callable[..., np.ndarray]) -> tuple:
    def build(mb: object, x: object, y: object) -> object:
        positive = [mb.greater(x=side, y=np.float32(0)) for side in (x, y)]
        return getattr(mb, op)(x=positive[0], y=positive[1])

    return (X, Y), build, lambda a, b: function(a > 0, b > 0)


F = np.float32
ALPHA, BETA = np.array([0.5, 1.5, 2], F), np.array([1, 0.25, 2], F)
CHANNELS = ALPHA.reshape(1, 3, 1, 1)
CASES = {
    "abs/plain": unary("abs", X, np.abs),
    "acos/plain": unary("acos", UNIT, np.arccos),
    "asin/plain": unary("asin", UNIT, np.arcsin),
    "atan/plain": unary("atan", X, np.arctan),
    "atanh/plain": unary("atanh", UNIT, np.arctanh),
    "ceil/plain": unary("ceil", X, np.ceil),
    "cos/plain": unary("cos", X, np.cos),
    "cosh/plain": unary("cosh", UNIT, np.cosh),
    "erf/plain": unary("erf", X, ERF),
    "exp/plain": unary("exp", UNIT, np.exp),
    "exp2/plain": unary("exp2", UNIT, np.exp2),
    "floor/plain": unary("floor", X, np.floor),
    "identity/plain": unary("identity", X, lambda x: x),
    "round/half to even": unary("round", HALVES, lambda x: np.array([-2, -2, 0, 0, 2, 2])),
    "sign/plain": unary("sign", WHOLE, np.sign),
    "sin/plain": unary("sin", X, np.sin),
    "sinh/plain": unary("sinh", UNIT, np.sinh),
    "sqrt/plain": unary("sqrt", POSITIVE, np.sqrt),
    "square/plain": unary("square", X, np.square),
    "tan/plain": unary("tan", UNIT, np.tan),
    "tanh/plain": unary("tanh", X, np.tanh),
    "clip/plain": unary("clip", X, lambda x: np.clip(x, -1, 0.5), alpha=F(-1), beta=F(0.5)),
    "threshold/plain": unary("threshold", X, lambda x: np.maximum(x, 0.25), alpha=F(0.25)),
    "inverse/epsilon": unary("inverse", POSITIVE, lambda x: 1 / (x + 0.5), epsilon=F(0.5)),
    "log/epsilon": unary("log", POSITIVE, lambda x: np.log(x + 0.5), epsilon=F(0.5)),
    "rsqrt/epsilon": unary("rsqrt", POSITIVE, lambda x: 1 / np.sqrt(x + 0.5), epsilon=F(0.5)),
    "rsqrt/default": unary("rsqrt", POSITIVE, lambda x: 1 / np.sqrt(x)),
    "add/plain": binary("add", X, Y, np.add),
    "add/broadcast": binary("add", X, ROW, np.add),
    "sub/broadcast": binary("sub", ROW, X, np.subtract),
    "mul/plain": binary("mul", X, Y, np.multiply),
    "real_div/plain": binary("real_div", X, Y, np.divide),
    "floor_div/negative": binary("floor_div", WHOLE, WHOLE + 0.5, np.floor_divide),
    "mod/negative": binary("mod", X, np.abs(Y) + 1, np.mod),
    "pow/plain": binary("pow", POSITIVE, UNIT, np.power),
    "maximum/plain": binary("maximum", X, Y, np.maximum),
    "minimum/plain": binary("minimum", X, Y, np.minimum),
    "equal/plain": binary("equal", WHOLE, WHOLE[::-1].copy(), np.equal),
    "not_equal/plain": binary("not_equal", WHOLE, WHOLE[::-1].copy(), np.not_equal),
    "greater/plain": binary("greater", WHOLE, WHOLE[::-1].copy(), np.greater),
    "greater_equal/plain": binary("greater_equal", WHOLE, WHOLE[::-1].copy(), np.greater_equal),
    "less/plain": binary("less", WHOLE, WHOLE[::-1].copy(), np.less),
    "less_equal/plain": binary("less_equal", WHOLE, WHOLE[::-1].copy(), np.less_equal),
    "logical_and/plain": logical("logical_and", np.logical_and),
    "logical_or/plain": logical("logical_or", np.logical_or),
    "logical_xor/plain": logical("logical_xor", np.logical_xor),
    "logical_not/plain": (
        (X,),
        lambda mb, x: mb.logical_not(x=mb.greater(x=x, y=F(0))),
        lambda x: x <= 0,
    ),
    "select/plain": (
        (X, Y),
        lambda mb, x, y: mb.select(cond=mb.greater(x=x, y=F(0)), a=x, b=y),
        lambda x, y: np.where(x > 0, x, y),
    ),
    "cast/to integer and back": (
        (X,),
        lambda mb, x: mb.cast(x=x, dtype="int32"),
        np.trunc,
    ),
    "cast/to half and back": (
        (X,),
        lambda mb, x: mb.cast(x=x, dtype="fp16"),
        lambda x: x.astype(np.float16),
    ),
    "real_div/integers": (
        (WHOLE,),
        lambda mb, x: mb.real_div(x=mb.cast(x=x, dtype="int32"), y=np.int32(2)),
        lambda x: np.trunc(x / 2),
    ),
    "relu/plain": unary("relu", X, lambda x: np.maximum(x, 0)),
    "relu6/plain": unary("relu6", 4 * X, lambda x: np.clip(x, 0, 6)),
    "clamped_relu/plain": unary(
        "clamped_relu", X, lambda x: np.minimum(np.where(x >= 0, x, 0.1 * x), 1.5), alpha=F(0.1), beta=F(1.5)
    ),
    "elu/plain": unary("elu", X, lambda x: np.where(x > 0, x, 0.7 * (np.exp(x) - 1)), alpha=F(0.7)),
    "gelu/exact": unary("gelu", X, lambda x: x / 2 * (1 + ERF(x / np.sqrt(2))), mode="EXACT"),
    "gelu/tanh": unary(
        "gelu",
        X,
        lambda x: x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
        mode="TANH_APPROXIMATION",
    ),
    "gelu/sigmoid": unary("gelu", X, lambda x: x * sigmoid(1.702 * x), mode="SIGMOID_APPROXIMATION"),
    "leaky_relu/plain": unary("leaky_relu", X, lambda x: np.where(x > 0, x, 0.2 * x), alpha=F(0.2)),
    "linear_activation/plain": unary("linear_activation", X, lambda x: 3 * x - 1, alpha=F(3), beta=F(-1)),
    "prelu/plain": unary("prelu", X, lambda x: np.where(x > 0, x, CHANNELS * x), alpha=ALPHA),
    "scaled_tanh/plain": unary("scaled_tanh", X, lambda x: 1.5 * np.tanh(0.5 * x), alpha=F(1.5), beta=F(0.5)),
    "sigmoid/plain": unary("sigmoid", X, sigmoid),
    "sigmoid_hard/plain": unary(
        "sigmoid_hard", X, lambda x: np.clip(0.3 * x + 0.4, 0, 1), alpha=F(0.3), beta=F(0.4)
    ),
    "silu/plain": unary("silu", X, lambda x: x * sigmoid(x)),
    "softmax/middle axis": unary("softmax", X, lambda x: np.exp(x) / np.exp(x).sum(1, keepdims=True), axis=1),
    "softmax/last axis": unary("softmax", X, lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True), axis=-1),
    "softplus/plain": unary("softplus", X, lambda x: np.log1p(np.exp(x))),
    "softplus_parametric/plain": unary(
        "softplus_parametric",
        X,
        lambda x: CHANNELS * np.log1p(np.exp(BETA.reshape(1, 3, 1, 1) * x)),
        alpha=ALPHA,
        beta=BETA,
    ),
    "softsign/plain": unary("softsign", X, lambda x: x / (1 + np.abs(x))),
    "thresholded_relu/plain": unary("thresholded_relu", X, lambda x: np.where(x >= 0.5, x, 0), alpha=F(0.5)),
}


@pytest.mark.parametrize("name", CASES)
def test_op_computes_its_formula_when_read_back(check: Callable[[str], None], name: str) -> None:
    check(name)
