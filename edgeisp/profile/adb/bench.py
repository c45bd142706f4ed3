"""A phone at work: files in a folder of its own, one run of a runner at a time, a second chance for what goes wrong."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from edgeisp.errors import EdgeISPError
from edgeisp.profile.adb.failures import Failure, classify
from edgeisp.profile.adb.health import Watch, sample, watching
from edgeisp.profile.adb.phone import FOLDER, Dropped, Phone, choose, quoted, reconnect

SPARE = 1.2
"""Room that is asked for, as a multiple of what is pushed: outputs and the file system need some too."""
STALE_MINUTES = 720
COOLING = 60.0
LEAVING = 15.0
T = TypeVar("T")


class Timed(msgspec.Struct, frozen=True):
    """The line that a runner prints; times in ms, memory in bytes."""

    runtime: str
    threads: int
    load_ms: float
    first_ms: float
    samples_ms: tuple[float, ...]
    idle_bytes: int
    peak_bytes: int
    outputs: tuple[str | None, ...]
    """Names; null where the format has none and their order is the call's."""


@dataclass(frozen=True)
class Chunk:
    """One run of a runner: what it timed, what it computed, how the phone fared."""

    timed: Timed
    outputs: tuple[bytes, ...]
    watch: Watch


@dataclass(frozen=True)
class Call:
    """What to run."""

    files: tuple[Path, ...]
    """Runner, libraries and artifact; they are pushed once."""
    loader: str | None
    artifact: str
    function: str
    inputs: tuple[tuple[str, bytes], ...]
    """Raw values by name, in call order."""
    threads: int
    runs: int
    warmup: int


class Bench:
    """A folder on a phone that vanishes at the end. A phone that dropped off is waited for once for each call."""

    def __init__(self, phone: Phone, timeout: float) -> None:
        self.phone, self.timeout = phone, timeout
        self._boot = phone.facts().boot
        self._folder = ""
        self._places: dict[tuple[Path, ...], str] = {}
        self._fresh()

    def run(self, call: Call) -> Chunk:
        """Push what is not there yet, run, fetch; once more if that fails and might not fail again.

        Raises:
            Failure: it failed, and why.
        """
        chunk = self._twice(lambda: self._run(call))
        if chunk.watch.throttled:
            self._cool()
            chunk = self._twice(lambda: self._run(call))
        return chunk

    def remove(self) -> None:
        """Take everything of ours off the phone; one that is just gone gets a few seconds to come back."""
        deadline = time.monotonic() + LEAVING
        while time.monotonic() < deadline:
            try:
                reconnect(self.phone.serial)
                choose(self.phone.serial).shell(
                    "rm", "-rf", self._folder, ";", "rmdir", FOLDER, "2>/dev/null"
                )
                return
            except (EdgeISPError, Dropped):
                time.sleep(1)

    def _run(self, call: Call) -> Chunk:
        place = self._place(call.files)
        with watching(self.phone) as watch:
            said = self.phone.shell(f"cd {place} &&", self._command(place, call), timeout=self.timeout + 30)
        if said.status:
            raise classify(said)
        try:
            timed = msgspec.json.decode(said.out.strip().splitlines()[-1], type=Timed)
        except (msgspec.DecodeError, IndexError) as error:
            raise Failure("the runner's answer cannot be read", said.out[-200:] or str(error)) from error
        outputs = tuple(self.phone.pull(f"{place}/out.{k}") for k in range(len(timed.outputs)))
        return Chunk(timed, outputs, watch)

    def _command(self, place: str, call: Call) -> str:
        values = []
        for index, (name, content) in enumerate(call.inputs):
            self._write(f"{place}/in.{index}", content)
            values.append(f"{name}=in.{index}")
        start = [f"./{call.loader}", "--library-path", "."] if call.loader else []
        words = [call.artifact, call.function, "out", call.runs, call.warmup, call.threads, *values]
        limit = f"$(command -v timeout >/dev/null && echo timeout {self.timeout:.0f})"
        return f"LD_LIBRARY_PATH=. {limit} {quoted([*start, './runner', *map(str, words)])}"

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
        self.remove()
        self._fresh()
        return "; the phone rebooted" if boot != before else ""

    def _cool(self) -> None:
        """Wait until the system takes the brake off, but not for ever."""
        deadline = time.monotonic() + COOLING
        while Watch([sample(self.phone)]).throttled and time.monotonic() < deadline:
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
