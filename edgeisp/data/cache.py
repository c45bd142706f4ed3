"""Decoded frames on disk, one file for each pair: decoded once, then read a window at a time without decoding.

A file holds the frame's mosaic, picture and mask as safetensors. Its name is the hash of all that it was made from:
both files' paths, sizes and times, how they were read, and whether they were aligned. Nothing is ever changed in place,
so any number of processes may use the folder at the same time.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from edgeisp.data.frame import MemoryFrame, Sensor, Window, frame_of
from edgeisp.data.pairset import Entry, PairSet
from edgeisp.errors import BadInputError, UnavailableError
from edgeisp.files import cache_folder, whole

VERSION = 1
SENSOR = "sensor"
BYTES_PER_PIXEL = 6
ELSEWHERE = "set XDG_CACHE_HOME to a folder on a larger disk, or delete old frames"
T = TypeVar("T")
Report = Callable[[int], None]
"""Called with the number of pairs that were just done."""


@dataclass(frozen=True)
class StoredFrame:
    """A frame in the cache."""

    path: Path
    shape: tuple[int, int]
    sensor: Sensor

    @classmethod
    def open(cls, path: Path) -> StoredFrame | None:
        """The frame in ``path``, or None where there is no whole one."""
        try:
            with safe_open(path, "np") as file:
                height, width = file.get_slice("mosaic").get_shape()
                return cls(path, (height, width), msgspec.json.decode(file.metadata()[SENSOR], type=Sensor))
        except (OSError, SafetensorError, KeyError, msgspec.DecodeError):
            return None

    def window(self, rows: slice, columns: slice) -> Window:
        """A part of the frame; only its pages are read.

        Raises:
            UnavailableError: the file has gone from the cache.
        """
        try:
            with safe_open(self.path, "np") as file:
                return Window(*(file.get_slice(name)[rows, columns] for name in Window._fields))
        except (OSError, SafetensorError) as error:
            raise UnavailableError(
                f"a decoded frame has gone or is damaged ({error})", self.path, "start again: it is made anew"
            ) from error


def frames_folder() -> Path:
    """Where decoded frames are kept."""
    return cache_folder("frames")


def stored_frames(
    pairs: PairSet,
    entries: Sequence[Entry],
    *,
    aligned: bool = False,
    skip_bad: bool = False,
    report: Report = lambda _: None,
) -> list[StoredFrame]:
    """The frames of ``entries``, from the cache where it has them, else decoded now and stored.

    Several threads decode; each holds one pair at a time, so memory stays bounded for sets of any size.

    Args:
        aligned: pictures are warped onto the RAW's grid, see `edgeisp.data.align`.
        skip_bad: leave out pairs that cannot be read.

    Raises:
        BadInputError: pairs cannot be read; counts them and names the first.
        UnavailableError: the disk is too small.
    """
    _check_disk(pairs, entries, aligned)
    frames: list[StoredFrame] = []
    bad: list[BadInputError] = []
    with in_threads(partial(_stored, pairs, aligned), entries) as found:
        for frame in found:
            if isinstance(frame, StoredFrame):
                frames.append(frame)
            else:
                bad.append(frame)
            report(1)
    refuse(bad, len(entries), skip_bad)
    return frames


@contextmanager
def in_threads(function: Callable[[Entry], T], entries: Sequence[Entry]) -> Iterator[Iterator[T]]:
    """What ``function`` makes of each entry, in order; when the block ends early, what has not begun is dropped."""
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        yield pool.map(function, entries)
    finally:
        pool.shutdown(cancel_futures=True)


def refuse(bad: Sequence[BadInputError], total: int, skip_bad: bool) -> None:
    """Stop if there are pairs that cannot be read, unless ``skip_bad`` leaves some to go on with.

    Raises:
        BadInputError: the one bad pair's own error, or a count with the first.
    """
    if not bad or (skip_bad and len(bad) < total):
        return
    if total == 1:
        raise bad[0]
    raise BadInputError(
        f"{len(bad)} of {total} pairs cannot be used, first: {bad[0].what}",
        where=bad[0].where,
        cure=f"{bad[0].cure or 'mend it'}; `edgeisp data check` lists all, --skip-bad of train and eval omits them",
    )


def place(pairs: PairSet, entry: Entry, aligned: bool) -> Path:
    """Where the cache has the frame of ``entry``."""
    files = [(str(path.resolve()), *identity(path)) for path in (entry.raw, entry.picture)]
    key = hashlib.sha256(repr((VERSION, pairs.recipe, files, aligned)).encode()).hexdigest()[:40]
    return frames_folder() / key[:2] / f"{key}.safetensors"


def identity(path: Path) -> tuple[int, int]:
    """Size and time of a file, which change when it does."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _stored(pairs: PairSet, aligned: bool, entry: Entry) -> StoredFrame | BadInputError:
    try:
        path = place(pairs, entry, aligned)
        frame = StoredFrame.open(path)
        if frame is None:
            store(_decoded(pairs, entry, aligned), path)
            frame = StoredFrame.open(path)
    except BadInputError as error:
        return error
    except FileNotFoundError as error:
        return BadInputError("no such file", where=error.filename, cure="start again")
    assert frame is not None, path
    return frame


def _decoded(pairs: PairSet, entry: Entry, aligned: bool) -> MemoryFrame:
    frame = frame_of(pairs.read(entry))
    if not aligned:
        return frame
    from edgeisp.data.align import align_frame

    return align_frame(frame)


def store(frame: MemoryFrame, path: Path) -> None:
    """Write ``frame``, whole or not at all.

    Raises:
        UnavailableError: the folder cannot be written to, or the disk is full.
    """
    tensors = {name: part.copy() for name, part in frame.whole._asdict().items()}
    try:
        with whole(path) as part:
            save_file(tensors, part, metadata={SENSOR: msgspec.json.encode(frame.sensor).decode()})
    except (OSError, SafetensorError) as error:
        raise UnavailableError(
            f"the cache cannot be written ({error})", frames_folder(), ELSEWHERE
        ) from error


def _check_disk(pairs: PairSet, entries: Sequence[Entry], aligned: bool) -> None:
    absent = [entry for entry in entries if not _there(pairs, entry, aligned)]
    for entry in absent:
        try:
            height, width = pairs.read(entry).raw.mosaic.shape
        except BadInputError:
            continue
        break
    else:
        return
    folder = frames_folder()
    above = next(place for place in (folder, *folder.parents) if place.is_dir())
    free, need = shutil.disk_usage(above).free, len(absent) * height * width * BYTES_PER_PIXEL
    if need > free:
        raise UnavailableError(
            f"{len(absent)} decoded pairs need about {need / 1e9:.1f} GB, {free / 1e9:.1f} GB are free",
            where=folder,
            cure=ELSEWHERE,
        )


def _there(pairs: PairSet, entry: Entry, aligned: bool) -> bool:
    try:
        return place(pairs, entry, aligned).is_file()
    except OSError:
        return False
