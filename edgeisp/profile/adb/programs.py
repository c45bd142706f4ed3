"""What runs an artifact on a phone: our runners, or the runtimes' own tools where the user has built them.

A program is told its call on a command line inside a folder that holds the artifact and ``in.0``, ``in.1``, ... It is
asked afterwards what it timed and computed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np

from edgeisp.export.records import Function
from edgeisp.profile.adb.failures import REFUSED, Failure
from edgeisp.profile.adb.phone import Said, quoted


class Timed(msgspec.Struct, frozen=True):
    """The line of JSON that our runners print; times in ms, memory in bytes."""

    runtime: str
    threads: int
    load_ms: float | None
    first_ms: float
    samples_ms: tuple[float, ...]
    idle_bytes: int | None
    peak_bytes: int | None
    outputs: tuple[str | None, ...]
    """Names; null where the format has none and their order is the call's."""


@dataclass(frozen=True)
class Call:
    """What to run, and how often."""

    artifact: Path
    function: str
    entry: Function
    inputs: tuple[tuple[str, bytes], ...]
    """Raw values by name, in call order."""
    threads: int
    runs: int
    warmup: int


Pull = Callable[[str], bytes]
"""The content of a file, by its path in the call's folder or an absolute one."""


class Program(Protocol):
    """Programs are frozen: two equal ones share what was pushed for them."""

    @property
    def files(self) -> tuple[Path, ...]:
        """What it needs on the phone beside the artifact; the first calls of a run push it."""
        ...

    @property
    def refused(self) -> Mapping[int, str]:
        """What its own exit statuses mean that another try would not change."""
        ...

    def start(self, place: str, call: Call) -> str:
        """The command line, for a shell in the folder ``place``; it is ended when it takes too long."""
        ...

    def result(self, said: Said, call: Call, pull: Pull) -> tuple[Timed, tuple[bytes, ...]]:
        """What it measured and the raw outputs in their order.

        Raises:
            Failure: it ended well and did not say what it should.
        """
        ...

    def clean(self) -> tuple[str, ...]:
        """Command lines that end what runs elsewhere, and remove what is outside of our folder."""
        ...


@dataclass(frozen=True)
class Runner:
    """Ours, from ``edgeisp/profile/native``."""

    files: tuple[Path, ...]
    loader: str | None
    """The dynamic loader that travels along, for a runner that is not linked with Android's C library."""
    refused: Mapping[int, str] = field(default_factory=lambda: REFUSED, compare=False)

    def start(self, place: str, call: Call) -> str:
        loader = [f"./{self.loader}", "--library-path", "."] if self.loader else []
        ports = [f"{name}=in.{index}" for index, (name, _) in enumerate(call.inputs)]
        words = [call.artifact.name, call.function, "out", call.runs, call.warmup, call.threads, *ports]
        return f"LD_LIBRARY_PATH=. exec {quoted([*loader, './runner', *map(str, words)])}"

    def result(self, said: Said, call: Call, pull: Pull) -> tuple[Timed, tuple[bytes, ...]]:
        try:
            timed = msgspec.json.decode(said.out.strip().splitlines()[-1], type=Timed)
        except (msgspec.DecodeError, IndexError) as error:
            raise Failure("the runner's answer cannot be read", said.out[-200:] or str(error)) from error
        return timed, tuple(pull(f"out.{k}") for k in range(len(timed.outputs)))

    def clean(self) -> tuple[str, ...]:
        return ()


@dataclass(frozen=True)
class UsersOwn:
    """What every tool of the user's own has in common: one binary with options of the form ``--name=value``."""

    binary: Path
    refused: Mapping[int, str] = field(default_factory=dict, compare=False)

    @property
    def files(self) -> tuple[Path, ...]:
        return (self.binary,)

    def words(self, options: Mapping[str, object]) -> str:
        """The command line with ``options``, for a shell."""
        return quoted([f"./{self.binary.name}", *(f"--{name}={value}" for name, value in options.items())])

    def clean(self) -> tuple[str, ...]:
        return ()


@dataclass(frozen=True)
class BenchmarkModel(UsersOwn):
    """TensorFlow Lite's ``benchmark_model``.

    It prints the mean of its runs and no single times, so each timed run is a process of its own, after its warm-up.
    Its outputs lie in one file, in the order of the signature's subgraph.
    """

    def start(self, place: str, call: Call) -> str:
        inputs, _ = _signature(call)
        given = {name: f"in.{index}" for index, (name, _) in enumerate(call.inputs)}
        shapes = {port.name: ",".join(map(str, port.shape)) for port in call.entry.inputs}
        options = {
            "graph": call.artifact.name,
            "signature_to_run_for": call.function,
            "num_threads": call.threads or 1,
            "num_runs": 1,
            "warmup_runs": 1 + call.warmup,
            "min_secs": 0,
            "warmup_min_secs": 0,
            "input_layer": ",".join(tensor for tensor, _ in inputs),
            "input_layer_shape": ":".join(shapes[port] for _, port in inputs),
            "input_layer_value_files": ",".join(
                f"{tensor.replace(':', '::')}:{given[port]}" for tensor, port in inputs
            ),
            "output_filepath": "out",
            "report_peak_memory_footprint": "true",
        }
        words = self.words(options)
        again = " ".join(map(str, range(call.runs)))
        return f"for run in {again}; do LD_LIBRARY_PATH=. {words} 2>&1 || exit $?; done"

    def result(self, said: Said, call: Call, pull: Pull) -> tuple[Timed, tuple[bytes, ...]]:
        number = r"([\d.]+(?:e[+-]?\d+)?)"
        timings = re.findall(
            rf"Init: {number}, First inference: {number}, .*Inference \(avg\): {number}", said.out
        )
        if len(timings) != call.runs:
            raise Failure("benchmark_model's answer cannot be read", said.out[-200:])
        load, first, _ = (float(word) / 1e3 for word in timings[0])
        peak = re.findall(rf"[Pp]eak memory footprint \(MB\)[^:]*: {number}", said.out)
        timed = Timed(
            runtime=self.binary.name,
            threads=call.threads or 1,
            load_ms=load,
            first_ms=first,
            samples_ms=tuple(float(words[2]) / 1e3 for words in timings),
            idle_bytes=None,
            peak_bytes=int(max(map(float, peak)) * 1e6) if peak else None,
            outputs=_signature(call)[1],
        )
        ports = {port.name: port for port in call.entry.outputs}
        sizes = [prod(ports[n].shape) * np.dtype(ports[n].dtype).itemsize for n in timed.outputs if n]
        return timed, _split(pull("out"), sizes)


@dataclass(frozen=True)
class ExecutorRunner(UsersOwn):
    """ExecuTorch's ``executor_runner``, of a version that prints each iteration's time and knows ``--method_name``."""

    def start(self, place: str, call: Call) -> str:
        options = {
            "model_path": call.artifact.name,
            "method_name": call.function,
            "inputs": ",".join(f"in.{index}" for index in range(len(call.inputs))),
            "output_file": "out",
            "print_output": "none",
            "num_executions": 1 + call.warmup + call.runs,
            "cpu_threads": call.threads or -1,
        }
        words = self.words(options)
        log = "logcat -d -t 2000 -s ExecuTorch 2>/dev/null"  # where a build for Android says it
        return f"LD_LIBRARY_PATH=. {words} 2>&1; status=$?; {log}; exit $status"

    def result(self, said: Said, call: Call, pull: Pull) -> tuple[Timed, tuple[bytes, ...]]:
        wanted = 1 + call.warmup + call.runs
        times = [float(ms) for ms in re.findall(rf"Iteration \d+ of {wanted}: ([\d.]+) ms", said.out)]
        if len(times) < wanted:
            raise Failure(
                "executor_runner's answer cannot be read",
                f"{len(times)} of {wanted} iterations are timed; older ones print only their sum",
                again=False,
            )
        times = times[-wanted:]
        loaded = re.findall(r"Model loaded in ([\d.]+) ms", said.out)
        timed = Timed(
            runtime=self.binary.name,
            threads=call.threads,
            load_ms=float(loaded[-1]) if loaded else None,
            first_ms=times[0],
            samples_ms=tuple(times[1 + call.warmup :]),
            idle_bytes=None,
            peak_bytes=None,
            outputs=(None,) * len(call.entry.outputs),
        )
        return timed, tuple(pull(f"out-{k}.bin") for k in range(len(timed.outputs)))


def _signature(call: Call) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Of a TFLite file's subgraph, in its own order: tensor and port of each input, port of each output."""
    from edgeisp.export.tflite_file import ports

    return ports(call.artifact.read_bytes(), call.function)


def _split(content: bytes, sizes: list[int]) -> tuple[bytes, ...]:
    if len(content) != sum(sizes):
        raise Failure(
            "its outputs are not those of the function",
            f"{len(content)} bytes, {sum(sizes)} wanted",
            again=False,
        )
    ends = np.cumsum(sizes)
    return tuple(content[end - size : end] for end, size in zip(ends, sizes, strict=True))
