"""LiteRT's own profiler, reached through the C interface of its library: Python has no door to it.

The library ships without headers. The prototypes below are those of ai-edge-litert 2.3; what does not answer as they
say ends in an error, and this runs in a process of its own.
"""

from __future__ import annotations

import ctypes
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from edgeisp import extras
from edgeisp.engines.base import Tensors
from edgeisp.errors import UnavailableError
from edgeisp.profile.report import Operator

OPTIONS = b"enable_profiling = true\n"
CPU, WRITE = 1, 1
TENSOR_TYPE_BYTES = 72
CONTAINER = "TfLiteXNNPackDelegate"
"""A row for all that a delegate does, beside the rows for each thing."""
ROW = re.compile(
    r"\s*(?P<kind>\S.*?)\s+[\d.]+\s+[\d.]+\s+(?P<avg>[\d.]+)\s+[\d.]+%\s+[\d.]+%\s+[\d.]+\s+(?P<calls>\d+)\s+(?P<name>\S.*)$"
)
"""Kind, start, first, average, share, sum of shares, memory, calls, name."""


def table(path: Path, function: str, threads: int, inputs: Tensors, runs: int) -> tuple[list[Operator], str]:
    """See `edgeisp.profile.operators.table`. The number of threads is LiteRT's own choice here."""
    return rows(summary(path, function, inputs, runs), runs), (
        f"LiteRT {extras.versions('tflite')['ai-edge-litert']} profiler"
    )


def summary(path: Path, function: str, inputs: Tensors, runs: int) -> str:
    """The profiler's own table over ``runs`` runs."""
    library = ctypes.CDLL(str(files("ai_edge_litert") / "libLiteRt.so"))
    handle, size = ctypes.c_void_p, ctypes.c_size_t

    def call(name: str, *args: Any) -> None:
        if status := getattr(library, name)(*args):
            raise UnavailableError(f"LiteRT's {name} answers {status}", where=path)

    def made(name: str, *args: Any) -> ctypes.c_void_p:
        result = handle()
        call(name, *args, ctypes.byref(result))
        return result

    environment = made("LiteRtCreateEnvironment", 0, None)
    model = made("LiteRtCreateModelFromFile", environment, str(path).encode())
    options = made("LiteRtCreateOptions")
    call("LiteRtSetOptionsHardwareAccelerators", options, CPU)
    text = ctypes.create_string_buffer(OPTIONS)
    keep = ctypes.CFUNCTYPE(None, handle)(lambda _: None)
    opaque = made("LiteRtCreateOpaqueOptions", b"runtime_options_string", text, keep)
    call("LiteRtAddOpaqueOptions", options, opaque)
    compiled = made("LiteRtCreateCompiledModel", environment, model, options)
    index, signature = _signature(call, made, model, function)
    ports = {"Input": _names(call, signature, "Input"), "Output": _names(call, signature, "Output")}
    buffers = {}
    for side, names in ports.items():
        buffers[side] = (handle * len(names))()
        for number, name in enumerate(names):
            tensor = made(f"LiteRtGetSignature{side}TensorByIndex", signature, size(number))
            kind = ctypes.create_string_buffer(TENSOR_TYPE_BYTES)
            call("LiteRtGetRankedTensorType", tensor, kind)
            needs = made(
                f"LiteRtGetCompiledModel{side}BufferRequirements", compiled, size(index), size(number)
            )
            buffer = made("LiteRtCreateManagedTensorBufferFromRequirements", environment, kind, needs)
            buffers[side][number] = buffer
            if side == "Input":
                content = np.ascontiguousarray(inputs[name])
                memory = handle()
                call("LiteRtLockTensorBuffer", buffer, ctypes.byref(memory), WRITE)
                ctypes.memmove(memory, content.ctypes.data, content.nbytes)
                call("LiteRtUnlockTensorBuffer", buffer)
    counts = {side: size(len(names)) for side, names in ports.items()}

    def run() -> None:
        given, taken = (buffers["Input"], buffers["Output"])
        call("LiteRtRunCompiledModel", compiled, size(index), counts["Input"], given, counts["Output"], taken)

    run()  # not counted
    profiler = made("LiteRtCompiledModelGetProfiler", compiled)
    call("LiteRtStartProfiler", profiler)
    for _ in range(runs):
        run()
    call("LiteRtStopProfiler", profiler)
    said = ctypes.c_char_p()
    call("LiteRtGetProfileSummary", profiler, compiled, ctypes.byref(said))
    return (said.value or b"").decode(errors="replace")


def _signature(call: Any, made: Any, model: ctypes.c_void_p, function: str) -> tuple[int, ctypes.c_void_p]:
    count = ctypes.c_size_t()
    call("LiteRtGetNumModelSignatures", model, ctypes.byref(count))
    for index in range(count.value):
        signature: ctypes.c_void_p = made("LiteRtGetModelSignature", model, ctypes.c_size_t(index))
        key = ctypes.c_char_p()
        call("LiteRtGetSignatureKey", signature, ctypes.byref(key))
        if key.value == function.encode():
            return index, signature
    raise UnavailableError(f"LiteRT finds no signature {function!r}")


def _names(call: Any, signature: ctypes.c_void_p, side: str) -> list[str]:
    count = ctypes.c_size_t()
    call(f"LiteRtGetNumSignature{side}s", signature, ctypes.byref(count))
    names = []
    for number in range(count.value):
        name = ctypes.c_char_p()
        call(f"LiteRtGetSignature{side}Name", signature, ctypes.c_size_t(number), ctypes.byref(name))
        names.append((name.value or b"").decode())
    return names


def rows(text: str, runs: int) -> list[Operator]:
    """The section "Run Order" of the profiler's summary over ``runs`` runs.

    A row holds every operation of its name: parts of the graph that went to the delegate one by one number theirs
    anew, so that the average call alone would count one of them for all.
    """
    section = text.split("= Run Order =", 1)[-1].split("= Top by Computation Time =", 1)[0]
    found = [match for line in section.splitlines() if (match := ROW.match(line))]
    return [
        Operator(
            name=row["name"].strip() + (f" {number}" if row["name"].endswith("]") else ""),
            kind=row["kind"].removeprefix("Delegate/"),
            ms=float(row["avg"]) * int(row["calls"]) / runs,
            delegated=row["kind"].startswith("Delegate/"),
        )
        for number, row in enumerate(found)
        if row["kind"] != CONTAINER
    ]
