"""Values as they travel to a phone and back: raw bytes, quantized where the manifest says so."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgeisp.export.records import Function, Tensor


def stored(value: NDArray[np.float32], port: Tensor) -> NDArray[np.generic]:
    """Values as the artifact wants them: quantized where the manifest says so."""
    if port.quantization is None:
        return np.ascontiguousarray(value, np.dtype(port.dtype))
    limits = np.iinfo(port.dtype)
    scaled = np.round(value / port.quantization.scale) + port.quantization.zero_point
    return np.clip(scaled, limits.min, limits.max).astype(port.dtype)


def real(raw: bytes, port: Tensor) -> NDArray[np.float32]:
    """Raises: ValueError: not as many values as the shape has."""
    values = np.frombuffer(raw, np.dtype(port.dtype)).reshape(port.shape).astype(np.float32)
    if port.quantization is None:
        return values
    return (values - np.float32(port.quantization.zero_point)) * np.float32(port.quantization.scale)


def named(
    names: Sequence[str | None], raw: Sequence[bytes], entry: Function
) -> dict[str, NDArray[np.float32]]:
    """Outputs by the manifest's names; a program that has no names (null) gives them in the call's order.

    Raises:
        ValueError: another number of outputs, or of values, than the manifest says.
    """
    found = [name or port.name for name, port in zip(names, entry.outputs, strict=True)]
    ports = {port.name: port for port in entry.outputs}
    return {name: real(value, ports[name]) for name, value in zip(found, raw, strict=True) if name in ports}
