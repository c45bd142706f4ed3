"""What goes to a farm that runs apps, and what comes back: the contract of ``edgeisp/profile/adb/app.py``.

A farm cannot pass arguments, so its folders have fixed names: ``/sdcard/edgeisp/`` and ``/sdcard/edgeisp/results/``.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping

from edgeisp.errors import BadInputError, UnavailableError
from edgeisp.profile.adb import app
from edgeisp.profile.adb.failures import Failure
from edgeisp.profile.adb.programs import Call
from edgeisp.profile.device import Plan
from edgeisp.profile.farms.base import Fetched, Task
from edgeisp.profile.values import named, stored

FOLDER = "edgeisp"
RESULTS = "edgeisp/results"
SUFFIXES = (".tflite", ".pte")


def ready(plan: Plan) -> None:
    """Raises: BadInputError: no APK, or one that is not there."""
    if not plan.apks:
        raise BadInputError(
            "this farm runs an app",
            where="--apk",
            cure="pass a benchmark APK (docs/devices.md says what it must do)",
        )
    for apk in plan.apks:
        what = "not an APK" if apk.exists() else "no such APK"
        if not apk.is_file() or not zipfile.is_zipfile(apk):
            raise BadInputError(
                what, where=apk, cure="give a signed Android package (`android_demo` makes one)"
            )


def check(task: Task) -> None:
    """Raises: UnavailableError: not a file that an app runs."""
    if task.path.suffix not in SUFFIXES:
        raise UnavailableError(
            f"Android apps run {', '.join(SUFFIXES)} files", where=task.path, cure="export one"
        )


def files(task: Task) -> dict[str, bytes]:
    """Everything that the app reads, by its name in its folder."""
    inputs = tuple((port.name, stored(task.inputs[port.name], port).tobytes()) for port in task.entry.inputs)
    call = Call(task.path, task.function, task.entry, inputs, task.threads, task.runs, task.warmup)
    found = {task.path.name: task.path.read_bytes(), "call.json": json.dumps(app.description(call)).encode()}
    return found | {f"in.{index}": content for index, (_, content) in enumerate(inputs)}


def zipped(task: Task) -> bytes:
    """The same as a zip of its folder."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files(task).items():
            archive.writestr(f"{FOLDER}/{name}", content)
    return buffer.getvalue()


def fetched(task: Task, results: Mapping[str, bytes], ran_on: str) -> Fetched:
    """What the app wrote.

    Raises:
        UnavailableError: not what the contract says.
    """
    try:
        timed, raw = app.read(lambda name: results[name])
        outputs = named(timed.outputs, raw, task.entry)
    except (Failure, KeyError, ValueError) as error:
        raise UnavailableError(
            f"the app's results are not what they should be ({error!r})", cure="see the farm's log of the run"
        ) from error
    return Fetched(
        ran_on=f"{timed.runtime}, {ran_on}",
        load_ms=timed.load_ms,
        first_ms=timed.first_ms,
        samples_ms=timed.samples_ms,
        idle_bytes=timed.idle_bytes,
        peak_bytes=timed.peak_bytes,
        outputs=outputs,
    )
