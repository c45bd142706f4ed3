"""RAW files to `RawImage`: LibRaw and tifffile parse in a process of their own, the result is judged here."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np

from edgeisp.child import signal_name
from edgeisp.errors import BadInputError
from edgeisp.raw.assume import Assumptions
from edgeisp.raw.facts import Decoded, Failed
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
    mosaic = np.frombuffer(answer.mosaic, "<u2").reshape(answer.height, answer.width)
    return settle(mosaic.astype(np.uint16, copy=False), answer.facts, assume, path)


def _decode(path: Path) -> Decoded | Failed:
    command = [sys.executable, "-P", "-m", "edgeisp.raw.libraw_child", str(path.absolute())]
    alone = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        child = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, env=alone, check=False
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
            f"LibRaw's process failed: {complaints.strip()[-200:]}", where=path, cure="run `edgeisp doctor`"
        )
    answer: Decoded | Failed = msgspec.msgpack.decode(child.stdout, type=Decoded | Failed)
    damage = _damage(complaints)
    if damage is None:
        return answer
    return Failed(f"{damage} (of {path.stat().st_size})", "copy it from the camera again", answer.facts)


def _damage(complaints: str) -> str | None:
    """What LibRaw prints of damage; it may still return a half-filled mosaic."""
    corrupt = re.search(r"data corrupted at (\d+)", complaints)
    if corrupt:
        return f"damaged: LibRaw finds corrupt data at byte {corrupt[1]}"
    return "truncated: LibRaw runs out of bytes" if "Unexpected end of file" in complaints else None
