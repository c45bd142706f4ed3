"""What a policy works for. ``TASKS`` is the one list; other packages add to it by the entry point ``edgeisp.tasks``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeisp.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgeisp.training.tasks.base import DownstreamTask, TaskOptions

TASKS: Registry[Callable[[TaskOptions], DownstreamTask]] = Registry(
    "task",
    {
        "enhance": "edgeisp.training.tasks.enhance:Enhance",
        "detect": "edgeisp.training.tasks.recognition:Detect",
        "segment": "edgeisp.training.tasks.recognition:Segment",
        "classify": "edgeisp.training.tasks.recognition:Classify",
    },
    group="edgeisp.tasks",
)
"""Functions (or classes) that make a task from its options."""
