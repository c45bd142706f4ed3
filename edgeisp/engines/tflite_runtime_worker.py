"""The other side of `edgeisp.engines.tflite_runtime`, for a Python with tflite-runtime and numpy 1, not edgeisp.

``python -I tflite_runtime_worker.py MODEL THREADS`` answers frames on stdin with frames on stdout. A frame is its
length (8 bytes, big endian) and an .npz; the keys of a question are ``FUNCTION/INPUT``.
"""

from __future__ import annotations

import io
import os
import struct
import sys
from collections.abc import Mapping
from typing import IO, Any

import numpy as np


def write(stream: IO[bytes], arrays: Mapping[str, Any]) -> None:
    """Send one frame."""
    content = io.BytesIO()
    np.savez(content, **arrays)
    stream.write(struct.pack(">Q", content.tell()) + content.getvalue())
    stream.flush()


def read(stream: IO[bytes]) -> dict[str, Any] | None:
    """Receive one frame; None at the end of the stream, also in the middle of a frame."""
    head = stream.read(8)
    content = stream.read(struct.unpack(">Q", head)[0]) if len(head) == 8 else b""
    if not content:
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return dict(arrays)


def serve(model: str, threads: int) -> None:
    """Answer until the other side closes stdin."""
    import tflite_runtime
    import tflite_runtime.interpreter as runtime

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever the library prints is not an answer
    interpreter = runtime.Interpreter(model, num_threads=threads or None)
    runners = {name: interpreter.get_signature_runner(name) for name in interpreter.get_signature_list()}
    write(answers, {"version": np.array(tflite_runtime.__version__)})
    while (question := read(sys.stdin.buffer)) is not None:
        function = next(iter(question)).split("/")[0]
        write(answers, runners[function](**{key.split("/")[1]: value for key, value in question.items()}))


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
