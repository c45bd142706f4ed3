"""A profiling run: what was named is opened and counted, a device measures it, outputs are judged, a report is made."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np

from edgeisp import __version__
from edgeisp.export.verification import parity_of
from edgeisp.profile import DEVICES, report
from edgeisp.profile.device import Answer, Device, Job, Plan
from edgeisp.profile.machine import machine
from edgeisp.profile.report import Measured, Measurement, Report, Settings, Subject, Wrong
from edgeisp.profile.subject import Described
from edgeisp.profile.thumbnails import thumbnails


@dataclass(frozen=True)
class Place:
    """One device that was reached."""

    kind: Device
    serial: str | None
    device: report.Device

    @property
    def name(self) -> str:
        """``host``, ``adb-R58M1234``: for files that are made for each place."""
        return "-".join([self.kind.name, *re.findall(r"[\w.]+", self.serial or "")])


def places(names: Sequence[str], plan: Plan) -> list[Place]:
    """What ``--on`` names: ``host``, ``adb``, ``adb:SERIAL``, ``adb:all``.

    Raises:
        BadInputError: no such device, or one that cannot do what ``plan`` wants.
        UnavailableError: it is not there.
    """
    meant = []
    for text in dict.fromkeys(names):
        name, _, serial = text.partition(":")
        kind = DEVICES.get(name)
        meant += [(kind, found) for found in kind.reach(serial or None, plan)]
    return [Place(kind, serial, kind.describe(serial)) for kind, serial in dict.fromkeys(meant)]


def run(
    subjects: Sequence[Described],
    reached: Sequence[Place],
    plan: Plan,
    *,
    budget_ms: float | None = None,
    advance: Callable[[int, str], None] = lambda steps, what: None,
) -> list[Report]:
    """Measure ``subjects`` in turns, in all places at once; a report for each.

    Args:
        subjects: from `edgeisp.profile.subject`.
        reached: where.
        plan: how.
        budget_ms: goes into the report; the caller judges it.
        advance: told of each finished round.
    """
    here, over = machine(), threading.Event()

    def told(steps: int, what: str) -> None:
        if over.is_set():
            raise KeyboardInterrupt
        advance(steps, what)

    def one(place: Place) -> Report:
        jobs = [Job(s.subject.name, s.path, s.engine, s.inputs) for s in subjects]
        answers = place.kind.measure(jobs, plan, place.serial, told)
        return Report(
            edgeisp=__version__,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            commit=_commit(),
            machine=here,
            device=place.device,
            settings=Settings(runs=plan.runs, warmup=plan.warmup, threads=plan.threads, budget_ms=budget_ms),
            subjects=tuple(
                _measured(described, found) for described, found in zip(subjects, answers, strict=True)
            ),
        )

    if len(reached) == 1:
        return [one(reached[0])]
    with ThreadPoolExecutor(len(reached)) as pool:
        waiting = [pool.submit(one, place) for place in reached]
        try:
            return [future.result() for future in waiting]
        except BaseException:
            over.set()  # each ends after the call it is at, and cleans up
            raise


def _measured(described: Described, answers: Sequence[Answer]) -> Subject:
    judged = [_judged(described, answer) for answer in answers]
    measurements = tuple(
        Measurement(
            function=answer.function,
            engine=answer.engine,
            ran_on=answer.ran_on,
            threads=answer.threads,
            outcome=answer.outcome,
        )
        for answer in judged
    )
    tiles = [answer.outputs for answer in answers if answer.function == "tile" and answer.outputs]
    pictures = thumbnails(tiles[0], (described.expected or {}).get("tile")) if tiles else ()
    return msgspec.structs.replace(described.subject, measurements=measurements, thumbnails=pictures)


def _judged(described: Described, answer: Answer) -> Answer:
    """The answer with its parity, or as wrong where its outputs are not those of PyTorch."""
    expected = (described.expected or {}).get(answer.function)
    if expected is None or answer.outputs is None or not isinstance(answer.outcome, Measured):
        return answer
    parity = parity_of([(answer.outputs[name], np.asarray(wanted)) for name, wanted in expected.items()])
    limit = described.threshold_db
    outcome: report.Outcome = msgspec.structs.replace(answer.outcome, parity=parity)
    if not parity.psnr_db >= limit:
        outcome = Wrong(parity=parity, threshold_db=limit)
    return dataclasses.replace(answer, outcome=outcome)


def _commit() -> str | None:
    """Of the checkout that the command runs in; None outside of one."""
    try:
        said = subprocess.run(
            ["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10, cwd=Path.cwd()
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return said.stdout.strip() or None if said.returncode == 0 else None
