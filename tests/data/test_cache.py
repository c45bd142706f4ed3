"""The cache of decoded frames."""

import os
from collections.abc import Callable
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from edgeisp.data import cache as caching
from edgeisp.data.cache import StoredFrame, frames_folder, in_threads, place, stored_frames
from edgeisp.data.frame import frame_of
from edgeisp.data.open import open_set
from edgeisp.data.pairset import Entry, PairSet
from edgeisp.errors import UnavailableError
from edgeisp.raw import Assumptions
from edgeisp.raw.reader import RawReader

Make = Callable[..., Path]


@pytest.fixture
def pairs(make_zrr: Make) -> PairSet:
    return open_set(f"zrr:{make_zrr()}", RawReader())


def test_stored_frame_gives_the_windows_of_the_decoded_one(pairs: PairSet) -> None:
    entry = pairs.entries[0]
    (stored,) = stored_frames(pairs, [entry])
    decoded = frame_of(pairs.read(entry))
    assert stored.shape == decoded.shape
    assert stored.sensor == decoded.sensor
    rows, columns = slice(2, 30), slice(10, 64)
    for mine, theirs in zip(stored.window(rows, columns), decoded.window(rows, columns), strict=True):
        assert np.array_equal(mine, theirs)


def test_pair_is_decoded_once(pairs: PairSet) -> None:
    stored_frames(pairs, pairs.entries)
    files = sorted(frames_folder().rglob("*.safetensors"))
    assert len(files) == 5
    for folder in {path.parent for entry in pairs.entries for path in (entry.raw, entry.picture)}:
        for path in folder.iterdir():
            found = path.stat()
            path.write_bytes(b"x" * found.st_size)
            os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert len(stored_frames(pairs, pairs.entries)) == 5
    assert sorted(frames_folder().rglob("*")) == sorted({*files, *(file.parent for file in files)})


@pytest.mark.parametrize("change", ["raw", "picture", "reader", "aligned"])
def test_frame_is_made_anew_when_what_it_was_made_from_changes(pairs: PairSet, change: str) -> None:
    entry = pairs.entries[0]
    before = place(pairs, entry, False)
    if change in ("raw", "picture"):
        os.utime(getattr(entry, change), ns=(1, 1))
    reader = RawReader(assume=Assumptions(white_balance=(2, 1, 2)) if change == "reader" else Assumptions())
    assert place(open_set(pairs.name, reader), entry, change == "aligned") != before


def test_damaged_file_in_the_cache_is_made_anew(pairs: PairSet) -> None:
    (stored,) = stored_frames(pairs, pairs.entries[:1])
    stored.path.write_bytes(stored.path.read_bytes()[:-100])
    assert StoredFrame.open(stored.path) is None
    (again,) = stored_frames(pairs, pairs.entries[:1])
    assert again.window(slice(0, 64), slice(0, 64)).mask.all()


def test_frame_that_has_gone_from_the_cache_is_told(pairs: PairSet) -> None:
    (stored,) = stored_frames(pairs, pairs.entries[:1])
    stored.path.unlink()
    with pytest.raises(UnavailableError, match="start again"):
        stored.window(slice(0, 2), slice(0, 2))


def test_cache_that_cannot_be_written_is_told(pairs: PairSet, cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    with pytest.raises(UnavailableError, match="cache cannot be written"):
        stored_frames(pairs, pairs.entries)


def test_decoding_ends_with_the_run_that_wanted_it(pairs: PairSet) -> None:
    class Stopped(Exception):
        pass

    many = list(pairs.entries) * 200
    begun: list[str] = []

    def note(entry: Entry) -> None:
        begun.append(entry.name)
        if len(begun) > 1:
            Event().wait(0.1)

    with pytest.raises(Stopped), in_threads(note, many) as results:
        next(results)
        raise Stopped
    assert len(begun) < len(many) / 2


def test_disk_that_is_too_small_is_told_before_decoding(
    pairs: PairSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caching, "BYTES_PER_PIXEL", 10**15)
    with pytest.raises(UnavailableError, match=r"5 decoded pairs need about .* GB .*XDG_CACHE_HOME"):
        stored_frames(pairs, pairs.entries)
    assert not list(frames_folder().rglob("*.safetensors"))
