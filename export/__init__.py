"""From a checkpoint to a verified artifact.

``TARGETS`` is the one list of formats; other packages add theirs through the entry point ``edgeisp.targets``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeisp.registry import Registry

if TYPE_CHECKING:
    from edgeisp.export.target import Target

TARGETS: Registry[Target] = Registry(
    "target",
    {
        "coreml": "edgeisp.export.coreml:TARGET",
        "tflite": "edgeisp.export.tflite:TARGET",
        "executorch": "edgeisp.export.executorch:TARGET",
        "onnx": "edgeisp.export.onnx:TARGET",
    },
    group="edgeisp.targets",
)
