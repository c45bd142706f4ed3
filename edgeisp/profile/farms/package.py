"""What goes to a farm that runs apps, and what comes back: the contract with the benchmark APK.

On the phone, ``/sdcard/edgeisp/`` holds the artifact, ``in.K`` for each input (raw values, in call order) and
``call.json``. The instrumentation of the APK runs the function and writes ``/sdcard/edgeisp/results/result.json``, the
line that our native runners print (`edgeisp.profile.adb.bench.Timed`), and ``out.K`` for each output.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping

import msgspec
import numpy as np

from edgeisp.errors import BadInputError, UnavailableError
from edgeisp.profile.adb.bench import Timed
from edgeisp.profile.adb.device import real, stored
from edgeisp.profile.farms.base import Fetched, Task

FOLDER = "edgeisp"
RESULTS = "edgeisp/results"
SUFFIXES = (".tflite", ".pte")


def check(task: Task) -> None:
    """Raises: UnavailableError: no APK, or not a file that an app runs. BadInputError: an APK is absent."""
    if task.path.suffix not in SUFFIXES:
        raise UnavailableError(
            f"Android apps run {', '.join(SUFFIXES)} files", where=task.path, cure="export one"
        )
    if not task.apks:
        raise UnavailableError(
            "this farm runs an app",
            where="--apk",
            cure="pass a benchmark APK (docs/devices.md says what it must do)",
        )
    for apk in task.apks:
        if not apk.is_file() or not zipfile.is_zipfile(apk):
            raise BadInputError("no such APK", where=apk, cure="give a signed Android package")


def files(task: Task) -> dict[str, bytes]:
    """Everything that the app reads, by its name in its folder."""
    call = {
        "artifact": task.path.name,
        "function": task.function,
        "inputs": [port.name for port in task.entry.inputs],
        "threads": task.threads,
        "warmup": task.warmup,
        "runs": task.runs,
    }
    found = {task.path.name: task.path.read_bytes(), "call.json": json.dumps(call).encode()}
    for index, port in enumerate(task.entry.inputs):
        found[f"in.{index}"] = stored(task.inputs[port.name], port).tobytes()
    return found


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
        timed = msgspec.json.decode(results["result.json"], type=Timed)
        names = [name or port.name for name, port in zip(timed.outputs, task.entry.outputs, strict=True)]
        ports = {port.name: port for port in task.entry.outputs}
        outputs = {name: real(results[f"out.{index}"], ports[name]) for index, name in enumerate(names)}
    except (KeyError, ValueError, msgspec.DecodeError) as error:
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
        outputs={name: np.asarray(value) for name, value in outputs.items()},
    )
