"""The device ``adb``: artifacts on phones, by native runners, with what they computed beside how long they took."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edgeisp.errors import BadInputError, EdgeISPError, UnavailableError
from edgeisp.export import manifest
from edgeisp.export.records import Function
from edgeisp.profile import report, runners
from edgeisp.profile.adb.app import Instrumentation
from edgeisp.profile.adb.bench import Bench, Chunk, bench
from edgeisp.profile.adb.failures import Failure
from edgeisp.profile.adb.phone import STATES, Dropped, Phone, choose, client, listed
from edgeisp.profile.adb.programs import BenchmarkModel, Call, ExecutorRunner, Program, Runner
from edgeisp.profile.device import Answer, Found, Job, Plan
from edgeisp.profile.report import Died, Measured, NotMeasured
from edgeisp.profile.values import named, stored

ALL = "all"
"""``--on adb:all``: every phone that is ready."""
ROUNDS = 3
"""In how many turns several jobs take their runs, each in a fresh process."""


@dataclass(frozen=True)
class AdbDevice:
    """Phones on adb, by cable or network."""

    name: str = "adb"

    def found(self) -> list[Found]:
        try:
            server = client()
            states = listed(server)
        except EdgeISPError as error:
            return [Found("adb", error.what, False, error.cure)]
        if not states:
            return [Found("adb", "no phone", False, "plug one in and switch USB debugging on")]
        return [self._found(serial, state) for serial, state in states.items()]

    def _found(self, serial: str, state: str) -> Found:
        name = f"adb:{serial}"
        if state != "device":
            return Found(name, state, False, STATES.get(state, "start Android on it"))
        try:
            phone = choose(serial)
            facts = phone.facts()
        except (EdgeISPError, Dropped) as error:
            return Found(name, str(error), False, "plug it in again")
        if facts.abi not in runners.ABIS:
            return Found(name, facts.what, False, f"runners are built for {', '.join(runners.ABIS)}")
        return Found(name, facts.what, True)

    def reach(self, serial: str | None, plan: Plan) -> list[str | None]:
        _check(plan)
        if serial != ALL:
            return [choose(serial).serial]
        ready: list[str | None] = [name for name, state in listed(client()).items() if state == "device"]
        if not ready:
            raise UnavailableError("no phone on adb is ready", cure="see `edgeisp devices`")
        return ready

    def describe(self, serial: str | None) -> report.Device:
        phone = choose(serial)
        try:
            facts = phone.facts()
        except Dropped as error:
            raise _gone(phone, error) from error
        return report.Device(kind="adb", name=facts.what, system=facts.system, serial=phone.serial)

    def measure(
        self, jobs: Sequence[Job], plan: Plan, serial: str | None, advance: Callable[[int, str], None]
    ) -> list[list[Answer]]:
        try:
            with bench(serial, plan.timeout) as place:
                abi = place.phone.facts().abi
                for apk in plan.apks if plan.app else ():
                    place.install(apk, Instrumentation.parse(plan.app or "").package)
                turns = [
                    _Turn(job, function, threads, abi, plan)
                    for job in jobs
                    for threads in plan.threads
                    for function in job.inputs
                ]
                _take_turns(place, turns, plan, len(jobs), advance)
        except (Failure, Dropped, EdgeISPError) as error:
            outcome = Died(cause="the phone cannot be used", said=str(error))
            return [[Answer(f, "", "", t, outcome) for t in plan.threads for f in job.inputs] for job in jobs]
        return [[turn.answer() for turn in turns if turn.job is job] for job in jobs]


@dataclass
class _Turn:
    """A function of a job at one number of threads, and what was measured of it so far."""

    job: Job
    function: str
    threads: int
    abi: str
    plan: Plan
    chunks: list[Chunk] = field(default_factory=list)
    end: NotMeasured | Died | None = None

    def run(self, place: Bench, runs: int, warmup: int) -> None:
        """A few runs in one process; nothing when it is over with this one."""
        if self.end is not None:
            return
        try:
            program = program_for(self.job.path, self.abi, self.plan)
            self.chunks.append(place.run(program, self._call(runs, warmup)))
        except EdgeISPError as error:
            self.end = NotMeasured(reason=str(error))
        except Failure as failure:
            self.end = Died(cause=failure.cause, said=failure.said)

    def answer(self) -> Answer:
        engine, ran_on, outputs = self._engine(), "", None
        outcome: report.Outcome = self.end or NotMeasured(reason="it was never run")
        if self.end is None and self.chunks:
            first = self.chunks[0]
            ran_on = f"{first.timed.runtime}, {self.abi}"
            outcome = Measured(
                load_ms=first.timed.load_ms,
                first_ms=first.timed.first_ms,
                samples_ms=tuple(ms for chunk in self.chunks for ms in chunk.timed.samples_ms),
                idle_bytes=first.timed.idle_bytes,
                peak_bytes=max(chunk.timed.peak_bytes or 0 for chunk in self.chunks) or None,
                parity=None,
                health=tuple(sample for chunk in self.chunks for sample in chunk.health),
            )
            try:
                outputs = named(self.chunks[-1].timed.outputs, self.chunks[-1].outputs, self._entry())
            except ValueError as error:
                outcome = Died(cause="its outputs are not those that the manifest names", said=str(error))
        return Answer(self.function, engine, ran_on, self.threads, outcome, outputs)

    def _engine(self) -> str:
        try:
            return runners.runtime_of(self.job.path).name
        except EdgeISPError:
            return self.job.engine or ""

    def _entry(self) -> Function:
        return manifest.read(self.job.path).functions[self.function]

    def _call(self, runs: int, warmup: int) -> Call:
        given, entry = self.job.inputs[self.function], self._entry()
        return Call(
            artifact=self.job.path,
            function=self.function,
            entry=entry,
            inputs=tuple((port.name, stored(given[port.name], port).tobytes()) for port in entry.inputs),
            threads=self.threads,
            runs=runs,
            warmup=warmup,
        )


def _take_turns(
    place: Bench, turns: Sequence[_Turn], plan: Plan, jobs: int, advance: Callable[[int, str], None]
) -> None:
    """Several jobs share the phone's good and bad moments: each does a part of its runs, then comes the next one."""
    rounds = min(ROUNDS, plan.runs) if jobs > 1 else 1
    done = 0
    for index in range(rounds):
        runs = plan.runs // rounds + (index < plan.runs % rounds)
        for turn in turns:
            advance(0, f"{place.phone.serial}: {turn.job.name} {turn.function}")
            turn.run(place, runs, plan.warmup)
        done += runs
        advance(runs, f"{place.phone.serial}: {done} of {plan.runs} runs")


def program_for(artifact: Path, abi: str, plan: Plan) -> Program:
    """What runs ``artifact`` on a phone: the user's app or tool, else our runner.

    Raises:
        UnavailableError: no runner for such files, or it is not built.
        BadInputError: not a processor that runners are built for, or not an app.
    """
    if plan.app is not None:
        return Instrumentation.parse(plan.app)
    runtime = runners.runtime_of(artifact)
    if plan.runner is not None:
        return TOOLS[runtime.name](plan.runner)
    kind = runners.abi_of(abi)
    bundle = runners.find(runtime, kind)
    own = (bundle / kind.loader).is_file()
    return Runner(tuple(sorted(bundle.iterdir())), kind.loader if own else None)


TOOLS: dict[str, Callable[[Path], Program]] = {"tflite": BenchmarkModel, "executorch": ExecutorRunner}
"""The runtimes' own tools, by the name of the runtime."""


def _check(plan: Plan) -> None:
    """Raises: BadInputError: options that do not go together, or files that are not there."""
    if plan.app and plan.runner:
        raise BadInputError("an app and a program", where="--app, --runner", cure="give one of them")
    if plan.app:
        Instrumentation.parse(plan.app)
    elif plan.apks:
        raise BadInputError("which app is it?", where="--apk", cure="name it: --app PACKAGE/CLASS")
    for file in (*plan.apks, *filter(None, (plan.runner,))):
        if not file.is_file():
            raise BadInputError("no such file", where=file, cure="check the path")


def _gone(phone: Phone, error: Dropped) -> EdgeISPError:
    return UnavailableError(
        f"the phone does not answer ({error})", where=phone.serial, cure="plug it in again"
    )


DEVICE = AdbDevice()
