"""Run one function in a process of its own, so that a crash in a converter or a runtime is an error, not the end of us.

``python -P -m edgeisp.child`` is the other side: it takes a pickled call on stdin and answers on stdout, while
everything that libraries print goes to the log. With a generator function the two go on talking.
"""

from __future__ import annotations

import importlib
import os
import pickle
import selectors
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import IO, Any

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


class Conversation:
    """The near side of a generator that runs in a process of its own."""

    def __init__(self, process: subprocess.Popen[bytes], log: Any) -> None:
        self._process, self._log = process, log

    def send(self, value: Any, timeout: float | None = None) -> Any:
        """Hand ``value`` to the generator; what it yields next.

        Raises:
            EdgeISPError: the same typed error that the generator raised.
            ChildDied: it ended, crashed, was killed, raised anything else, or took longer than ``timeout`` seconds.
        """
        assert self._process.stdin is not None
        try:
            pickle.dump(value, self._process.stdin)
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # the missing answer says it
        return self.receive(timeout)

    def receive(self, timeout: float | None = None) -> Any:
        """What the generator yields first; later answers come from `send`, whose errors are the same."""
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            if not selector.select(timeout):
                raise ChildDied(f"over {timeout:g} s", _text(self._log))
        try:
            value = pickle.load(self._process.stdout)
        except (EOFError, pickle.UnpicklingError) as error:
            raise ChildDied(_cause(self._process.wait()), _text(self._log)) from error
        if isinstance(value, EdgeISPError):
            raise value
        return value


@contextmanager
def conversation(function: str, *args: Any) -> Iterator[Conversation]:
    """The generator function ``function`` (``"module:name"``) of pickled ``args`` in a fresh interpreter.

    The process ends with the block.
    """
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "edgeisp.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=_environment(),
        )
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            pickle.dump((sys.path, function, args), child.stdin)
            child.stdin.flush()
            yield Conversation(child, log)
        finally:
            child.kill()
            child.wait()
            child.stdin.close()
            child.stdout.close()


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
        if isinstance(result, Generator):
            result = _talk(result, answer)
    except EdgeISPError as error:
        result = error
    except ImportError as error:
        from edgeisp.extras import broken

        result = broken(error)
        if result is None:
            raise
    pickle.dump(result, answer)
    answer.close()


def _end_with_parent() -> None:
    """Ask Linux for SIGKILL when the caller is gone, however it went; other systems have nothing like it."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _talk(generator: Generator[Any, Any, Any], answer: IO[bytes]) -> Any:
    """Answer until the other side closes stdin or the generator returns."""
    try:
        value = next(generator)
        while True:
            pickle.dump(value, answer)
            answer.flush()
            value = generator.send(pickle.load(sys.stdin.buffer))
    except EOFError:
        return None
    except StopIteration as stop:
        return stop.value


if __name__ == "__main__":
    _serve()
