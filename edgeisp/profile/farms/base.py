"""What a device farm does for us: lists phones, takes a task, says how far it is, hands over what it measured."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edgeisp.engines.base import Tensors
from edgeisp.errors import UnavailableError
from edgeisp.export.records import Function
from edgeisp.files import sha256
from edgeisp.profile.device import Plan
from edgeisp.profile.report import Operator


class RefusedError(UnavailableError):
    """The farm does not know us: no token, or not a good one."""


class QuotaError(UnavailableError):
    """The farm would do it for money or another day."""


class CutError(UnavailableError):
    """The network, or the farm itself, did not answer; it may the next time."""


@dataclass(frozen=True)
class Task:
    """One function of one artifact on one phone of a farm."""

    name: str
    path: Path
    """The file that holds the function."""
    function: str
    entry: Function
    inputs: Tensors
    phone: str
    threads: int
    runs: int
    warmup: int
    apks: tuple[Path, ...] = ()
    """App and test package for farms that run apps."""

    @property
    def key(self) -> str:
        """The same for the same work, so that a killed run finds its job again."""
        values = b"".join(np.ascontiguousarray(value).tobytes() for value in self.inputs.values())
        parts = (
            sha256(self.path),
            self.function,
            self.phone,
            str(self.threads),
            str(self.runs),
            str(self.warmup),
        )
        apks = tuple(sha256(apk) for apk in self.apks)
        return hashlib.sha256(repr((parts, apks)).encode() + values).hexdigest()[:24]


@dataclass(frozen=True)
class Progress:
    """How far a job is."""

    what: str
    """The farm's word for it."""
    over: bool = False
    failed: str | None = None
    """Where it is over without a result: why."""


@dataclass(frozen=True)
class Fetched:
    """What a farm measured; times in ms, memory in bytes."""

    ran_on: str
    load_ms: float | None
    first_ms: float
    samples_ms: tuple[float, ...]
    idle_bytes: int | None
    peak_bytes: int | None
    operators: tuple[Operator, ...] = ()
    outputs: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)


class Farm(Protocol):
    """A device farm. Farms are frozen module-level objects; every call may raise one of the errors above."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    def missing(self) -> str | None:
        """What keeps it from being used here (a package, a token), with the cure after a colon. Cheap, no network."""
        ...

    def ready(self, plan: Plan) -> None:
        """Raises: UnavailableError, BadInputError: ``plan`` lacks what the farm needs. Cheap, no network."""
        ...

    def phones(self) -> list[str]:
        """Names of its phones."""
        ...

    def check(self, task: Task) -> None:
        """Raises: UnavailableError: it cannot run this file."""
        ...

    def submit(self, task: Task) -> str:
        """Upload and start; the job's name at the farm."""
        ...

    def poll(self, job: str) -> Progress: ...

    def fetch(self, job: str, task: Task) -> Fetched: ...


def token(variable: str, service: str) -> str | None:
    """A secret from the environment, else from the system's keyring (``keyring set edgeisp SERVICE``)."""
    if given := os.environ.get(variable):
        return given
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return None
    try:
        kept: str | None = keyring.get_password("edgeisp", service)
    except KeyringError:
        return None
    return kept


def without(text: object, *secrets: str | None) -> str:
    """``text`` on one line, and no secret in it."""
    shown = " ".join(str(text).split())
    for secret in filter(None, secrets):
        shown = shown.replace(secret, "***")
    return shown[:300]
