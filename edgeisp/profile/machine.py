"""This computer, in the words of a report."""

from __future__ import annotations

import os
import platform
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from edgeisp.profile.report import Machine

ROUNDS, SIDE, BLOCK = 7, 640, 1 << 26


def machine() -> Machine:
    """Processor, memory, system, and how busy it is."""
    return Machine(
        processor=_processor(),
        cores=os.cpu_count() or 1,
        memory_bytes=_memory(),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        load=round(os.getloadavg()[0], 2),
    )


def resident_bytes() -> int | None:
    """Resident memory of this process now; None where the system does not say."""
    return _status("VmRSS")


def peak_bytes() -> int | None:
    """The highest resident memory that this process has had.

    Not `getrusage` on Linux: its maximum is inherited from the parent's image.
    """
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return _status("VmHWM")


def roof() -> tuple[float, float]:
    """MACs per second of fp32 matrix products and bytes per second of copies, the best of a few on one thread."""
    import torch

    torch.set_num_threads(1)
    a, b = torch.rand(SIDE, SIDE), torch.rand(SIDE, SIDE)
    source = torch.empty(BLOCK, dtype=torch.uint8).fill_(1)
    target = torch.empty_like(source)
    return SIDE**3 / _best(lambda: a @ b), 2 * BLOCK / _best(lambda: target.copy_(source))


def _best(call: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _memory() -> int | None:
    if "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _status(field: str) -> int | None:
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.is_file() else []
    found = [line.split() for line in lines if line.startswith(f"{field}:")]
    return int(found[0][1]) * 1024 if found else None
