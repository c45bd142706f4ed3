"""Resizing of the last two axes by MIL's five sampling grids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from edgeisp.errors import UnavailableError


def positions(mode: str, n_in: int, n_out: int) -> Tensor:
    """Where each of ``n_out`` samples lies on the grid ``0 .. n_in - 1`` (float64), as `resize_bilinear` defines it."""
    i = torch.arange(n_out, dtype=torch.float64)
    if mode == "ALIGN_CORNERS" and n_out == 1:
        grid = torch.full_like(i, (n_in - 1) / 2)
    elif mode in ("STRICT_ALIGN_CORNERS", "ALIGN_CORNERS"):
        grid = i * ((n_in - 1) / max(1, n_out - 1))
    elif mode == "DEFAULT":
        grid = i * (n_in / n_out)
    elif mode == "OFFSET_CORNERS":
        delta = max(1, n_in - 1) / n_out
        grid = (i + 0.5) * delta
    elif mode == "UNALIGN_CORNERS":
        grid = (i + 0.5) * (n_in / n_out) - 0.5
    else:
        raise UnavailableError(
            f"no sampling mode {mode} in the MIL interpreter", cure="verify this program on macOS"
        )
    return grid.clamp(0, n_in - 1)


def bilinear(x: Tensor, height: int, width: int, mode: str) -> Tensor:
    return _blend(_blend(x, -2, height, mode), -1, width, mode)


def nearest(x: Tensor, height: int, width: int) -> Tensor:
    """Sample ``i`` is element ``floor(i * n_in / n_out)``."""
    for axis, n_out in ((-2, height), (-1, width)):
        n_in = x.shape[axis]
        x = x.index_select(axis, torch.arange(n_out) * n_in // n_out)
    return x


def _blend(x: Tensor, axis: int, n_out: int, mode: str) -> Tensor:
    n_in = x.shape[axis]
    grid = positions(mode, n_in, n_out)
    low = grid.floor().long()
    share = (grid - low).float()
    if axis == -2:
        share = share[:, None]
    return torch.lerp(x.index_select(axis, low), x.index_select(axis, (low + 1).clamp(max=n_in - 1)), share)


def resize_bilinear(x: Tensor, target_size_height: int, target_size_width: int, sampling_mode: str) -> Tensor:
    return bilinear(x, target_size_height, target_size_width, sampling_mode)


def resize_nearest(x: Tensor, target_size_height: int, target_size_width: int) -> Tensor:
    return nearest(x, target_size_height, target_size_width)


def upsample_bilinear(
    x: Tensor,
    scale_factor_height: float,
    scale_factor_width: float,
    align_corners: bool,
    half_pixel_centers: bool | None = None,
) -> Tensor:
    half = not align_corners if half_pixel_centers is None else half_pixel_centers
    if align_corners and half:
        raise UnavailableError(
            "upsample_bilinear with aligned corners and half-pixel centers is undefined",
            cure="mend the program",
        )
    mode = "STRICT_ALIGN_CORNERS" if align_corners else "UNALIGN_CORNERS" if half else "DEFAULT"
    height, width = int(x.shape[-2] * scale_factor_height), int(x.shape[-1] * scale_factor_width)
    return bilinear(x, height, width, mode)


def upsample_nearest(x: Tensor, scale_factor_height: float, scale_factor_width: float) -> Tensor:
    return nearest(x, int(x.shape[-2] * scale_factor_height), int(x.shape[-1] * scale_factor_width))


def resize(
    x: Tensor, shape: list[int], resized_dims: int, interpolation_mode: str, sampling_mode: str
) -> Tensor:
    sizes = shape[len(shape) - resized_dims :]
    height, width = [1, 1, *[n or x.shape[i - len(sizes)] for i, n in enumerate(sizes)]][-2:]
    if resized_dims > 2 or (resized_dims == 1 and x.ndim < 2):
        raise UnavailableError(
            f"resize of {resized_dims} axes is not in the MIL interpreter", cure="verify it on macOS"
        )
    if resized_dims == 1:
        height = x.shape[-2]
    if interpolation_mode == "LINEAR":
        return bilinear(x, height, width, sampling_mode)
    if sampling_mode != "DEFAULT":
        raise UnavailableError(
            f"nearest resize with {sampling_mode} is not in the MIL interpreter",
            cure="verify this program on macOS",
        )
    return nearest(x, height, width)


OPS: dict[str, Callable[..., Any]] = {
    "resize": resize,
    "resize_bilinear": resize_bilinear,
    "resize_nearest_neighbor": resize_nearest,
    "upsample_bilinear": upsample_bilinear,
    "upsample_nearest_neighbor": upsample_nearest,
}
