"""A phone at work: files in a folder of its own, one call of a program at a time, a second chance."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from edgeisp.errors import EdgeISPError
from edgeisp.profile.adb.failures import Failure, classify
from edgeisp.profile.adb.health import sample, watching
from edgeisp.profile.adb.phone import FOLDER, Dropped, Phone, choose, quoted, reconnect
from edgeisp.profile.adb.programs import Call, Program, Timed
from edgeisp.profile.report import Health

SPARE = 1.2
"""Room that is asked for, as a multiple of what is pushed: outputs and the file system need some too."""
STALE_MINUTES = 720
COOLING = 60.0
LEAVING = 15.0
T = TypeVar("T")


@dataclass(frozen=True)
class Chunk:
    """One call of a program: what it timed, what it computed, how the phone fared."""

    timed: Timed
    outputs: tuple[bytes, ...]
    health: tuple[Health, ...]

    @property
    def throttled(self) -> bool:
        return any(sample.throttled for sample in self.health)


class Bench:
    """A folder on a phone that vanishes at the end. A phone that dropped off is waited for once for each call."""

    def __init__(self, phone: Phone, timeout: float) -> None:
        self.phone, self.timeout = phone, timeout
        self._boot = phone.facts().boot
        self._start = time.monotonic()
        self._folder = ""
        self._places: dict[tuple[Path, ...], str] = {}
        self._cleaning: dict[str, None] = {}
        self._installed: list[str] = []
        self._fresh()

    def run(self, program: Program, call: Call) -> Chunk:
        """Push what is not there yet, run, fetch; once more if that fails and might not fail again.

        Raises:
            Failure: it failed, and why.
        """
        chunk = self._twice(lambda: self._run(program, call))
        if chunk.throttled:
            self._cool()
            chunk = self._twice(lambda: self._run(program, call))
        return chunk

    def install(self, apk: Path, package: str) -> None:
        """Install an app; it goes again with the rest unless it was there before.

        Raises:
            Failure: the phone does not take it.
        """
        before = self.phone.shell("pm", "path", package).out.strip()
        place = self._place((apk,))
        self._must("pm", "install", "-r", "-t", "-g", f"{place}/{apk.name}")
        if not before:
            self._installed.append(package)

    def remove(self) -> None:
        """Take everything of ours off the phone; one that is just gone gets a few seconds to come back."""
        self._sweep(*(f"pm uninstall {package}" for package in self._installed))

    def _sweep(self, *more: str) -> None:
        """End what still runs in our folder, and remove it."""
        ours = f'case "$(readlink $p/cwd)" in {self._folder}*) kill -9 ${{p#/proc/}};; esac'
        running = f"for p in /proc/[0-9]*; do {ours}; done"
        steps = [*self._cleaning, running, *more, f"rm -rf {self._folder}", f"rmdir {FOLDER}"]
        deadline = time.monotonic() + LEAVING
        while time.monotonic() < deadline:
            try:
                reconnect(self.phone.serial)
                choose(self.phone.serial).shell("{", "; ".join(steps), "; }", ">/dev/null 2>&1")
                return
            except (EdgeISPError, Dropped):
                time.sleep(1)

    def _run(self, program: Program, call: Call) -> Chunk:
        place = self._place((*program.files, call.artifact))
        self._cleaning.update(dict.fromkeys(program.clean()))
        for index, (_, content) in enumerate(call.inputs):
            self._write(f"{place}/in.{index}", content)
        limit = f"$(command -v timeout >/dev/null && echo timeout {self.timeout:.0f})"
        script = quoted(["sh", "-c", program.start(place, call)])
        with watching(self.phone, self._start) as samples:
            said = self.phone.shell(f"cd {place} &&", limit, script, timeout=self.timeout + 30)
        if said.status:
            raise classify(said, program.refused)
        timed, outputs = program.result(said, call, lambda name: self._pull(place, name))
        return Chunk(timed, outputs, tuple(samples))

    def _pull(self, place: str, name: str) -> bytes:
        path = name if name.startswith("/") else f"{place}/{name}"
        try:
            return self.phone.pull(path)
        except Dropped:
            self.phone.facts()  # raises where the phone is gone; else it is the file
            raise Failure("it wrote no output", path) from None

    def _write(self, path: str, content: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            local = Path(folder) / Path(path).name
            local.write_bytes(content)
            self.phone.push([local], str(Path(path).parent))

    def _place(self, files: tuple[Path, ...]) -> str:
        """The folder that holds ``files`` on the phone."""
        if files not in self._places:
            wanted, free = SPARE * sum(file.stat().st_size for file in files), self.phone.free_bytes()
            if free is not None and free < wanted:
                raise Failure(
                    "out of space on the phone",
                    f"{wanted / 1e6:.0f} MB wanted, {free / 1e6:.0f} MB free in {FOLDER}",
                    again=False,
                )
            place = f"{self._folder}/{len(self._places)}"
            self._must("mkdir", "-p", place)
            self.phone.push(files, place)
            self._places[files] = place
        return self._places[files]

    def _fresh(self) -> None:
        """A new folder; what killed runs left behind long ago goes."""
        self._places.clear()
        self._folder = f"{FOLDER}/{secrets.token_hex(4)}"
        old = f"find {FOLDER} -mindepth 1 -maxdepth 1 -mmin +{STALE_MINUTES} -exec rm -rf {{}} +"
        self._must("mkdir", "-p", self._folder)
        self.phone.shell(old, "2>/dev/null")

    def _must(self, *words: str) -> None:
        said = self.phone.shell(*words)
        if said.status:
            raise classify(said)

    def _twice(self, what: Callable[[], T]) -> T:
        try:
            return what()
        except Dropped as dropped:
            said = f"; before: {dropped}"
        except Failure as failure:
            if not failure.again:
                raise
            said = f"; before: {failure}"
        said += self._recover()
        try:
            return what()
        except Dropped as dropped:
            raise Failure("the phone dropped off adb, twice", f"{dropped}{said}", again=False) from dropped
        except Failure as failure:
            raise Failure(f"{failure.cause}, twice", f"{failure.said}{said}", again=False) from failure

    def _recover(self) -> str:
        """Wait until the phone answers again, and begin anew; what happened to it meanwhile."""
        deadline = time.monotonic() + self.timeout
        while True:
            try:
                reconnect(self.phone.serial)
                self.phone = choose(self.phone.serial)
                boot = self.phone.facts().boot
                break
            except (EdgeISPError, Dropped) as error:
                if time.monotonic() > deadline:
                    raise Failure(
                        "the phone dropped off adb and did not come back", str(error), again=False
                    ) from error
                time.sleep(1)
        before, self._boot = self._boot, boot
        self._sweep()
        self._fresh()
        return "; the phone rebooted" if boot != before else ""

    def _cool(self) -> None:
        """Wait until the system takes the brake off, but not for ever."""
        deadline = time.monotonic() + COOLING
        while sample(self.phone, self._start).throttled and time.monotonic() < deadline:
            time.sleep(5)


@contextmanager
def bench(serial: str | None, timeout: float) -> Iterator[Bench]:
    """A bench on the phone called ``serial``, or the only one; nothing of ours stays on it.

    Raises:
        UnavailableError, BadInputError: see `choose`.
        Failure: it cannot hold our files.
    """
    made = Bench(choose(serial), timeout)
    try:
        yield made
    finally:
        made.remove()
