"""The whole way to a phone and back: real adb, a real adbd, our ARM64 runners under qemu. Skips where it cannot be."""

from __future__ import annotations

import json
import pickle
import signal
import sys
import time
from collections.abc import Iterator
from importlib import util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from edgeisp.errors import EdgeISPError
from edgeisp.export import TARGETS, manifest
from edgeisp.export.records import Checkpoint, File, Function, Manifest, Tensor, Unverified
from edgeisp.export.rewrites import prepare
from edgeisp.export.verification import references
from edgeisp.files import sha256
from edgeisp.profile.report import Died, Measured
from edgeisp.profile.runners import ABIS, RUNTIMES, build
from edgeisp.quantize.precision import parse_precision

PHONE = Path(__file__).resolve().parent.parent / "phone"
SMALL = Path(__file__).resolve().parent.parent / "export" / "conftest.py"
SIDE = 16


def load(path: Path, name: str) -> Any:
    spec = util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


emulated = load(PHONE / "emulated.py", "edgeisp_emulated_phone")
small = load(SMALL, "edgeisp_small_network")


@pytest.fixture(scope="module")
def runners() -> None:
    """Built for ARM64, or the reason why they cannot be."""
    try:
        for runtime in RUNTIMES.values():
            build(runtime, ABIS["arm64-v8a"])
    except EdgeISPError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def phone(tmp_path_factory: pytest.TempPathFactory, runners: None) -> Iterator[Any]:
    """An emulated phone that adb reaches."""
    pytest.importorskip("adbutils")
    try:
        with emulated.emulated_phone(tmp_path_factory.mktemp("phone")) as running:
            yield running
    except emulated.NoPhone as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def network() -> dict[str, Any]:
    torch.manual_seed(0)
    functions: dict[str, Any] = small.stir(small.SmallISP()).functions(SIDE, SIDE)
    return functions


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory, network: dict[str, Any], phone: Any) -> list[Path]:
    """A small network with two functions, as a TFLite file and as an ExecuTorch program, each with its manifest."""
    folder = tmp_path_factory.mktemp("artifacts")
    return [convert(target, folder, network) for target in ("tflite", "executorch")]


def convert(name: str, folder: Path, network: dict[str, Any]) -> Path:
    target = TARGETS.get(name)
    if lack := target.missing():
        pytest.skip(lack)
    path = folder / f"small{target.suffix}"
    ready = {key: prepare(function, target.rewrites, "fp32").function for key, function in network.items()}
    target.convert(ready, path, parse_precision("fp32"), {"edgeisp": "{}"})
    written = Manifest(
        model="small",
        target=name,
        precision="fp32",
        functions={
            key: Function(
                file=path.name,
                inputs=tuple(Tensor(name=port, shape=shape) for port, shape in function.inputs.items()),
                outputs=tuple(Tensor(name=port, shape=shape) for port, shape in function.outputs.items()),
            )
            for key, function in network.items()
        },
        tile=(2 * SIDE, 2 * SIDE),
        stride=2,
        checkpoint=Checkpoint(name="none", sha256="0" * 64),
        costs={},
        rewrites={},
        tools={},
        files=(File(name=path.name, sha256=sha256(path), bytes=path.stat().st_size),),
        delegation={},
        verification=Unverified(reason="made by a test"),
    )
    manifest.write(written, manifest.path_of(path))
    return path


@pytest.fixture(scope="module")
def expected(network: dict[str, Any]) -> Any:
    return next(references(network))


@pytest.fixture(scope="module")
def found(
    phone: Any, artifacts: list[Path], expected: Any, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What every scenario of ``tests/phone/drive.py`` gave."""
    folder = tmp_path_factory.mktemp("driven")
    inputs, results = folder / "artifacts.pkl", folder / "results.pkl"
    inputs.write_bytes(pickle.dumps([(path, expected[0]) for path in artifacts]))
    done = phone.run(sys.executable, "-P", PHONE / "drive.py", inputs, folder / "runners", results)
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = pickle.loads(results.read_bytes())
    return answers


def only(answers: Any) -> Any:
    ((answer,),) = answers
    return answer.outcome


def test_phone_is_listed_with_its_name_and_processor(found: dict[str, Any]) -> None:
    (device,) = found["devices"]
    assert device.ready
    assert device.name == f"adb:{emulated.SERIAL}"
    assert "emulated phone" in device.what and "arm64-v8a" in device.what
    assert found["described"].serial == emulated.SERIAL


def test_outputs_of_the_phone_are_those_of_pytorch_for_both_runtimes(
    found: dict[str, Any], expected: Any
) -> None:
    engines = set()
    for answers in found["measured"]:
        assert {answer.function for answer in answers} == {"tile", "context"}
        for answer in answers:
            engines.add(answer.engine)
            assert isinstance(answer.outcome, Measured), answer
            assert len(answer.outcome.samples_ms) == 3 and min(answer.outcome.samples_ms) > 0
            assert 0 < answer.outcome.idle_bytes < answer.outcome.peak_bytes
            for name, wanted in expected[1][answer.function].items():
                np.testing.assert_allclose(answer.outputs[name], wanted, atol=5e-5)
    assert engines == {"tflite", "executorch"}


@pytest.mark.parametrize(
    ("scenario", "cause"),
    [
        ("killed", "killed (137)"),
        ("crashed", "crashed (139)"),
        ("full", "out of space"),
        ("babbling", "cannot be read"),
        ("slow", "took too long"),
        ("rebooted", "dropped off adb, twice"),
        ("without library", "the runtime is not on the phone"),
        ("foreign", "wrong ABI"),
        ("no room", "out of space"),
    ],
)
def test_what_goes_wrong_on_the_phone_has_a_name_when_it_ends_a_run(
    found: dict[str, Any], scenario: str, cause: str
) -> None:
    outcome = only(found[scenario])
    assert isinstance(outcome, Died)
    assert cause in outcome.cause, outcome


@pytest.mark.parametrize("scenario", ["killed", "crashed"])
def test_a_killed_run_is_tried_twice_before_it_counts(found: dict[str, Any], scenario: str) -> None:
    assert only(found[scenario]).cause.endswith("twice")


@pytest.mark.parametrize("scenario", ["killed once", "dropped once", "hot once"])
def test_second_try_is_the_answer_when_the_first_went_wrong(found: dict[str, Any], scenario: str) -> None:
    outcome = only(found[scenario])
    assert isinstance(outcome, Measured), outcome
    assert not any(sample.throttled for sample in only(found[scenario]).health)


def test_heat_clock_and_memory_are_sampled_while_it_runs(found: dict[str, Any]) -> None:
    samples = found["measured"][0][0].outcome.health
    assert len(samples) >= 2
    assert [s.at_s for s in samples] == sorted(s.at_s for s in samples)
    assert {(s.status, s.celsius, s.clock_mhz, s.allowed) for s in samples} == {(0, 31.5, 2800.0, 1.0)}
    assert all(s.memory_bytes > 1 << 20 for s in samples)


@pytest.mark.parametrize("scenario", ["benchmark_model", "executor_runner", "app"])
def test_tools_of_the_user_and_apps_measure_as_our_runners_do(
    found: dict[str, Any], expected: Any, scenario: str
) -> None:
    for answer in found[scenario][0]:
        assert isinstance(answer.outcome, Measured), answer
        assert len(answer.outcome.samples_ms) == 3 and min(answer.outcome.samples_ms) > 0
        assert answer.outcome.load_ms > 0 and answer.outcome.first_ms > 0
        for name, wanted in expected[1][answer.function].items():
            np.testing.assert_allclose(answer.outputs[name], wanted, atol=5e-5)


def test_app_that_was_installed_for_a_run_goes_with_it(found: dict[str, Any]) -> None:
    assert {answer.function for answer in found["app"][0]} == {"tile", "context"}
    assert found["app removed"] == ""


def test_app_that_is_absent_or_crashes_has_a_name(found: dict[str, Any]) -> None:
    absent, crashed = only(found["app absent"]), only(found["app crashes"])
    assert isinstance(absent, Died) and "--apk installs it" in absent.said and "twice" not in absent.cause
    assert isinstance(crashed, Died) and crashed.cause == "the app crashed, twice", crashed
    assert "Process crashed." in crashed.said


def test_nothing_of_ours_stays_on_the_phone(found: dict[str, Any]) -> None:
    assert found["left behind"].strip() == ""


def test_two_phones_are_measured_at_once_and_neither_is_chosen_when_none_is_named(
    found: dict[str, Any],
) -> None:
    for answers in found["two"]["at once"]:
        assert isinstance(only(answers), Measured)
    assert "2 phones" in found["two"]["neither named"]
    assert "adb:localhost:5599" in found["two"]["neither named"]


def test_command_line_measures_on_the_phone(phone: Any, artifacts: list[Path]) -> None:
    script = Path(sys.executable).with_name("edgeisp")
    options = ("--on", "adb", "--runs", "1", "--json")
    done = phone.run(sys.executable, script, "profile", artifacts[1], *options)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["device"]["kind"] == "adb"
    outcomes = [m["outcome"]["outcome"] for m in report["subjects"][0]["measurements"]]
    assert outcomes == ["measured", "measured"]


def test_several_phones_give_a_report_each_when_the_command_line_names_all(
    phone: Any, artifacts: list[Path], tmp_path: Path
) -> None:
    phone.run(*emulated.ADB, "connect('localhost:5599', timeout=5)")
    script = Path(sys.executable).with_name("edgeisp")
    options = ("--on", "adb:all", "--runs", "1", "-o", tmp_path / "report.json")
    done = phone.run(sys.executable, script, "profile", artifacts[0], *options)
    phone.run(*emulated.ADB, "disconnect('localhost:5599')")
    assert done.returncode == 0, done.stderr
    assert "Devices side by side" in done.stdout
    files = sorted(file.name for file in tmp_path.iterdir())
    assert files == ["report.adb-127.0.0.1-5599.json", "report.adb-localhost-5599.json"]


def test_nothing_stays_on_the_phone_when_the_run_is_interrupted(
    phone: Any, artifacts: list[Path], tmp_path: Path
) -> None:
    own = tmp_path / "runners" / "tflite-arm64-v8a"
    own.mkdir(parents=True)
    (own / "runner").write_text("#!/bin/sh\nexec sleep 1000\n")
    script = Path(sys.executable).with_name("edgeisp")
    command = (sys.executable, script, "profile", artifacts[0], "--on", "adb")
    running = phone.start(*command, EDGEISP_RUNNERS=str(tmp_path / "runners"))
    sleeping = (*emulated.ADB, f"device('{emulated.SERIAL}').shell('pgrep -fx \"sleep 1000\"')")
    for _ in range(120):
        if phone.run(*sleeping).stdout.strip():
            break
        time.sleep(0.5)
    else:
        pytest.fail("the runner did not start")
    running.send_signal(signal.SIGINT)
    assert running.wait(60) == 130, running.stderr.read()
    assert phone.run(*sleeping).stdout.strip() == ""
    left = phone.run(*emulated.ADB, f"device('{emulated.SERIAL}').shell('ls /data/local/tmp')").stdout
    assert left.strip() == ""


def test_a_network_without_an_artifact_is_not_measured_on_a_phone() -> None:
    from edgeisp.profile.runners import runtime_of

    with pytest.raises(EdgeISPError, match=r"no runner for \.safetensors files"):
        runtime_of(Path("weights.safetensors"))
