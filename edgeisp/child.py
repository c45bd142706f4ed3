"""Run one function in a process of its own, so that a crash in a converter or a runtime is an error, not the end of us.

``python -P -m edgeisp.child`` is the other side: it takes a pickled call on stdin and answers on stdout, while
everything that libraries print goes to the log.
"""

from __future__ import annotations

import importlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from typing import Any

from edgeisp.errors import EdgeISPError

PR_SET_PDEATHSIG = 1
"""Of Linux's prctl(2)."""


class ChildDied(Exception):
    """The process ended without an answer.

    Args:
        cause: ``"SIGSEGV"``, ``"exit code 1"`` or ``"over 600 s"``.
        log: what it printed until then.
    """

    def __init__(self, cause: str, log: str) -> None:
        super().__init__(cause, log)
        self.cause, self.log = cause, log

    def __str__(self) -> str:
        return f"{self.cause}, after it said:\n{self.log}"

    @property
    def last_line(self) -> str:
        """The last thing it said: of an exception, its message."""
        return next(
            (line.strip() for line in reversed(self.log.splitlines()) if line.strip()), "it said nothing"
        )


def call(function: str, *args: Any, timeout: float | None = None) -> tuple[Any, str]:
    """``function`` (``"module:name"``) of pickled ``args`` in a fresh interpreter: its value, and what it printed.

    Raises:
        EdgeISPError: the same typed error that the function raised.
        ChildDied: it crashed, was killed, raised anything else, or took longer than ``timeout`` seconds.
    """
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "edgeisp.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=_environment(),
        )
        try:
            answer, _ = child.communicate(pickle.dumps((sys.path, function, args)), timeout=timeout)
        except subprocess.TimeoutExpired as error:
            raise ChildDied(f"over {timeout:g} s", _text(log)) from error
        finally:
            child.kill()
            child.wait()
        if child.returncode:
            raise ChildDied(_cause(child.returncode), _text(log))
        value = pickle.loads(answer)
        if isinstance(value, EdgeISPError):
            raise value
        return value, _text(log)


def _environment() -> dict[str, str]:
    """Ours, with the folder that edgeisp was imported from in front."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def _cause(code: int) -> str:
    return signal_name(-code) if code < 0 else f"exit code {code}"


def signal_name(number: int) -> str:
    """``"SIGSEGV"``; real-time signals have no name of their own."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _text(log: Any) -> str:
    log.seek(0)
    return str(log.read().decode(errors="replace"))


def _serve() -> None:
    _end_with_parent()
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.path[:], function, args = pickle.load(sys.stdin.buffer)
    module, name = function.split(":")
    try:
        result = getattr(importlib.import_module(module), name)(*args)
    except EdgeISPError as error:
        result = error
    pickle.dump(result, answer)
    answer.close()


def _end_with_parent() -> None:
    """Ask Linux for SIGKILL when the caller is gone, however it went; other systems have nothing like it."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    _serve()
