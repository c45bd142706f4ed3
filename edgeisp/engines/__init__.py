"""The runtimes of this host. ``ENGINES`` is the one list; other packages add theirs through ``edgeisp.engines``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeisp.registry import Registry

if TYPE_CHECKING:
    from edgeisp.engines.base import Engine

ENGINES: Registry[Engine] = Registry(
    "engine",
    {
        "torch": "edgeisp.engines.torch:ENGINE",
        "tflite": "edgeisp.engines.tflite:ENGINE",
        "executorch": "edgeisp.engines.executorch:ENGINE",
        "onnx": "edgeisp.engines.onnx:ENGINE",
        "coreml": "edgeisp.engines.coreml:ENGINE",
        "mil": "edgeisp.engines.mil:ENGINE",
        "tflite-runtime": "edgeisp.engines.tflite_runtime:ENGINE",
    },
    group="edgeisp.engines",
)
