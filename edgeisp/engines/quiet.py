"""Runtimes that announce themselves on file descriptor 2, whatever they are told of logging."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def native_stderr_off() -> Iterator[None]:
    """What native code writes to file descriptor 2 in the block is dropped; its errors come as exceptions."""
    kept = os.dup(2)
    with Path(os.devnull).open("wb") as nothing:
        os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
