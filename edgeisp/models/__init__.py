"""The networks. ``MODELS`` is the one list of them; other packages add theirs by the entry point ``edgeisp.models``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeisp.registry import Registry, T

if TYPE_CHECKING:
    from edgeisp.models.card import ModelCard


class Models(Registry[T]):
    """Networks by name. Bundled weights have names too, and are told from networks."""

    def cure(self, name: str) -> str:
        from edgeisp.checkpoints import owner

        network = owner(name)
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
