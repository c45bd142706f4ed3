"""Normalisations. Their inner steps are fp32; only the result is rounded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def batch_norm(
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    epsilon: float,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
) -> Tensor:
    return F.batch_norm(x, mean, variance, gamma, beta, False, 0.0, epsilon)


def instance_norm(
    x: Tensor, epsilon: float, gamma: Tensor | None = None, beta: Tensor | None = None
) -> Tensor:
    return F.instance_norm(x, weight=gamma, bias=beta, eps=epsilon)


def layer_norm(
    x: Tensor, axes: list[int], epsilon: float, gamma: Tensor | None = None, beta: Tensor | None = None
) -> Tensor:
    normalised = {axis % x.ndim for axis in axes}
    shape = [n if i in normalised else 1 for i, n in enumerate(x.shape)]
    variance, mean = torch.var_mean(x, sorted(normalised), correction=0, keepdim=True)
    y = (x - mean) * torch.rsqrt(variance + epsilon)
    if gamma is not None:
        y = y * gamma.reshape(shape)
    return y if beta is None else y + beta.reshape(shape)


def l2_norm(x: Tensor, epsilon: float) -> Tensor:
    return x * torch.rsqrt((x * x).sum((-3, -2, -1), keepdim=True) + epsilon)


def local_response_norm(x: Tensor, size: int, alpha: float, beta: float, k: float) -> Tensor:
    return F.local_response_norm(x, size, alpha, beta, k)


OPS: dict[str, Callable[..., Any]] = {
    "batch_norm": batch_norm,
    "instance_norm": instance_norm,
    "l2_norm": l2_norm,
    "layer_norm": layer_norm,
    "local_response_norm": local_response_norm,
}
