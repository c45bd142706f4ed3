"""Weights that ship: a network's own, and others by name, for one sensor (``metaisp-rhid``) or one precision."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from edgeisp.models import MODELS


def bundled(name: str) -> Path | None:
    """The checkpoint that ships with edgeisp for a network, or None."""
    path = Path(str(files("edgeisp.checkpoints"))) / f"{name}.safetensors"
    return path if path.is_file() else None


def bundled_for(name: str) -> list[Path]:
    """All checkpoints that ship for a network: its own, then those for one sensor or one precision, ``NAME-*``."""
    others = [other for other in MODELS.names() if other.startswith(f"{name}-")]
    found = sorted(Path(str(files("edgeisp.checkpoints"))).glob(f"{name}*.safetensors"))
    own = [path for path in found if path.stem == name or path.stem.startswith(f"{name}-")]
    return [path for path in own if not any(f"{path.stem}-".startswith(f"{other}-") for other in others)]


def owner(checkpoint: str) -> str | None:
    """The network of a bundled checkpoint, by its name; None where there is no such checkpoint."""
    path = bundled(checkpoint)
    return next((name for name in MODELS.names() if path in bundled_for(name)), None)


def named(checkpoint: Path) -> Path:
    """The file that somebody named: a path, or the name of a bundled checkpoint such as ``metaisp-rhid``."""
    return checkpoint if checkpoint.is_file() else bundled(str(checkpoint)) or checkpoint
