"""An Android app that measures: its instrumentation, started by ``am instrument`` or by a device farm.

The contract is small and the same in both cases. A folder holds the artifact, ``in.0``, ``in.1``, ... (raw values, in
call order) and ``call.json``. The app runs the function and writes ``result.json``, the line that our native runners
print (`Timed`), and ``out.0``, ``out.1``, ... into a folder for results.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from edgeisp.errors import BadInputError
from edgeisp.profile.adb.failures import Failure
from edgeisp.profile.adb.phone import Said, quoted
from edgeisp.profile.adb.programs import Call, Pull, Timed

INSTRUMENTATION = ".Benchmark"
"""Also that of our own app, ``android_demo/bench``."""
COMPONENT = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)+(/[\w.$]+)?")
FINISHED = "INSTRUMENTATION_CODE: -1"
"""``Activity.RESULT_OK``."""
ABSENT = ("Unable to find instrumentation", "does not have a signature matching")


@dataclass(frozen=True)
class Instrumentation:
    """An installed app's instrumentation, ``PACKAGE/CLASS``."""

    component: str
    refused: Mapping[int, str] = field(default_factory=dict, compare=False)

    @classmethod
    def parse(cls, text: str) -> Instrumentation:
        """``PACKAGE`` or ``PACKAGE/CLASS``.

        Raises:
            BadInputError: neither.
        """
        if not COMPONENT.fullmatch(text):
            raise BadInputError(
                f"cannot read {text!r}",
                where="--app",
                cure="give PACKAGE or PACKAGE/CLASS of an installed app",
            )
        return cls(text if "/" in text else f"{text}/{INSTRUMENTATION}")

    @property
    def package(self) -> str:
        return self.component.partition("/")[0]

    @property
    def results(self) -> str:
        """Where an app may write without asking, and a shell may read."""
        return f"/sdcard/Android/data/{self.package}/files/edgeisp"

    @property
    def files(self) -> tuple[Path, ...]:
        return ()

    def start(self, place: str, call: Call) -> str:
        extras = {"folder": place, "results": self.results}
        words = [word for name, value in extras.items() for word in ("-e", name, value)]
        described = quoted(["printf", "%s", json.dumps(description(call))])
        readable = f"chmod a+rx .. . && chmod a+r *; rm -rf {self.results}"
        command = quoted(["am", "instrument", "-w", "-r", *words, self.component])
        ended = "|| [ $? = 1 ]"  # `am` says in words what went wrong
        return f"{described} > call.json; {readable}; {command} {ended}"

    def result(self, said: Said, call: Call, pull: Pull) -> tuple[Timed, tuple[bytes, ...]]:
        """Raises: Failure: the app is not there, crashed, or wrote something else."""
        text = f"{said.out}{said.err}"
        if any(sign in text for sign in ABSENT):
            raise Failure("the app is not on the phone", f"{self.component}: --apk installs it", again=False)
        if FINISHED not in text:
            raise Failure("the app crashed", _why(text))
        return read(lambda name: pull(f"{self.results}/{name}"))

    def clean(self) -> tuple[str, ...]:
        return f"am force-stop {self.package}", f"rm -rf {self.results}"


def description(call: Call) -> dict[str, object]:
    """What ``call.json`` says."""
    return {
        "artifact": call.artifact.name,
        "function": call.function,
        "inputs": [name for name, _ in call.inputs],
        "shapes": [port.shape for port in call.entry.inputs],
        "outputs": [port.name for port in call.entry.outputs],
        "threads": call.threads,
        "warmup": call.warmup,
        "runs": call.runs,
    }


def read(content: Callable[[str], bytes]) -> tuple[Timed, tuple[bytes, ...]]:
    """What an app wrote, by the content of its files.

    Raises:
        Failure: not what the contract says.
    """
    said = content("result.json")
    try:
        timed = msgspec.json.decode(said, type=Timed)
    except msgspec.DecodeError as error:
        raise Failure(f"the app's answer cannot be read: {error}", repr(said[-200:])) from error
    return timed, tuple(content(f"out.{k}") for k in range(len(timed.outputs)))


def _why(text: str) -> str:
    """What ``am`` says of it: ``INSTRUMENTATION_RESULT: shortMsg=...``."""
    found = re.findall(
        r"^INSTRUMENTATION_(?:RESULT|STATUS): (?:shortMsg|longMsg|error|Error)=(.*)$", text, re.M
    )
    lines = [line for line in text.splitlines() if line.strip()]
    return " ".join(found) or (lines[-1] if lines else "it said nothing")
