"""Run inside the emulated phone's network namespace: every scenario once, answers and outputs pickled for the tests.

usage: drive.py ARTIFACTS.pkl RUNNERS RESULTS.pkl
    ARTIFACTS.pkl  [(path, inputs by function)], .tflite first
    RUNNERS        a folder to make scripted runners in
"""

from __future__ import annotations

import os
import pickle
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from edgeisp.errors import EdgeISPError
from edgeisp.profile.adb.device import DEVICE
from edgeisp.profile.adb.phone import FOLDER, Dropped, Phone, choose, reconnect
from edgeisp.profile.device import Job, Plan
from edgeisp.profile.runners import ABIS, RUNTIMES, VARIABLE, home

SERIAL, TWIN = "127.0.0.1:5599", "localhost:5599"
PLAN = Plan(runs=3, warmup=1, timeout=60)
REAL = "exec ./ld-linux-aarch64.so.1 --library-path . ./real"
ONCE = "test -e /data/props/{mark} || {{ touch /data/props/{mark}; {what}; }}; " + REAL + ' "$@"'
APP = "dev.edgeisp.demo/.Benchmark"
TOOLS = Path(__file__).with_name("tools")
PHONE_IS_GONE = "kill -9 $(pgrep -f platform-tools/adbd); sleep 5"
SCRIPTS = {
    "killed": "kill -9 $$",
    "crashed": "kill -SEGV $$",
    "full": "dd if=/dev/zero of=out.0 bs=1M count=1000; echo 'out.0: cannot be written whole' >&2; exit 6",
    "babbling": "echo hello",
    "slow": "sleep 30",
    "killed once": ONCE.format(mark="killed", what="kill -9 $$"),
    "dropped once": ONCE.format(mark="dropped", what=PHONE_IS_GONE),
    "rebooted": f"date > /data/props/boot; {PHONE_IS_GONE}",
    "hot once": ONCE.format(
        mark="hot", what="echo 3 > /data/props/thermal; sleep 3; echo 0 > /data/props/thermal"
    ),
}


def main(artifacts: Path, runners: Path, results: Path) -> None:
    jobs = [Job(path.name, path, None, inputs) for path, inputs in pickle.loads(artifacts.read_bytes())]
    found = {"devices": DEVICE.found(), "described": DEVICE.describe(SERIAL)}
    found["measured"] = measure(jobs)
    one = replace(jobs[0], inputs={"context": jobs[0].inputs["context"]})
    bundle = home(RUNTIMES["tflite"], ABIS["arm64-v8a"])
    for name, script in SCRIPTS.items():
        own = runners / name / "tflite-arm64-v8a"
        shutil.copytree(bundle, own)
        (own / "runner").rename(own / "real")
        (own / "runner").write_text(f"#!/bin/sh\n{script}\n")
        (own / "ld-linux-aarch64.so.1").rename(own / "loader")  # scripts are not for the loader
        (own / "runner").write_text(
            (own / "runner").read_text().replace("./ld-linux-aarch64.so.1", "./loader")
        )
        plan = replace(PLAN, runs=1, timeout=3 if name == "slow" else 60)
        os.environ[VARIABLE] = str(runners / name)
        found[name] = measure([one], plan)
    found["without library"] = with_bundle(runners / "without", bundle, one, drop="libLiteRt.so")
    found["foreign"] = with_bundle(runners / "foreign", bundle, one, machine=243)  # RISC-V
    del os.environ[VARIABLE]
    phone = choose(SERIAL)
    phone.shell("head -c 125000000 /dev/zero > /data/filler")
    found["no room"] = measure([one])
    phone.shell("rm /data/filler")
    tools_and_apps(phone, found, jobs, one, runners)
    found["left behind"] = phone.shell("find", FOLDER, "/sdcard", "-type", "f").out
    found["two"] = two_phones(one)
    results.write_bytes(pickle.dumps(found))


def tools_and_apps(phone: Phone, found: dict[str, object], jobs: list[Job], one: Job, work: Path) -> None:
    """A user's own program, and an app: both are stand-ins around our ARM64 runners."""
    for runtime, folder in (("tflite", "/data/app"), ("executorch", "/data/app2")):
        phone.shell("mkdir", "-p", folder)
        phone.push(home(RUNTIMES[runtime], ABIS["arm64-v8a"]).iterdir(), folder)
    other = replace(jobs[1], inputs={"context": jobs[1].inputs["context"]})
    found["benchmark_model"] = measure([one], replace(PLAN, runner=TOOLS / "benchmark_model"))
    found["executor_runner"] = measure([other], replace(PLAN, runner=TOOLS / "executor_runner"))
    app = replace(PLAN, app=APP)
    found["app absent"] = measure([one], app)
    apk = work / "bench.apk"
    apk.write_bytes(b"package:dev.edgeisp.demo")
    found["app"] = measure([jobs[0]], replace(app, apks=(apk,)))
    found["app removed"] = phone.shell("pm", "path", "dev.edgeisp.demo").out
    phone.shell("echo crashes > /data/props/app")
    found["app crashes"] = measure([one], replace(app, apks=(apk,)))
    phone.shell("rm", "/data/props/app")


def ready() -> None:
    """Wait until a phone that a scenario threw off adb is back."""
    for _ in range(60):
        try:
            reconnect(SERIAL)
            choose(SERIAL).facts()
            return
        except (EdgeISPError, Dropped):
            time.sleep(0.5)


def measure(jobs: list[Job], plan: Plan = PLAN, serial: str | None = SERIAL) -> list[list[object]]:
    ready()
    return DEVICE.measure(jobs, plan, serial, lambda steps, what: None)


def with_bundle(
    runners: Path, bundle: Path, job: Job, drop: str = "", machine: int = 0
) -> list[list[object]]:
    own = runners / "tflite-arm64-v8a"
    shutil.copytree(bundle, own, ignore=shutil.ignore_patterns(drop or "nothing"))
    if machine:
        for name in ("runner", "ld-linux-aarch64.so.1"):
            content = bytearray((own / name).read_bytes())
            content[18:20] = machine.to_bytes(2, "little")
            (own / name).write_bytes(content)
    os.environ[VARIABLE] = str(runners)
    return measure([job], replace(PLAN, runs=1))


def two_phones(job: Job) -> dict[str, object]:
    """The same phone by its two names: both at once, and neither named."""
    from edgeisp.profile.adb.phone import client

    client().connect(TWIN)
    with ThreadPoolExecutor(2) as pool:
        plan = replace(PLAN, runs=1)
        at_once = list(pool.map(lambda serial: measure([job], plan, serial), (SERIAL, TWIN)))
    try:
        choose(None)
        said = ""
    except EdgeISPError as error:
        said = str(error)
    client().disconnect(TWIN)
    return {"at once": at_once, "neither named": said}


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
