"""The device ``host``: every runtime of this machine, each artifact in a fresh process, all taking turns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from edgeisp import child
from edgeisp.engines import ENGINES
from edgeisp.errors import BadInputError, EdgeISPError, UnavailableError
from edgeisp.profile import machine, report
from edgeisp.profile.device import Answer, Found, Job, Outputs, Plan
from edgeisp.profile.report import Died, Measured, NotMeasured, Operator, threads_of
from edgeisp.profile.worker import Opened

NO_RUNTIME = ("mil",)
"""Engines that check what a file means; how long they take says nothing."""


@dataclass(frozen=True)
class HostDevice:
    """This machine."""

    name: str = "host"

    def found(self) -> list[Found]:
        here = machine.machine()
        return [Found("host", f"{here.processor}, {here.cores} cores, {here.system}", True)]

    def reach(self, serial: str | None, plan: Plan) -> list[str | None]:
        if serial is not None:
            raise BadInputError(
                f"this host is no {serial!r}", where="--on", cure="give `--on host`, without anything behind"
            )
        if plan.app or plan.runner or plan.apks:
            raise BadInputError(
                "this host runs no apps and no programs of phones",
                where="--app, --runner, --apk",
                cure="give --on adb, or a device farm",
            )
        return [None]

    def describe(self, serial: str | None) -> report.Device:
        macs, moved = child.call("edgeisp.profile.machine:roof")[0]
        here = machine.machine()
        return report.Device(
            kind="host",
            name=here.processor,
            system=here.system,
            peak_macs_per_second=macs,
            bytes_per_second=moved,
        )

    def measure(
        self, jobs: Sequence[Job], plan: Plan, serial: str | None, advance: Callable[[int, str], None]
    ) -> list[list[Answer]]:
        answers: list[list[Answer]] = [[] for _ in jobs]
        for threads in plan.threads:
            with ExitStack() as stack:
                turns = [_Turn(job, threads, plan, stack) for job in jobs]
                _take_turns(turns, plan, advance)
                for turn, found in zip(turns, answers, strict=True):
                    found += turn.answers()
        if plan.operators:
            for index, found in enumerate(answers):
                advance(0, f"{jobs[index].name}: operators")
                answers[index] = [_with_operators(jobs[index], answer, plan) for answer in found]
        return answers


@dataclass
class _Times:
    """What was measured of one function so far."""

    first: float | None = None
    samples: list[float] = field(default_factory=list)
    peak: int | None = None
    outputs: Outputs | None = None


class _Turn:
    """A job at one number of threads: its process, what it answered, and how it ended."""

    def __init__(self, job: Job, threads: int, plan: Plan, stack: ExitStack) -> None:
        self.job, self.threads, self.timeout = job, threads, plan.timeout
        self.engine, self.ran_on = job.engine or "", ""
        self.end: NotMeasured | Died | None = None
        self.times = {function: _Times() for function in job.inputs}
        self.opened: Opened | None = None
        try:
            self.engine = engine_for(job.path, job.engine)
            talk = child.conversation(
                "edgeisp.profile.worker:serve", self.engine, job.path, threads, dict(job.inputs)
            )
            self.talk = stack.enter_context(talk)
            opened: Opened = self.talk.receive(self.timeout)
            self.opened, self.ran_on = opened, opened.ran_on
        except (EdgeISPError, child.ChildDied) as error:
            self._ended(error)

    def run(self, function: str) -> float | None:
        """One run, in ms; None when it is over with this job."""
        if self.end is not None:
            return None
        times = self.times[function]
        try:
            elapsed: float = self.talk.send(("run", function), self.timeout)
        except (EdgeISPError, child.ChildDied) as error:
            self._ended(error)
            return None
        if times.first is None:
            times.first = elapsed
        return elapsed

    def finish(self, function: str) -> None:
        """Fetch what is asked once: memory first, for the outputs need some themselves."""
        if self.end is not None:
            return
        times = self.times[function]
        try:
            times.peak = self.talk.send(("memory", function), self.timeout)
            times.outputs = self.talk.send(("output", function), self.timeout)
        except (EdgeISPError, child.ChildDied) as error:
            self._ended(error)

    def answers(self) -> Iterator[Answer]:
        for function, times in self.times.items():
            outcome: report.Outcome
            if self.end is not None or self.opened is None or times.first is None:
                outcome = self.end or NotMeasured(reason="it was never run")
            else:
                outcome = Measured(
                    load_ms=self.opened.load_ms,
                    first_ms=times.first,
                    samples_ms=tuple(times.samples),
                    idle_bytes=self.opened.idle_bytes,
                    peak_bytes=times.peak,
                    parity=None,
                )
            yield Answer(function, self.engine, self.ran_on, self.threads, outcome, times.outputs)

    def _ended(self, error: Exception) -> None:
        if isinstance(error, child.ChildDied):
            self.end = Died(cause=error.cause, said=error.last_line)
        else:
            self.end = NotMeasured(reason=str(error))


def _take_turns(turns: Sequence[_Turn], plan: Plan, advance: Callable[[int, str], None]) -> None:
    """Function by function: warm-up, then rounds in which every job runs once, each round begun by another job."""
    for function in dict.fromkeys(name for turn in turns for name in turn.times):
        having = [turn for turn in turns if function in turn.times]
        for _ in range(plan.warmup):
            for turn in having:
                turn.run(function)
        for round_ in range(plan.runs):
            for place in range(len(having)):
                turn = having[(round_ + place) % len(having)]
                elapsed = turn.run(function)
                if elapsed is not None:
                    turn.times[function].samples.append(elapsed)
            advance(1, f"{function}, {threads_of(turns[0].threads)}")
        for turn in having:
            turn.finish(function)


def engine_for(path: Path, wanted: str | None) -> str:
    """The engine that runs ``path`` here.

    Raises:
        UnavailableError: none can, or the wanted one cannot.
    """
    names = [wanted] if wanted else [name for name in ENGINES.names() if name not in NO_RUNTIME]
    lacks = []
    for name in names:
        engine = ENGINES.get(name)
        if path.suffix in engine.suffixes:
            if (lack := engine.missing()) is None:
                return name
            lacks.append(lack)
    opens = f"{wanted} does not open" if wanted else "no runtime of this host opens"
    reason = lacks[0] if lacks else f"{opens} {path.suffix or 'such'} files"
    raise UnavailableError(reason, where=path)


def _with_operators(job: Job, answer: Answer, plan: Plan) -> Answer:
    """The answer with its runtime's own table of operators, from a process apart: profiling costs time."""
    import dataclasses

    import msgspec

    if not isinstance(answer.outcome, Measured):
        return answer
    try:
        (rows, by), _ = child.call(
            "edgeisp.profile.operators:table",
            answer.engine,
            job.path,
            answer.function,
            answer.threads,
            dict(job.inputs[answer.function]),
            min(plan.runs, 5),
            timeout=plan.timeout,
        )
    except (EdgeISPError, child.ChildDied) as error:
        rows, by = (), f"no table: {error}".splitlines()[0]
    operators: tuple[Operator, ...] = tuple(rows)
    outcome = msgspec.structs.replace(answer.outcome, operators=operators, operators_by=by)
    return dataclasses.replace(answer, outcome=outcome)


DEVICE = HostDevice()
