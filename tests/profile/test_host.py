"""The device host, with real processes and runtimes, on an artifact of a few kilobytes."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from edgeisp.errors import BadInputError, UnavailableError
from edgeisp.export import TARGETS
from edgeisp.export.rewrites import prepare
from edgeisp.models.functions import Function
from edgeisp.profile import DEVICES
from edgeisp.profile.device import Answer, Job, Plan
from edgeisp.profile.host import DEVICE, engine_for
from edgeisp.profile.report import Died, Measured, NotMeasured
from edgeisp.quantize.precision import parse_precision

FAST = Plan(threads=(1,), runs=3, warmup=1)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, countable: Function) -> dict[str, Path]:
    """One file for each runtime of this host, with the description that engines look for."""
    ports = [
        {"name": name, "shape": shape, "dtype": "float32"}
        for name, shape in (*countable.inputs.items(), *countable.outputs.items())
    ]
    about = {"functions": {"tile": {"file": "net", "inputs": ports[:1], "outputs": ports[1:]}}}
    made = {}
    for name in ("tflite", "onnx", "executorch"):
        target = TARGETS.get(name)
        if target.missing():
            continue
        path = tmp_path_factory.mktemp(name) / f"net{target.suffix}"
        ready = prepare(countable, target.rewrites).function
        text = msgspec.json.encode(about).decode()
        target.convert({"tile": ready}, path, parse_precision("fp32"), {"edgeisp": text})
        made[name] = path
    return made


def job(path: Path, countable: Function) -> Job:
    raw = np.random.default_rng(0).random(countable.inputs["raw"], np.float32)
    return Job(path.name, path, None, {"tile": {"raw": raw}})


def measure(*jobs: Job, plan: Plan = FAST) -> list[Answer]:
    answers = DEVICE.measure(jobs, plan, None, lambda steps, what: None)
    return [answer for found in answers for answer in found]


def test_every_runtime_is_timed_and_profiled_and_computes_the_same(
    files: dict[str, Path], countable: Function
) -> None:
    answers = measure(*(job(path, countable) for path in files.values()))
    assert [answer.engine for answer in answers] == list(files)
    for answer in answers:
        outcome = answer.outcome
        assert isinstance(outcome, Measured), outcome
        assert len(outcome.samples_ms) == FAST.runs
        assert outcome.load_ms > 0
        assert outcome.first_ms > 0
        assert outcome.peak_bytes >= outcome.idle_bytes > 1e6  # type: ignore[operator]
        kinds = " ".join(row.kind.lower() for row in outcome.operators)
        assert "conv" in kinds, (answer.engine, outcome.operators_by)
        assert outcome.operators == tuple(sorted(outcome.operators, key=lambda row: -row.ms))
        assert answer.outputs is not None
        np.testing.assert_allclose(answer.outputs["rgb"], answers[0].outputs["rgb"], atol=1e-5)  # type: ignore[index]
    told = {a.engine: {row.delegated for row in a.outcome.operators} for a in answers}  # type: ignore[union-attr]
    assert told.get("tflite", {True}) == {True}
    assert True in told.get("executorch", {True})
    assert told.get("onnx", {None}) == {None}


def test_what_no_runtime_opens_is_not_measured(tmp_path: Path, countable: Function) -> None:
    (answer,) = measure(job(tmp_path / "net.xyz", countable))
    assert isinstance(answer.outcome, NotMeasured)
    assert "no runtime" in answer.outcome.reason
    with pytest.raises(UnavailableError, match=r"coreml does not open \.onnx files"):
        engine_for(tmp_path / "net.onnx", "coreml")


def test_damaged_file_is_an_outcome_and_the_others_go_on(
    tmp_path: Path, files: dict[str, Path], countable: Function
) -> None:
    broken = tmp_path / "net.onnx"
    broken.write_bytes(b"broken")
    plan = Plan(threads=(1,), runs=2, warmup=0, operators=False)
    bad, good = measure(job(broken, countable), job(files["onnx"], countable), plan=plan)
    assert isinstance(bad.outcome, NotMeasured)
    assert isinstance(good.outcome, Measured)


def test_killed_process_is_an_outcome(
    monkeypatch: pytest.MonkeyPatch, files: dict[str, Path], countable: Function
) -> None:
    from edgeisp import child

    real = child.conversation
    monkeypatch.setattr(child, "conversation", lambda function, *args: real("os:abort"))
    (answer,) = measure(job(files["onnx"], countable))
    assert answer.outcome == Died(cause="SIGABRT", said="it said nothing")


def test_host_is_one_machine() -> None:
    assert DEVICES.get("host").found()[0].ready
    with pytest.raises(BadInputError, match="no 'emulator'"):
        DEVICE.reach("emulator", Plan())
    with pytest.raises(BadInputError, match="no device is called 'hosst'"):
        DEVICES.get("hosst")
