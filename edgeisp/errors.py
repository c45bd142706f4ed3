"""The few errors a user can meet. Each says what is wrong, where, and what to do, and carries its exit code."""

from __future__ import annotations

import signal


class EdgeISPError(Exception):
    """Base of every error that is the user's to mend; the command line prints it as one line.

    Args:
        what: what is wrong, with the offending value.
        where: the file, tag or option it was found in.
        cure: what to do about it.
    """

    exit_code = 1

    def __init__(self, what: str, where: object = None, cure: str | None = None) -> None:
        self.what, self.where, self.cure = what, None if where is None else str(where), cure
        super().__init__(what, self.where, cure)

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head} -> {self.cure}" if self.cure else head


class BadInputError(EdgeISPError):
    """A RAW file, a data set, an option or a name cannot be used as given."""

    exit_code = 2


class CheckpointError(EdgeISPError):
    """Weights are truncated, of another architecture, of the wrong shape, or not finite."""

    exit_code = 3


class UnavailableError(EdgeISPError):
    """A target or an engine cannot run on this machine, or needs a package that is not installed."""

    exit_code = 4


class VerificationError(EdgeISPError):
    """An artifact does not compute what its network computes."""

    exit_code = 5


class Terminated(SystemExit):
    """SIGTERM; not an error of ours, so that nothing but the command line takes it."""

    def __init__(self) -> None:
        super().__init__(128 + signal.SIGTERM)


class Stopped(EdgeISPError):
    """Ctrl-C or SIGTERM in work of many parts, of which those that are done stay.

    Args:
        signal: the exception that ended the work.
        done: parts that are done.
        parts: what they are, and of how many, in words.
    """

    exit_code = 130
    """143 after SIGTERM."""

    def __init__(self, signal: BaseException, done: int, parts: str) -> None:
        self.done, how = done, "interrupted"
        if isinstance(signal, Terminated):
            self.exit_code, how = 143, "terminated"
        super().__init__(f"{how} after {done} of {parts}; no file was left half written")


class MissedError(EdgeISPError):
    """A measured figure misses its bound: a latency budget, a claim, the figure of an earlier run."""

    exit_code = 6
