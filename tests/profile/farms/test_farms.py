"""Device farms by their vendors' clients, against servers that hold every request against the vendors' schemas."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from server import Server

from edgeisp.errors import BadInputError, UnavailableError
from edgeisp.export import manifest
from edgeisp.export.records import Checkpoint, File, Function, Manifest, Tensor, Unverified
from edgeisp.files import sha256
from edgeisp.profile import DEVICES
from edgeisp.profile.device import Job, Plan
from edgeisp.profile.farms import device as waiting
from edgeisp.profile.farms.base import without
from edgeisp.profile.report import Died, Measured, NotMeasured

SHAPE = (1, 4, 8, 8)
SECRET = "s3cr3t-of-the-farm"
PHONES = {"aws": "Pixel 8", "firebase": "shiba-34"}


def phone(files: dict[str, bytes]) -> dict[str, bytes]:
    """The app on the phone: doubles its input, and says how long it took."""
    call = json.loads(files["call.json"])
    assert files[call["artifact"]] == b"an artifact"
    timed = {
        "runtime": "litert 2.3.0",
        "threads": call["threads"],
        "load_ms": 5.5,
        "first_ms": 9.0,
        "samples_ms": [3.0 + run for run in range(call["runs"])],
        "idle_bytes": 1000,
        "peak_bytes": 5000,
        "outputs": [None],
    }
    value = np.frombuffer(files["in.0"], np.float32) * 2
    return {"result.json": json.dumps(timed).encode(), "out.0": value.tobytes()}


@pytest.fixture(params=["aws", "firebase"])
def farm(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(farm: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(waiting, "SECONDS", 0.0)
    if farm == "aws":
        pytest.importorskip("boto3")
        from aws_server import AwsHandler as Handler

        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    else:
        pytest.importorskip("googleapiclient")
        from firebase_server import FirebaseHandler as Handler  # type: ignore[assignment]

        monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "p")
    made = Server(Handler)
    made.state["phone"] = phone
    monkeypatch.setenv({"aws": "EDGEISP_AWS_URL", "firebase": "EDGEISP_FIREBASE_URL"}[farm], made.url)
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def job(tmp_path: Path) -> Job:
    path = tmp_path / "net.tflite"
    path.write_bytes(b"an artifact")
    port = {"shape": SHAPE, "dtype": "float32"}
    entry = Function(
        file=path.name,
        inputs=(Tensor(name="raw", **port),),
        outputs=(Tensor(name="rgb", **port),),  # type: ignore[arg-type]
    )
    described = Manifest(
        model="net",
        target="tflite",
        precision="fp32",
        functions={"tile": entry},
        tile=(16, 16),
        stride=1,
        checkpoint=Checkpoint(name="none", sha256="0" * 64),
        costs={},
        rewrites={},
        tools={},
        files=(File(name=path.name, sha256=sha256(path), bytes=path.stat().st_size),),
        delegation={},
        verification=Unverified(reason="made by a test"),
    )
    manifest.write(described, manifest.path_of(path))
    value = np.random.default_rng(0).random(SHAPE, np.float32)
    return Job("net.tflite", path, None, {"tile": {"raw": value}})


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    apk = tmp_path / "bench.apk"
    with zipfile.ZipFile(apk, "w") as archive:
        archive.writestr("AndroidManifest.xml", b"")
    return Plan(runs=3, warmup=1, apks=(apk,))


@pytest.fixture
def measure(farm: str, server: Server, job: Job, plan: Plan) -> Callable[[], Any]:
    """Measures on the farm: its answer."""

    def once(chosen: Plan = plan) -> Any:
        ((answer,),) = DEVICES.get(farm).measure([job], chosen, PHONES[farm], lambda steps, what: None)
        return answer

    return once


def test_phones_of_the_farm_are_listed(farm: str, server: Server) -> None:
    found = DEVICES.get(farm).found()
    assert [(one.name, one.ready) for one in found] == [(f"{farm}:{PHONES[farm]}", True)]


def test_times_and_outputs_come_back(measure: Callable[[], Any], job: Job, farm: str) -> None:
    answer = measure()
    assert isinstance(answer.outcome, Measured), answer.outcome
    assert answer.outcome.samples_ms == (3.0, 4.0, 5.0)
    assert (answer.outcome.load_ms, answer.outcome.peak_bytes) == (5.5, 5000)
    np.testing.assert_array_equal(answer.outputs["rgb"], 2 * job.inputs["tile"]["raw"])
    assert PHONES[farm] in answer.ran_on


def test_killed_run_is_found_again_and_not_paid_twice(measure: Callable[[], Any], server: Server) -> None:
    working = waiting.time.sleep

    def killed(seconds: float) -> None:
        raise KeyboardInterrupt

    waiting.time.sleep = killed  # type: ignore[assignment]
    try:
        with pytest.raises(KeyboardInterrupt):
            measure()
    finally:
        waiting.time.sleep = working
    assert isinstance(measure().outcome, Measured)
    assert sum(word in ("ScheduleRun", "create") for word in server.asked) == 1


def test_poll_that_gets_no_answer_is_asked_again(measure: Callable[[], Any], server: Server) -> None:
    server.state["cut"] = 2
    assert isinstance(measure().outcome, Measured)
    assert server.state["cut"] == 0


def test_job_that_failed_says_what_the_farm_said(measure: Callable[[], Any], server: Server) -> None:
    server.state["result"] = "ERRORED"
    outcome = measure().outcome
    assert isinstance(outcome, Died)
    assert "ERRORED" in outcome.said


def test_no_apk_is_named_before_any_work(farm: str, server: Server, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="--apk"):
        DEVICES.get(farm).reach(PHONES[farm], Plan(runs=1))
    with pytest.raises(BadInputError, match="no such APK"):
        DEVICES.get(farm).reach(PHONES[farm], Plan(apks=(tmp_path / "absent.apk",)))
    assert server.asked == []


def test_quota_is_named(measure: Callable[[], Any], server: Server, farm: str) -> None:
    server.broken = [{"aws": 400, "firebase": 429}[farm]] * 9
    outcome = measure().outcome
    assert isinstance(outcome, NotMeasured)
    assert ("no device minutes left" if farm == "aws" else "Quota exceeded") in outcome.reason


def test_phone_must_be_named_and_known(farm: str, server: Server, plan: Plan) -> None:
    with pytest.raises(BadInputError, match=PHONES[farm]):
        DEVICES.get(farm).reach(None, plan)
    with pytest.raises(BadInputError, match="no phone 'Nokia'"):
        DEVICES.get(farm).reach("Nokia", plan)
    assert DEVICES.get(farm).reach(PHONES[farm], plan) == [PHONES[farm]]
    assert DEVICES.get(farm).describe(PHONES[farm]).name == PHONES[farm]


def test_missing_credentials_are_named_without_a_request(
    farm: str, server: Server, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "GOOGLE_CLOUD_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    with pytest.raises(UnavailableError, match=r"no (credentials|project) of"):
        DEVICES.get(farm).reach(PHONES[farm], plan)
    assert server.asked == []
    (found,) = DEVICES.get(farm).found()
    assert not found.ready and found.cure


def test_refused_credentials_are_named_and_not_shown(
    farm: str, server: Server, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    if farm == "aws":
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "WRONG")
    else:
        server.broken = [403]
    with pytest.raises(UnavailableError, match="refused the credentials") as caught:
        DEVICES.get(farm).reach(PHONES[farm], plan)
    assert SECRET not in str(caught.value)


def test_secrets_are_taken_out_of_what_is_said() -> None:
    assert without(f"bad key {SECRET}\n of you", SECRET, None) == "bad key *** of you"
