"""A farm as a device: submits all jobs, waits for them together, and finds them again after a kill."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeisp.errors import BadInputError, EdgeISPError, UnavailableError
from edgeisp.export import manifest
from edgeisp.files import cache_folder, whole
from edgeisp.profile import report
from edgeisp.profile.device import Answer, Found, Job, Plan
from edgeisp.profile.farms.base import CutError, Farm, Task
from edgeisp.profile.report import Died, Measured, NotMeasured
from edgeisp.registry import did_you_mean

CUTS = 5
"""Answers that may fail to come in a row before we stop asking."""
SECONDS = float(os.environ.get("EDGEISP_FARM_SECONDS", "15"))
"""Between two questions about a job."""
SHOWN = 8


@dataclass(frozen=True)
class FarmDevice:
    """All phones of one farm; the serial is a phone's name there."""

    farm: Farm

    @property
    def name(self) -> str:
        return self.farm.name

    def found(self) -> list[Found]:
        if lack := self.farm.missing():
            what, _, cure = lack.partition(": ")
            return [Found(self.name, what, False, cure)]
        try:
            phones = self.farm.phones()
        except EdgeISPError as error:
            return [Found(self.name, error.what, False, error.cure)]
        return [Found(f"{self.name}:{phone}", f"at {self.farm.title}", True) for phone in phones]

    def reach(self, serial: str | None, plan: Plan) -> list[str | None]:
        self.farm.ready(plan)
        if plan.app or plan.runner:
            raise BadInputError(
                f"{self.farm.title} runs what it is given",
                where="--app, --runner",
                cure="they are for --on adb",
            )
        if lack := self.farm.missing():
            what, _, cure = lack.partition(": ")
            raise UnavailableError(what, where=f"--on {self.name}", cure=cure)
        phones = self.farm.phones()
        if serial is None:
            some = ", ".join(f"'{self.name}:{phone}'" for phone in phones[:SHOWN])
            raise BadInputError(
                f"{len(phones)} phones at {self.farm.title}",
                where=f"--on {self.name}",
                cure=f"name one: {some}",
            )
        if serial not in phones:
            raise BadInputError(
                f"no phone {serial!r} at {self.farm.title}", cure=did_you_mean(serial, phones[:SHOWN])
            )
        return [serial]

    def describe(self, serial: str | None) -> report.Device:
        assert serial is not None
        return report.Device(kind=self.name, name=serial, system=self.farm.title, serial=serial)

    def measure(
        self, jobs: Sequence[Job], plan: Plan, serial: str | None, advance: Callable[[int, str], None]
    ) -> list[list[Answer]]:
        waits = [
            _Wait(self.farm, job, function, threads, plan, serial or "")
            for job in jobs
            for threads in plan.threads
            for function in job.inputs
        ]
        for wait in waits:
            advance(0, f"{self.farm.title}: {wait.job.name} {wait.function}")
            wait.begin()
        while open_ := [wait for wait in waits if wait.answer is None]:
            for wait in open_:
                wait.look()
                advance(plan.runs if wait.answer else 0, f"{self.farm.title}: {wait.function} {wait.what}")
            if any(wait.answer is None for wait in waits):
                time.sleep(SECONDS)
        return [[wait.answer for wait in waits if wait.job is job and wait.answer] for job in jobs]


class _Wait:
    """One task from its submission to its answer; the job's name lies in the cache until then."""

    def __init__(self, farm: Farm, job: Job, function: str, threads: int, plan: Plan, phone: str) -> None:
        self.farm, self.job, self.function, self.threads, self.plan = farm, job, function, threads, plan
        self.phone, self.what, self.cuts = phone, "submitted", 0
        self.task: Task | None = None
        self.id = ""
        self.answer: Answer | None = None

    def begin(self) -> None:
        """Submit, unless a run before us did."""
        try:
            self.task = self._task()
            self.farm.check(self.task)
            self.id = self._remembered()
            if not self.id:
                self.id = self.farm.submit(self.task)
                self._remember()
        except EdgeISPError as error:
            self._end(NotMeasured(reason=str(error)))

    def look(self) -> None:
        """Ask once; fetch if it is over."""
        assert self.task is not None
        try:
            progress = self.farm.poll(self.id)
            self.what, self.cuts = progress.what, 0
            if progress.failed:
                self._forget()
                self._end(Died(cause=f"{self.farm.title}: {progress.what}", said=progress.failed))
            elif progress.over:
                self._fetch(self.task)
        except CutError as error:
            self.cuts += 1
            if self.cuts >= CUTS:
                again = f"job {self.id} goes on without us; the same command again waits for it"
                self._end(NotMeasured(reason=f"{error}; {again}"))
        except EdgeISPError as error:
            self._forget()
            self._end(NotMeasured(reason=str(error)))

    def _fetch(self, task: Task) -> None:
        found = self.farm.fetch(self.id, task)
        self._forget()
        outcome = Measured(
            load_ms=found.load_ms,
            first_ms=found.first_ms,
            samples_ms=found.samples_ms,
            idle_bytes=found.idle_bytes,
            peak_bytes=found.peak_bytes,
            parity=None,
            operators=found.operators,
            operators_by=self.farm.title if found.operators else "",
        )
        outputs = dict(found.outputs) or None
        self.answer = Answer(self.function, self.farm.name, found.ran_on, self.threads, outcome, outputs)

    def _end(self, outcome: NotMeasured | Died) -> None:
        self.answer = Answer(self.function, self.farm.name, self.phone, self.threads, outcome)

    def _task(self) -> Task:
        entry = manifest.read(self.job.path).functions[self.function]
        return Task(
            name=f"{self.job.name} {self.function}",
            path=self.job.path.with_name(entry.file),
            function=self.function,
            entry=entry,
            inputs=self.job.inputs[self.function],
            phone=self.phone,
            threads=self.threads,
            runs=self.plan.runs,
            warmup=self.plan.warmup,
            apks=self.plan.apks,
        )

    def _remembered(self) -> str:
        file = self._file()
        return str(json.loads(file.read_text())["job"]) if file.is_file() else ""

    def _remember(self) -> None:
        with whole(self._file()) as part:
            part.write_text(json.dumps({"farm": self.farm.name, "phone": self.phone, "job": self.id}))

    def _forget(self) -> None:
        self._file().unlink(missing_ok=True)

    def _file(self) -> Path:
        assert self.task is not None
        return cache_folder("farms") / self.farm.name / f"{self.task.key}.json"
