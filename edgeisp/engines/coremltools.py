"""coremltools, imported quietly: what it and its native parts print is logged under ``edgeisp.coremltools``, not shown."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from edgeisp.errors import UnavailableError

INSTALL = 'pip install "edgeisp[coreml]"'
_log = logging.getLogger("edgeisp.coremltools")


def missing() -> str | None:
    """None where coremltools is installed, else the command that installs it."""
    return None if find_spec("coremltools") else f"coremltools is not installed: {INSTALL}"


def require() -> None:
    """Refuse to go on without coremltools.

    Raises:
        UnavailableError: it is not installed.
    """
    if reason := missing():
        raise UnavailableError(reason.split(":")[0], cure=INSTALL)


@contextmanager
def quiet() -> Iterator[None]:
    """While the block runs, log records of coremltools, warnings, and whatever is written to stderr become debug records.

    coremltools warns at import of a torch newer than it was tested with and of its native runtime, absent off macOS, and
    its converters print progress bars. None of that is about the user's work; ``-v`` shows it.
    """
    logger = logging.getLogger("coremltools")
    handler, propagate, previous = _Forward(), logger.propagate, logger.level
    logger.addHandler(handler)
    logger.propagate = False
    try:
        with warnings.catch_warnings(record=True) as caught, _stderr_kept():
            warnings.simplefilter("always")
            yield
    finally:
        logger.removeHandler(handler)
        logger.propagate, logger.level = propagate, previous
    for warning in caught:
        _log.debug("%s", warning.message)


class _Forward(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        _log.debug("%s", record.getMessage())


@contextmanager
def _stderr_kept() -> Iterator[None]:
    """File descriptor 2 into a temporary file, logged afterwards; left alone where it is not the process's own."""
    try:
        shared = sys.stderr.fileno() == 2
    except (AttributeError, OSError, ValueError):
        shared = False
    if not shared:
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            for line in file.read().decode(errors="replace").splitlines():
                _log.debug("%s", line)
