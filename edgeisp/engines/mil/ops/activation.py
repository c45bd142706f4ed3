"""Activations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from edgeisp.engines.mil.ops.elementwise import unary


def clamped_relu(x: Tensor, alpha: float, beta: float) -> Tensor:
    return F.leaky_relu(x, alpha).clamp(max=beta)


def elu(x: Tensor, alpha: float) -> Tensor:
    return F.elu(x, alpha)


def gelu(x: Tensor, mode: str) -> Tensor:
    if mode == "SIGMOID_APPROXIMATION":
        return x * torch.sigmoid(1.702 * x)
    return F.gelu(x, approximate="none" if mode == "EXACT" else "tanh")


def leaky_relu(x: Tensor, alpha: float) -> Tensor:
    return F.leaky_relu(x, alpha)


def linear_activation(x: Tensor, alpha: float, beta: float) -> Tensor:
    return alpha * x + beta


def prelu(x: Tensor, alpha: Tensor) -> Tensor:
    return F.prelu(x, alpha)


def scaled_tanh(x: Tensor, alpha: float, beta: float) -> Tensor:
    return alpha * torch.tanh(beta * x)


def sigmoid_hard(x: Tensor, alpha: float, beta: float) -> Tensor:
    return (alpha * x + beta).clamp(0, 1)


def softmax(x: Tensor, axis: int) -> Tensor:
    return torch.softmax(x, axis)


def softplus_parametric(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    channels = (1, -1, *[1] * (x.ndim - 2))
    return alpha.reshape(channels) * torch.log1p(torch.exp(beta.reshape(channels) * x))


def thresholded_relu(x: Tensor, alpha: float) -> Tensor:
    return torch.where(x >= alpha, x, 0.0)


OPS: dict[str, Callable[..., Any]] = {
    "clamped_relu": clamped_relu,
    "elu": elu,
    "gelu": gelu,
    "leaky_relu": leaky_relu,
    "linear_activation": linear_activation,
    "prelu": prelu,
    "relu": unary(F.relu),
    "relu6": unary(F.relu6),
    "scaled_tanh": scaled_tanh,
    "sigmoid": unary(torch.sigmoid),
    "sigmoid_hard": sigmoid_hard,
    "silu": unary(F.silu),
    "softmax": softmax,
    "softplus": unary(F.softplus),
    "softplus_parametric": softplus_parametric,
    "softsign": unary(F.softsign),
    "thresholded_relu": thresholded_relu,
}
