"""Costs counted on written files, read back from disk: one file for each format."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from edgeisp.errors import BadInputError, EdgeISPError
from edgeisp.profile.report import Static

READERS = {
    ".tflite": "edgeisp.profile.files.tflite",
    ".onnx": "edgeisp.profile.files.onnx",
    ".mlpackage": "edgeisp.profile.files.mil",
    ".pte": "edgeisp.profile.files.executorch",
}


def count(path: Path) -> dict[str, Static]:
    """What each function of the artifact at ``path`` costs, from the file alone; empty for formats of other packages.

    Raises:
        BadInputError: the file is damaged.
        UnavailableError: what reads such files is not installed.
    """
    if path.suffix not in READERS:
        return {}
    try:
        counted: dict[str, Static] = import_module(READERS[path.suffix]).count(path)
    except EdgeISPError:
        raise
    except Exception as error:  # a damaged file makes parsers stumble over anything
        raise BadInputError(
            f"its operations cannot be read ({type(error).__name__}: {error})",
            where=path,
            cure="export again",
        ) from error
    return counted
