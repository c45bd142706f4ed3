"""The networks. ``MODELS`` is the one list of them; other packages add theirs by the entry point ``edgeisp.models``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgeisp.checkpoints import bundled, bundles
from edgeisp.registry import Registry, T

if TYPE_CHECKING:
    from edgeisp.models.card import ModelCard


class Models(Registry[T]):
    """Networks by name. Bundled weights have names too, and are told from networks."""

    def bundled_for(self, name: str) -> list[Path]:
        """All checkpoints that ship for a network: its own, then those for one sensor or one precision, ``NAME-*``."""
        others = [other for other in self.names() if other.startswith(f"{name}-")]
        return [
            path for path in bundles(name) if not any(f"{path.stem}-".startswith(f"{o}-") for o in others)
        ]

    def owner(self, checkpoint: str) -> str | None:
        """The network of a bundled checkpoint, by its name; None where there is no such checkpoint."""
        path = bundled(checkpoint)
        return next((name for name in self.names() if path in self.bundled_for(name)), None)

    def cure(self, name: str) -> str:
        network = self.owner(name)
        if network is None:
            return super().cure(name)
        to_export = ", to export also --precision w8a8" if name == f"{network}-w8a8" else ""
        return (
            f"these are bundled weights of {network} (`edgeisp models {network}` shows them): give {network} and "
            f"--checkpoint {name}{to_export}"
        )


MODELS: Models[ModelCard] = Models(
    "model",
    {
        "metaisp": "edgeisp.models.metaisp:CARD",
        "metaisp-large": "edgeisp.models.metaisp:LARGE",
        "metaisp-npu": "edgeisp.models.metaisp_npu:CARD",
        "lwisp": "edgeisp.models.lwisp:CARD",
        "lwisp-denoise": "edgeisp.models.lwisp:PICTURE_CARD",
        "lwisp-denoise-raw": "edgeisp.models.lwisp:RAW_CARD",
        "metaisp-denoise": "edgeisp.models.metaisp:PICTURE_CARD",
        "posisp": "edgeisp.posisp.network:CARD",
    },
    group="edgeisp.models",
)
DEFAULT = "metaisp"
"""The network of whoever names none."""
