"""Weights that ship: a network's own, and others by name, for one sensor (``metaisp-rhid``) or one precision."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def bundled(name: str) -> Path | None:
    """The checkpoint that ships with edgeisp for a network, or None."""
    path = Path(str(files("edgeisp.checkpoints"))) / f"{name}.safetensors"
    return path if path.is_file() else None


def bundles(name: str) -> list[Path]:
    """All that ship under ``name`` or under names that begin with it."""
    found = sorted(Path(str(files("edgeisp.checkpoints"))).glob(f"{name}*.safetensors"))
    return [path for path in found if path.stem == name or path.stem.startswith(f"{name}-")]


def named(checkpoint: Path) -> Path:
    """The file that somebody named: a path, or the name of a bundled checkpoint such as ``metaisp-rhid``."""
    return checkpoint if checkpoint.is_file() else bundled(str(checkpoint)) or checkpoint
