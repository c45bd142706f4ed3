"""A phone on adb: the few things that are asked of it, and what it is."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeisp.engines.quiet import native_stderr_off
from edgeisp.errors import BadInputError, UnavailableError
from edgeisp.registry import did_you_mean

if TYPE_CHECKING:
    from adbutils import AdbClient, AdbDevice

FOLDER = "/data/local/tmp/edgeisp"
"""Where programs may be run without root; everything of ours is below it, and removed."""
STATES = {
    "unauthorized": "unlock the phone and accept this computer's key, or `adb kill-server` and plug it in again",
    "authorizing": "unlock the phone and accept this computer's key",
    "offline": "plug it in again, or `adb reconnect offline`",
    "no": "this user may not open the USB device: install the udev rules (android-sdk-platform-tools-common)",
}
"""States of adb that are not ``device``, with their cures."""
KERNEL_NAMES = {"aarch64": "arm64-v8a", "armv8l": "armeabi-v7a", "armv7l": "armeabi-v7a", "i686": "x86"}


class Dropped(Exception):
    """The phone does not answer any more."""


@dataclass(frozen=True)
class Said:
    """How a command on the phone ended."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Facts:
    """What a phone says of itself; empty where it does not."""

    abi: str
    model: str
    chip: str
    system: str
    boot: str
    """Another one after each start."""

    @property
    def what(self) -> str:
        """In one line."""
        return ", ".join(filter(None, (self.model or "no name", self.chip, self.system, self.abi)))


class Phone:
    """One phone that adb can talk to now. Each call raises `Dropped` if it is gone."""

    def __init__(self, device: AdbDevice, serial: str) -> None:
        self._device, self.serial = device, serial

    def shell(self, *words: str, timeout: float = 60) -> Said:
        """Run a command line; the words are joined by blanks and read by the phone's shell."""
        try:
            done = self._device.shell2(" ".join(words), timeout=timeout, v2=True)
        except _gone() as error:
            raise Dropped(str(error)) from error
        return Said(done.returncode, done.stdout, done.stderr)

    def push(self, files: Iterable[Path], folder: str) -> None:
        """Copy files into a folder of the phone that exists; executable, for that is harmless."""
        for file in files:
            try:
                self._device.sync.push(file, f"{folder}/{file.name}", 0o755, check=True)
            except _gone() as error:
                raise Dropped(f"{file.name}: {error}") from error

    def pull(self, path: str) -> bytes:
        """The content of a file on the phone."""
        try:
            content: bytes = self._device.sync.read_bytes(path)
        except _gone() as error:
            raise Dropped(f"{path}: {error}") from error
        return content

    def facts(self) -> Facts:
        """What it is. A system that is not Android answers by its kernel's name alone."""
        asked = {
            "abi": "$(getprop ro.product.cpu.abi)",
            "maker": "$(getprop ro.product.manufacturer)",
            "model": "$(getprop ro.product.model)",
            "chip": "$(getprop ro.soc.model)",
            "android": "$(getprop ro.build.version.release)",
            "kernel": "$(uname -s) $(uname -r)",
            "machine": "$(uname -m)",
            "boot": "$(cat /proc/sys/kernel/random/boot_id)",
        }
        found = self.ask(asked)
        machine = found["machine"]
        return Facts(
            abi=found["abi"] or KERNEL_NAMES.get(machine, machine),
            model=f"{found['maker']} {found['model']}".strip(),
            chip=found["chip"],
            system=f"Android {found['android']}" if found["android"] else found["kernel"],
            boot=found["boot"],
        )

    def free_bytes(self) -> int | None:
        """Room under `FOLDER`; None where the phone's ``df`` says something else."""
        lines = self.shell("df", "-k", FOLDER).out.splitlines()
        words = lines[-1].split() if lines else []
        return int(words[-3]) * 1024 if len(words) >= 4 and words[-3].isdecimal() else None

    def ask(self, expressions: dict[str, str]) -> dict[str, str]:
        """The values of shell expressions, in one round trip."""
        lines = [f'echo "{name}={expression}"' for name, expression in expressions.items()]
        said = self.shell("{", "; ".join(lines), ";", "}", "2>/dev/null", timeout=20)
        found = dict(line.split("=", 1) for line in said.out.splitlines() if "=" in line)
        return {name: found.get(name, "").strip() for name in expressions}


def client() -> AdbClient:
    """The adb server of this machine, started if need be.

    Raises:
        UnavailableError: adbutils is not installed, or no server can be started.
    """
    from edgeisp import extras

    if lack := extras.missing("adb"):
        raise UnavailableError("no phone can be reached", cure=lack.split(": ", 1)[1])
    from adbutils import AdbClient, AdbError

    server = AdbClient()
    try:
        with native_stderr_off():  # a server that is started says so there
            server.server_version()
    except (AdbError, OSError, subprocess.SubprocessError) as error:
        raise UnavailableError(
            f"no adb server ({error})",
            cure="start one with `adb start-server`, or see ANDROID_ADB_SERVER_PORT",
        ) from error
    return server


def listed(server: AdbClient) -> dict[str, str]:
    """State by serial, in adb's order."""
    try:
        return {info.serial: info.state for info in server.list()}
    except _gone() as error:
        raise UnavailableError(
            f"the adb server does not answer ({error})", cure="`adb kill-server`"
        ) from error


def choose(serial: str | None, server: AdbClient | None = None) -> Phone:
    """The phone called ``serial`` (default ``$ANDROID_SERIAL``), or the only one there is.

    Raises:
        UnavailableError: none, or it is there and cannot be used.
        BadInputError: no such serial, or several phones and no serial.
    """
    server = server or client()
    states = listed(server)
    serial = serial or os.environ.get("ANDROID_SERIAL") or None
    if not states:
        raise UnavailableError(
            "no phone on adb",
            where="--on adb",
            cure="plug one in, switch USB debugging on, see `adb devices`",
        )
    if serial is None:
        ready = [name for name, state in states.items() if state == "device"]
        if len(ready) > 1:
            raise BadInputError(
                f"{len(ready)} phones on adb",
                where="--on adb",
                cure=f"name one: {', '.join(f'adb:{s}' for s in ready)}; or adb:all",
            )
        serial = ready[0] if ready else next(iter(states))
    if serial not in states:
        raise BadInputError(
            f"no phone {serial!r} on adb", where="--on adb", cure=did_you_mean(serial, list(states))
        )
    if states[serial] != "device":
        cure = STATES.get(states[serial], "start Android on it")
        raise UnavailableError(f"the phone is {states[serial]}", where=serial, cure=cure)
    return Phone(server.device(serial=serial), serial)


def reconnect(serial: str) -> None:
    """Call a phone again that adb reaches by network; those on cables come back by themselves."""
    if ":" in serial:
        with suppress(*_gone()):
            client().connect(serial, timeout=5)


def _gone() -> tuple[type[Exception], ...]:
    """What adbutils raises when the other side ends in the middle of a sentence."""
    from adbutils import AdbError

    return AdbError, OSError, EOFError, ValueError


def quoted(words: Iterable[str]) -> str:
    """Words as one command line for the phone's shell."""
    return shlex.join(words)
