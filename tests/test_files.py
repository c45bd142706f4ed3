from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edgeisp.files import UnwritableError, check_folder, sha256, whole


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_whole_gives_the_final_name_when_the_block_ends_well(tmp_path: Path) -> None:
    with whole(tmp_path / "new" / "a.bin") as part:
        part.write_bytes(b"weights")
        assert names(tmp_path / "new") != ["a.bin"], "visible under its final name before it is whole"
    assert (tmp_path / "new" / "a.bin").read_bytes() == b"weights"
    assert names(tmp_path / "new") == ["a.bin"]


def test_whole_keeps_the_previous_file_when_the_block_fails(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"previous")
    with pytest.raises(KeyboardInterrupt), whole(path) as part:
        part.write_bytes(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"previous"
    assert names(tmp_path) == ["a.bin"]


def test_whole_replaces_a_folder_when_one_is_in_the_way(tmp_path: Path) -> None:
    package = tmp_path / "a.mlpackage"
    for text, other in (("one", "old.txt"), ("two", "new.txt")):
        with whole(package) as part:
            part.mkdir()
            (part / "model").write_text(text)
            (part / other).touch()
    assert names(package) == ["model", "new.txt"], "files of the previous folder must not survive"
    assert (package / "model").read_text() == "two"
    assert names(tmp_path) == ["a.mlpackage"]


def test_whole_keeps_the_previous_folder_when_the_block_fails(tmp_path: Path) -> None:
    package = tmp_path / "a.mlpackage"
    package.mkdir()
    (package / "model").write_text("previous")
    with pytest.raises(OSError, match="disk full"), whole(package) as part:
        part.mkdir()
        raise OSError("disk full")
    assert (package / "model").read_text() == "previous"
    assert names(tmp_path) == ["a.mlpackage"]


def test_whole_keeps_the_previous_file_when_the_process_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"previous")
    program = (
        "import os, signal, sys; from pathlib import Path; from edgeisp.files import whole\n"
        "with whole(Path(sys.argv[1])) as part:\n"
        "    part.write_bytes(b'half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-P", "-c", program, path], cwd=tmp_path)
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"previous"
    assert [name for name in names(tmp_path) if not name.endswith(".part")] == ["a.bin"]
    with whole(path) as part:
        part.write_bytes(b"next")
    assert names(tmp_path) == ["a.bin"], "the next writer sweeps what the killed one left"


@pytest.mark.skipif(os.name != "posix", reason="limits the file size by setrlimit")
@pytest.mark.parametrize("writing", ["part.write_bytes(bytes(5000))", "numpy.zeros(5000).tofile(part)"])
def test_whole_leaves_nothing_and_names_the_file_when_the_disk_is_full(tmp_path: Path, writing: str) -> None:
    program = (
        "import numpy, resource, signal, sys; from pathlib import Path; from edgeisp.files import whole\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "with whole(Path(sys.argv[1])) as part:\n"
        f"    {writing}\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program, tmp_path / "a.bin"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    last = done.stderr.splitlines()[-1]
    assert last.startswith("OSError: ")
    assert last.endswith(f": {str(tmp_path / 'a.bin')!r}")
    assert names(tmp_path) == []


def test_whole_leaves_no_new_folder_when_the_block_fails(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), whole(tmp_path / "new" / "deep" / "a.bin") as part:
        part.write_bytes(b"half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_whole_names_the_file_when_nothing_can_be_written_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    path = tmp_path / "file" / "a.bin"
    with pytest.raises(UnwritableError) as caught, whole(path):
        pass
    assert (caught.value.filename, caught.value.strerror) == (str(path), "a file is in the way")


def test_sha256_is_the_plain_digest_when_given_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"x" * 3_000_000)
    assert sha256(path) == hashlib.sha256(b"x" * 3_000_000).hexdigest()


def test_sha256_changes_when_a_file_in_a_folder_is_renamed_or_altered(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "a.bin").write_bytes(b"1")
    first = sha256(tmp_path)
    (tmp_path / "weights" / "a.bin").rename(tmp_path / "weights" / "b.bin")
    renamed = sha256(tmp_path)
    (tmp_path / "weights" / "b.bin").write_bytes(b"2")
    assert len({first, renamed, sha256(tmp_path)}) == 3


def test_whole_puts_a_folder_back_when_its_writer_was_killed_between_two_renames(tmp_path: Path) -> None:
    package = tmp_path / "a.mlpackage"
    package.mkdir()
    (package / "model").write_text("previous")
    program = (
        "import os, signal, sys; from pathlib import Path; from edgeisp.files import whole\n"
        "Path.replace, rename = (lambda self, to: (rename(self, to), os.kill(os.getpid(), 9))), Path.replace\n"
        "with whole(Path(sys.argv[1])) as part:\n"
        "    part.mkdir()\n"
    )
    done = subprocess.run([sys.executable, "-P", "-c", program, package], cwd=tmp_path)
    assert done.returncode == -signal.SIGKILL
    assert not package.exists()
    with pytest.raises(OSError, match="disk full"), whole(package):
        raise OSError("disk full")
    assert (package / "model").read_text() == "previous"
    assert names(tmp_path) == ["a.mlpackage"]


def test_check_folder_makes_nothing_and_names_the_file_that_is_in_the_way(tmp_path: Path) -> None:
    check_folder(tmp_path / "new" / "newer")
    (tmp_path / "file").write_bytes(b"")
    for folder in (tmp_path / "file", tmp_path / "file" / "new"):
        with pytest.raises(UnwritableError, match="a file is in the way") as caught:
            check_folder(folder)
        assert caught.value.filename == str(tmp_path / "file")
    assert names(tmp_path) == ["file"]
