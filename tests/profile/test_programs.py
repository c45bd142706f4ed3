"""What tools of the user's own say, read without a phone."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeisp.export.records import Function, Tensor
from edgeisp.profile.adb.failures import Failure
from edgeisp.profile.adb.phone import Said
from edgeisp.profile.adb.programs import Call, ExecutorRunner


@pytest.fixture
def call() -> Call:
    """One warm-up and two runs of a function with one output."""
    rgb = Tensor(name="rgb", shape=(1, 3, 2, 2))
    function = Function(file="net.pte", inputs=(), outputs=(rgb,))
    return Call(Path("net.pte"), "tile", function, (), threads=1, runs=2, warmup=1)


def iterations(count: int) -> str:
    return "".join(f"Iteration {k + 1} of {count}: {k + 1}.5 ms\n" for k in range(count))


def test_executor_runner_says_each_iteration_and_when_it_loaded(call: Call) -> None:
    said = Said(0, f"Model loaded in 3.25 ms.\n{iterations(4)}", "")
    timed, _ = ExecutorRunner(Path("executor_runner")).result(said, call, lambda name: b"")
    assert (timed.load_ms, timed.first_ms, timed.samples_ms) == (3.25, 1.5, (3.5, 4.5))


def test_load_time_is_unknown_when_executor_runner_does_not_say_it(call: Call) -> None:
    timed, _ = ExecutorRunner(Path("executor_runner")).result(
        Said(0, iterations(4), ""), call, lambda name: b""
    )
    assert timed.load_ms is None


def test_older_executor_runner_is_refused_when_it_prints_no_iterations(call: Call) -> None:
    with pytest.raises(Failure, match="answer cannot be read"):
        ExecutorRunner(Path("executor_runner")).result(Said(0, "ok", ""), call, lambda name: b"")
