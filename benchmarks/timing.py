"""What the benchmarks share: interleaved timing, medians, and a table that names the machine."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from edgeisp.profile.machine import machine as measured

Key = TypeVar("Key")


def interleaved(calls: Mapping[Key, Callable[[], object]], rounds: int) -> dict[Key, float]:
    """Median seconds of each call; every round runs all of them once, so that a slow phase of the machine hits all."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def show(title: str, seconds: Mapping[str, float], base: str) -> None:
    """A table of medians in ms and as ratios to ``base``."""
    table = Table("what", "median ms", f"times {base}", title=title, caption=machine(), title_justify="left")
    for name, value in seconds.items():
        table.add_row(name, f"{value * 1e3:.1f}", f"{value / seconds[base]:.2f}")
    Console().print(table)


def machine() -> str:
    """Processor, cores and Python of this machine."""
    here = measured()
    return f"{here.processor}, {here.cores} cores, {here.system}, Python {here.python}"


def instructions() -> str:
    """What the processor multiplies integers with: decides how much faster than float int8 is."""
    cpuinfo = Path("/proc/cpuinfo")
    flags = cpuinfo.read_text().split() if cpuinfo.is_file() else []
    known = ("amx_int8", "avx512_vnni", "avx_vnni", "avx512bw", "avx2", "asimddp", "i8mm")
    return ", ".join(flag for flag in known if flag in flags) or "no int8 instructions known"
