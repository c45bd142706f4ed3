"""RAW files to `RawImage`: LibRaw and tifffile parse in a process of their own, the result is judged here."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeisp.child import signal_name
from edgeisp.errors import BadInputError
from edgeisp.raw.assume import Assumptions
from edgeisp.raw.facts import LENGTH, Decoded, Facts, Failed
from edgeisp.raw.image import RawImage
from edgeisp.raw.settle import judge_metadata, settle

SECONDS = 120
SUFFIXES = (
    *(
        ".3fr",
        ".arw",
        ".bay",
        ".cr2",
        ".cr3",
        ".crw",
        ".dcr",
        ".dng",
        ".erf",
        ".fff",
        ".iiq",
        ".k25",
        ".kdc",
        ".mef",
    ),
    *(
        ".mos",
        ".mrw",
        ".nef",
        ".nrw",
        ".orf",
        ".pef",
        ".raf",
        ".raw",
        ".rw2",
        ".rwl",
        ".sr2",
        ".srf",
        ".srw",
        ".x3f",
    ),
)
"""Endings that cameras give RAW files; only for finding them in a folder."""


def read_raw(path: Path, assume: Assumptions | None = None) -> RawImage:
    """Read any Bayer RAW that LibRaw opens (DNG, NEF, CR2, ARW, ...).

    The mosaic is the active area: sensor values after decompression and the file's linearization table.
    DNG metadata is what the tags say; that of other files is LibRaw's knowledge of the camera.

    Args:
        assume: values that replace the file's, or stand in for missing ones; recorded in `RawImage.assumed`.

    Raises:
        BadInputError: not a file, truncated, no Bayer mosaic, or metadata missing or impossible; names the
            tag and the option that cures it.
    """
    if path.is_dir():
        raise BadInputError("this is a folder", where=path, cure="name a file in it")
    if not path.is_file():
        raise BadInputError("no such file", where=path, cure="check the path")
    if path.stat().st_size == 0:
        raise BadInputError("the file is empty", where=path, cure="copy it from the camera again")
    assume = assume or Assumptions()
    answer = _decode(path)
    if isinstance(answer, Failed):
        if answer.facts is not None:
            judge_metadata(answer.facts, assume, path)
        raise BadInputError(answer.what, where=path, cure=answer.cure)
    facts, mosaic = answer
    return settle(mosaic, facts, assume, path)


def _decode(path: Path) -> tuple[Facts, NDArray[np.uint16]] | Failed:
    command = [sys.executable, "-P", "-m", "edgeisp.raw.libraw_child", str(path.absolute())]
    alone = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryFile() as answer:  # a pipe would hold the mosaic twice while it is read
        try:
            child = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=answer,
                stderr=subprocess.PIPE,
                timeout=SECONDS,
                env=alone,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise BadInputError(
                f"LibRaw took longer than {SECONDS} s", where=path, cure="the file is damaged or far too big"
            ) from error
        complaints = child.stderr.decode(errors="replace")
        if child.returncode < 0:
            name = signal_name(-child.returncode)
            raise BadInputError(
                f"LibRaw's process died of {name}",
                where=path,
                cure="the file is damaged; copy it from the camera again",
            )
        if child.returncode:
            raise BadInputError(
                f"LibRaw's process failed: {complaints.strip()[-200:]}",
                where=path,
                cure="run `edgeisp doctor`",
            )
        answer.seek(0)
        said, mosaic = _answered(answer)
    damage = _damage(complaints)
    if damage is not None:
        return Failed(f"{damage} (of {path.stat().st_size})", "copy it from the camera again", said.facts)
    return said if isinstance(said, Failed) else (said.facts, mosaic)


def _answered(stream: IO[bytes]) -> tuple[Decoded | Failed, NDArray[np.uint16]]:
    """What `edgeisp.raw.libraw_child.answer` wrote."""
    (length,) = LENGTH.unpack(stream.read(LENGTH.size))
    said: Decoded | Failed = msgspec.msgpack.decode(stream.read(length), type=Decoded | Failed)
    if isinstance(said, Failed):
        return said, np.empty((0, 0), np.uint16)
    mosaic = np.fromfile(stream, "<u2", said.height * said.width).reshape(said.height, said.width)
    return said, mosaic.astype(np.uint16, copy=False)


def _damage(complaints: str) -> str | None:
    """What LibRaw prints of damage; it may still return a half-filled mosaic."""
    corrupt = re.search(r"data corrupted at (\d+)", complaints)
    if corrupt:
        return f"damaged: LibRaw finds corrupt data at byte {corrupt[1]}"
    return "truncated: LibRaw runs out of bytes" if "Unexpected end of file" in complaints else None
