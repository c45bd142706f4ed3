"""What can measure: this host, and through other files phones and device farms. One file each.

A device is handed jobs and answers with times *and outputs*; whether the outputs are right is judged in one place for
all devices, `edgeisp.profile.session`, before any time is believed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edgeisp.engines.base import Tensors
from edgeisp.profile import report

Outputs = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Job:
    """One artifact or checkpoint to be measured."""

    name: str
    path: Path
    engine: str | None
    """What the user wants it run by; None: whatever the device runs such files with."""
    inputs: Mapping[str, Tensors]
    """By function, then by input."""


@dataclass(frozen=True)
class Plan:
    """How to measure."""

    threads: tuple[int, ...] = (0,)
    """Numbers of threads to try, 0 for the runtime's own choice."""
    runs: int = 20
    warmup: int = 2
    operators: bool = True
    """Ask the runtimes' own profilers as well, in a run apart."""
    timeout: float = 600
    """Seconds after which a call that does not answer is given up."""
    apks: tuple[Path, ...] = ()
    """The benchmark app and its test package, for device farms that run apps; one may be both. Installed by adb."""
    runner: Path | None = None
    """The user's own ``benchmark_model`` or ``executor_runner``, for adb."""
    app: str | None = None
    """The app to be instrumented by adb: ``PACKAGE`` or ``PACKAGE/CLASS``."""


@dataclass(frozen=True)
class Answer:
    """A function of a job, measured: the outcome, and what it computed."""

    function: str
    engine: str
    ran_on: str
    threads: int
    outcome: report.Outcome
    outputs: Outputs | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Found:
    """Something that `edgeisp devices` can reach, or could."""

    name: str
    """What goes after ``--on``: ``host``, ``adb:SERIAL``."""
    what: str
    ready: bool
    cure: str | None = None
    """Where it is not ready: what to do about it."""


class Device(Protocol):
    """A kind of device. Devices are frozen module-level objects in the registry."""

    @property
    def name(self) -> str: ...

    def found(self) -> list[Found]:
        """What of this kind can be reached now. Cheap; never raises for what is merely absent."""
        ...

    def reach(self, serial: str | None, plan: Plan) -> list[str | None]:
        """The ones that are meant by what stands after ``--on NAME:``. Asked before any work.

        Raises:
            UnavailableError, BadInputError: none, or what ``plan`` wants cannot be done there.
        """
        ...

    def describe(self, serial: str | None) -> report.Device:
        """The one called ``serial``, or the only one there is.

        Raises:
            UnavailableError: none, or it does not answer.
            BadInputError: several, and no serial.
        """
        ...

    def measure(
        self, jobs: Sequence[Job], plan: Plan, serial: str | None, advance: Callable[[int, str], None]
    ) -> list[list[Answer]]:
        """The answers for each job. Jobs take turns, so that a slow phase of the device hits all alike.

        Whatever goes wrong with one job is that job's outcome, never an exception.
        """
        ...
