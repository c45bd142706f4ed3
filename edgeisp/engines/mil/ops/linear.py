"""Matrix products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return F.linear(x, weight, bias)


def matmul(x: Tensor, y: Tensor, transpose_x: bool, transpose_y: bool) -> Tensor:
    return torch.matmul(x.mT if transpose_x else x, y.mT if transpose_y else y)


def einsum(values: list[Tensor], equation: str) -> Tensor:
    return torch.einsum(equation, *values)


def attention(query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None) -> Tensor:
    return F.scaled_dot_product_attention(query, key, value, attn_mask)


OPS: dict[str, Callable[..., Any]] = {
    "einsum": einsum,
    "linear": linear,
    "matmul": matmul,
    "scaled_dot_product_attention": attention,
}
