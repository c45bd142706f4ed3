"""The device ``adb``: artifacts on phones, by native runners, with what they computed beside how long they took."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edgeisp.errors import EdgeISPError
from edgeisp.export import manifest
from edgeisp.export.manifest import Function, Tensor
from edgeisp.profile import report, runners
from edgeisp.profile.adb.bench import Bench, Call, Chunk, bench
from edgeisp.profile.adb.failures import Failure
from edgeisp.profile.adb.phone import STATES, Dropped, Phone, choose, client, listed
from edgeisp.profile.device import Answer, Found, Job, Outputs, Plan
from edgeisp.profile.report import Died, Measured, NotMeasured

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
                turns = [
                    _Turn(job, function, threads, abi)
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
    chunks: list[Chunk] = field(default_factory=list)
    end: NotMeasured | Died | None = None

    def run(self, place: Bench, runs: int, warmup: int) -> None:
        """A few runs in one process; nothing when it is over with this one."""
        if self.end is not None:
            return
        try:
            self.chunks.append(place.run(self._call(runs, warmup)))
        except EdgeISPError as error:
            self.end = NotMeasured(reason=str(error))
        except Failure as failure:
            self.end = Died(cause=failure.cause, said=failure.said)

    def answer(self) -> Answer:
        engine, ran_on, outputs = self._engine(), "", None
        outcome: report.Outcome = self.end or NotMeasured(reason="it was never run")
        if self.end is None and self.chunks:
            first = self.chunks[0]
            ran_on = f"{first.timed.runtime}, {self.abi}; {self.chunks[-1].watch}"
            outcome = Measured(
                load_ms=first.timed.load_ms,
                first_ms=first.timed.first_ms,
                samples_ms=tuple(ms for chunk in self.chunks for ms in chunk.timed.samples_ms),
                idle_bytes=first.timed.idle_bytes,
                peak_bytes=max(chunk.timed.peak_bytes for chunk in self.chunks),
                parity=None,
            )
            try:
                outputs = self._outputs(self.chunks[-1])
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
        runtime = runners.runtime_of(self.job.path)
        abi = runners.abi_of(self.abi)
        bundle = runners.find(runtime, abi)
        given = self.job.inputs[self.function]
        entry = self._entry()
        return Call(
            files=(*sorted(bundle.iterdir()), self.job.path),
            loader=abi.loader if (bundle / abi.loader).is_file() else None,
            artifact=self.job.path.name,
            function=self.function,
            inputs=tuple((port.name, stored(given[port.name], port).tobytes()) for port in entry.inputs),
            threads=self.threads,
            runs=runs,
            warmup=warmup,
        )

    def _outputs(self, chunk: Chunk) -> Outputs:
        """Raises: ValueError: another number of outputs, or of values, than the manifest says."""
        ports = self._entry().outputs
        names = [name or port.name for name, port in zip(chunk.timed.outputs, ports, strict=True)]
        by_name = {port.name: port for port in ports}
        return {
            name: real(raw, by_name[name])
            for name, raw in zip(names, chunk.outputs, strict=True)
            if name in by_name
        }


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


def stored(value: NDArray[np.float32], port: Tensor) -> NDArray[np.generic]:
    """Values as the artifact wants them: quantized where the manifest says so."""
    if port.quantization is None:
        return np.ascontiguousarray(value, np.dtype(port.dtype))
    limits = np.iinfo(port.dtype)
    scaled = np.round(value / port.quantization.scale) + port.quantization.zero_point
    return np.clip(scaled, limits.min, limits.max).astype(port.dtype)


def real(raw: bytes, port: Tensor) -> NDArray[np.float32]:
    """Raises: ValueError: not as many values as the shape has."""
    values = np.frombuffer(raw, np.dtype(port.dtype)).reshape(port.shape).astype(np.float32)
    if port.quantization is None:
        return values
    return (values - np.float32(port.quantization.zero_point)) * np.float32(port.quantization.scale)


def _gone(phone: Phone, error: Dropped) -> EdgeISPError:
    from edgeisp.errors import UnavailableError

    return UnavailableError(
        f"the phone does not answer ({error})", where=phone.serial, cure="plug it in again"
    )


DEVICE = AdbDevice()
