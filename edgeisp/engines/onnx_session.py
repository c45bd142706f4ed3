"""Sessions of onnxruntime, on the CPU."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgeisp.errors import BadInputError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


def session(path: Path | bytes, threads: int) -> InferenceSession:
    """A file or its content, opened.

    Raises:
        BadInputError: it is damaged.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        content = path if isinstance(path, bytes) else str(path)
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors share no public base class
        raise BadInputError(
            f"onnxruntime cannot open it ({error})",
            where=None if isinstance(path, bytes) else path,
            cure="export again",
        ) from error
