"""An emulated ARM64 phone for tests: `phone.sh` in namespaces of its own, and a way to run commands beside it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edgeisp"
FETCHED = CACHE / "phone-trixie"
SERIAL = "127.0.0.1:5599"
APART = ("--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child")


class NoPhone(Exception):
    """It cannot run here; the text says why."""


@dataclass(frozen=True)
class EmulatedPhone:
    """A phone that runs; adb reaches it from inside its network namespace alone."""

    pid: int
    port: int

    def run(self, *words: str | Path, timeout: float = 600) -> subprocess.CompletedProcess[str]:
        """Run a command where adb reaches the phone."""
        return subprocess.run(
            self._inside(words), env=self.environment, capture_output=True, text=True, timeout=timeout
        )

    def start(self, *words: str | Path, **environment: str) -> subprocess.Popen[str]:
        """Start a command there."""
        return subprocess.Popen(
            self._inside(words), env=self.environment | environment, stderr=subprocess.PIPE, text=True
        )

    def _inside(self, words: Sequence[str | Path]) -> list[str]:
        namespaces = ("--user", "--net", "--preserve-credentials", "--target", str(self.pid))
        return ["nsenter", *namespaces, *map(str, words)]

    @property
    def environment(self) -> dict[str, str]:
        """With an adb server of its own: a developer's is left alone."""
        return {**os.environ, "ANDROID_ADB_SERVER_PORT": str(self.port), "ANDROID_SERIAL": ""}


@contextmanager
def emulated_phone(work: Path, port: int = 5138) -> Iterator[EmulatedPhone]:
    """Start it in the empty folder ``work``.

    Raises:
        NoPhone: it was not fetched, or this machine does not allow namespaces or binfmt_misc in them.
    """
    if not (FETCHED / "complete").is_file():
        raise NoPhone(f"no emulated phone in {FETCHED}: tests/phone/fetch.sh {FETCHED}")
    command = ["unshare", *APART, "sh", str(HERE / "phone.sh"), str(FETCHED), str(work)]
    with (work / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        phone = EmulatedPhone(_inner(process, work), port)
        _connect(phone)
        yield phone
        phone.run(*ADB, "server_kill()")
    finally:
        process.kill()
        process.wait()


ADB = (sys.executable, "-c", "import adbutils, sys; print(eval('adbutils.AdbClient().' + sys.argv[1]))")
"""adbutils on the command line: the server needs no adb of the system's."""


def _connect(phone: EmulatedPhone) -> None:
    said = ""
    for _ in range(20):
        said = phone.run(*ADB, f"connect('{SERIAL}', timeout=5)").stdout
        if "connected" in said and "cannot" not in said:
            return
        time.sleep(0.5)
    raise NoPhone(f"adb does not reach it: {said}")


def _inner(process: subprocess.Popen[bytes], work: Path) -> int:
    """The process inside the namespaces, once the phone is ready."""
    for _ in range(300):
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        if process.poll() is not None:
            raise NoPhone(f"this machine does not allow it: {_last(work / 'log')}")
        if (work / "ready").exists() and children.is_file() and children.read_text().split():
            return int(children.read_text().split()[0])
        time.sleep(0.1)
    raise NoPhone("it does not start")


def _last(path: Path) -> Sequence[str]:
    return (path.read_text().strip().splitlines() or ["it said nothing"])[-1]
