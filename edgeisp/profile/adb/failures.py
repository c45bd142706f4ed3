"""What it means when a program on a phone does not end well: one name, one reason, and whether to try once more."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass

from edgeisp.profile.adb.phone import Said

TOO_LONG = 124
"""Exit status of ``timeout``."""
FOREIGN = ("Exec format error", "cannot execute", "not executable", "Syntax error")
"""The last one is of shells that take a program of another processor for a script."""
REFUSED = {
    2: "the runner does not know its options: `edgeisp runners` builds the one that fits",
    3: "the runtime on the phone cannot load it",
    4: "the runtime on the phone cannot run it",
    5: "its inputs do not fit",
}
"""Exit statuses of our runners that another try would not change; see ``native/common.h``."""
SIGNALS: dict[int, str] = {
    signal.SIGKILL: "killed (137): short of memory, or the system ended it",
    signal.SIGSEGV: "crashed (139): it touched memory that is not its own",
    signal.SIGABRT: "aborted (134)",
    signal.SIGILL: "wrong processor (132): an instruction that it does not have",
    signal.SIGBUS: "crashed (135): its file was cut off under it",
}


@dataclass(frozen=True)
class Failure(Exception):
    """A run that gave no result."""

    cause: str
    said: str = ""
    again: bool = True
    """Whether a second try may end otherwise."""

    def __str__(self) -> str:
        return f"{self.cause}: {self.said}" if self.said else self.cause


def classify(said: Said, refused: Mapping[int, str] = REFUSED) -> Failure:
    """What the exit status and the last words of a program mean; ``refused`` are statuses of its own."""
    words = [line.strip() for line in (said.err.strip() or said.out).splitlines()]
    last = words[-1] if words else ""
    text = f"{said.err}{said.out}"
    if "No space left" in text or (said.status == 6 and refused):
        return Failure("out of space on the phone", last, again=False)
    if any(sign in text for sign in FOREIGN):
        return Failure("wrong ABI: the phone's processor does not run this runner", last, again=False)
    if "cannot open shared object" in text or "CANNOT LINK EXECUTABLE" in text:
        return Failure("the runtime is not on the phone", last, again=False)
    if said.status == TOO_LONG:
        return Failure("took too long", last, again=False)
    if said.status in refused:
        return Failure(refused[said.status], last, again=False)
    if said.status > 128:
        number = said.status - 128
        return Failure(SIGNALS.get(number, f"ended by signal {number} ({said.status})"), last)
    return Failure(f"exit status {said.status}", last)
