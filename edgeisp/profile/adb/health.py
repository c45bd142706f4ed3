"""How a phone fares while it is measured: heat, clocks, memory. A hot phone is slow, and its times are not its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from edgeisp.profile.adb.phone import Dropped, Phone
from edgeisp.profile.report import Health

EVERY = 2.0
"""Seconds between samples: seldom enough not to be measured itself."""
CPUFREQ = "/sys/devices/system/cpu/cpu*/cpufreq"
EXPRESSIONS = {
    "status": "$(dumpsys thermalservice | sed -n 's/^Thermal Status: //p')",
    "heat": "$(cat /sys/class/thermal/thermal_zone*/temp | sort -n | tail -n 1)",
    "clock": f"$(cat {CPUFREQ}/scaling_cur_freq | sort -n | tail -n 1)",
    "allowed": f"$(cat {CPUFREQ}/scaling_max_freq | sort -n | tail -n 1)",
    "top": f"$(cat {CPUFREQ}/cpuinfo_max_freq | sort -n | tail -n 1)",
    "memory": "$(sed -n 's/^MemAvailable: *//p' /proc/meminfo)",
}


def sample(phone: Phone, start: float) -> Health:
    """The phone now, timed since ``start`` on the monotonic clock.

    Raises:
        Dropped: it is gone.
    """
    said = phone.ask(EXPRESSIONS)
    heat, clock, allowed, top = (_number(said[name]) for name in ("heat", "clock", "allowed", "top"))
    memory, status = _number(said["memory"].removesuffix(" kB")), _number(said["status"])
    return Health(
        at_s=round(time.monotonic() - start, 2),
        status=None if status is None else int(status),
        celsius=None if heat is None else heat / (1000 if heat > 1000 else 1),
        clock_mhz=None if clock is None else clock / 1000,
        allowed=allowed / top if allowed and top else None,
        memory_bytes=None if memory is None else int(memory) * 1024,
    )


@contextmanager
def watching(phone: Phone, start: float) -> Iterator[list[Health]]:
    """Samples before, during and after the block."""
    samples, over = [sample(phone, start)], threading.Event()

    def look() -> None:
        while not over.wait(EVERY):
            try:
                samples.append(sample(phone, start))
            except Dropped:
                return

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        over.set()
        thread.join()
    samples.append(sample(phone, start))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
