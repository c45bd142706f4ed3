"""The networks. ``MODELS`` is the one list of them; other packages add theirs by the entry point ``edgeisp.models``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeisp.registry import Registry

if TYPE_CHECKING:
    from edgeisp.models.card import ModelCard

MODELS: Registry[ModelCard] = Registry(
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
