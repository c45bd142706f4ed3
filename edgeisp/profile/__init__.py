"""What a network and its artifacts cost: counted on graphs and files, measured on devices, estimated for chips.

``DEVICES`` is the one list of what can measure; other packages add theirs by the entry point ``edgeisp.devices``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeisp.registry import Registry

if TYPE_CHECKING:
    from edgeisp.profile.device import Device

DEVICES: Registry[Device] = Registry(
    "device",
    {
        "host": "edgeisp.profile.host:DEVICE",
        "adb": "edgeisp.profile.adb.device:DEVICE",
        "qai-hub": "edgeisp.profile.farms.qai_hub:DEVICE",
        "aws": "edgeisp.profile.farms.aws:DEVICE",
        "firebase": "edgeisp.profile.farms.firebase:DEVICE",
    },
    group="edgeisp.devices",
)
