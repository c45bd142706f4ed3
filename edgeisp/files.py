"""Files that are whole or absent: write beside the final name, flush to disk, then rename."""

from __future__ import annotations

import errno
import glob
import hashlib
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREVIOUS = "previous"
"""Where a folder waits while another takes its name."""
IN_THE_WAY = "a file is in the way"


def cache_folder(kind: str) -> Path:
    """``$XDG_CACHE_HOME/edgeisp/KIND``, by default in ``~/.cache``; safe to delete when nothing runs."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edgeisp" / kind


class UnwritableError(OSError):
    """Nothing can be written at ``filename``, because of ``strerror``; the user's mistake, unlike a full disk."""


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its name when the block ends well and vanishes otherwise.

    What is written at the temporary path may be a file or a folder (an ``.mlpackage``).

    Raises:
        UnwritableError: nothing can be written there.
        OSError: it cannot be written to its end; names ``path``, not the temporary one.
    """
    with staging(path) as folder:
        part = folder / path.name
        try:
            yield part
            _flush(part)
            replace(part, path)
        except OSError as error:
            if error.filename is not None and not Path(error.filename).is_relative_to(folder):
                raise
            raise OSError(error.errno, error.strerror or str(error), str(path)) from error


@contextmanager
def staging(path: Path) -> Iterator[Path]:
    """A hidden folder beside ``path`` that vanishes afterwards; those of processes that were killed are swept away.

    Folders above that did not exist are made; they vanish as well where the block fails and leaves them empty.

    Raises:
        UnwritableError: nothing can be written there.
    """
    made = [folder for folder in path.parents if not folder.exists()]
    with _writable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = _hidden(path)
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # at the first that others have put something into
            for empty in made:
                empty.rmdir()
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_folder(path: Path) -> None:
    """Whether `make_folder` could make ``path`` and files could be written into it; makes nothing.

    Raises:
        UnwritableError: a file is in the way, or nothing can be written there.
    """
    nearest = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    if not nearest.is_dir():
        raise UnwritableError(errno.ENOTDIR, IN_THE_WAY, str(nearest))
    if not os.access(nearest, os.W_OK):
        raise UnwritableError(errno.EACCES, os.strerror(errno.EACCES), str(nearest))


def make_folder(path: Path) -> None:
    """Make the folder ``path`` and those above it, where they do not exist yet.

    Raises:
        UnwritableError: a file is in the way, or nothing can be written there.
    """
    with _writable(path):
        path.mkdir(parents=True, exist_ok=True)


@contextmanager
def _writable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        reason = IN_THE_WAY if isinstance(error, FileExistsError | NotADirectoryError) else error.strerror
        raise UnwritableError(error.errno, reason, str(path)) from error


def _hidden(path: Path) -> Path:
    host = platform.node().replace(".", "-") or "host"  # a folder may be shared between machines
    for left in path.parent.glob(f".{glob.escape(f'{path.name}.{host}')}.*.part"):
        if not _alive(left.name.split(".")[-3]):
            _put_back(left / PREVIOUS, path)
            shutil.rmtree(left, ignore_errors=True)
    prefix = f".{path.name}.{host}.{os.getpid()}."
    return Path(tempfile.mkdtemp(prefix=prefix, suffix=".part", dir=path.parent))


def _alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True


def replace(part: Path, path: Path) -> None:
    """Rename ``part`` to ``path``; a folder in the way is moved aside first, so that it can be put back."""
    if not path.is_dir():
        part.replace(path)
        return
    aside = part.parent / PREVIOUS
    path.replace(aside)
    try:
        part.replace(path)
    except OSError:
        _put_back(aside, path)
        raise


def _put_back(aside: Path, path: Path) -> None:
    if aside.exists() and not path.exists():
        aside.replace(path)


def sha256(path: Path) -> str:
    """Hex digest of a file, or of a folder's files in the order of their relative names."""
    digest = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]:
        if path.is_dir():
            digest.update(file.relative_to(path).as_posix().encode())
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _flush(path: Path) -> None:
    for file in [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path]:
        with file.open("rb") as stream:
            os.fsync(stream.fileno())
