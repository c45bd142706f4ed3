"""How a phone fares while it is measured: heat, clocks, memory. A hot phone is slow, and its times are not its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from edgeisp.profile.adb.phone import Dropped, Phone

EVERY = 2.0
"""Seconds between samples: seldom enough not to be measured itself."""
MODERATE = 2
"""Android's thermal status from which the system holds back the clocks (0 none, 1 light, 2 moderate ... 6 shutdown)."""
CPUFREQ = "/sys/devices/system/cpu/cpu*/cpufreq"
EXPRESSIONS = {
    "status": "$(dumpsys thermalservice | sed -n 's/^Thermal Status: //p')",
    "heat": "$(cat /sys/class/thermal/thermal_zone*/temp | sort -n | tail -n 1)",
    "clock": f"$(cat {CPUFREQ}/scaling_cur_freq | sort -n | tail -n 1)",
    "allowed": f"$(cat {CPUFREQ}/scaling_max_freq | sort -n | tail -n 1)",
    "top": f"$(cat {CPUFREQ}/cpuinfo_max_freq | sort -n | tail -n 1)",
    "memory": "$(sed -n 's/^MemAvailable: *//p' /proc/meminfo)",
}


@dataclass(frozen=True)
class Sample:
    """The phone at one moment; None where it does not say."""

    status: int | None
    """Android's thermal status."""
    celsius: float | None
    """Of its hottest sensor."""
    clock_mhz: float | None
    """Of its fastest core."""
    allowed: float | None
    """The highest clock that is allowed now, as a share of the highest there is."""
    memory_bytes: int | None
    """Available."""


@dataclass
class Watch:
    """The samples of a run."""

    samples: list[Sample] = field(default_factory=list)

    @property
    def throttled(self) -> bool:
        """Whether the system held back the clocks meanwhile; false where the phone does not say."""
        hot = any(s.status is not None and s.status >= MODERATE for s in self.samples)
        return hot or any(s.allowed is not None and s.allowed < 1 for s in self.samples)

    def __str__(self) -> str:
        heat = [s.celsius for s in self.samples if s.celsius is not None]
        clock = [s.clock_mhz for s in self.samples if s.clock_mhz is not None]
        memory = [s.memory_bytes for s in self.samples if s.memory_bytes is not None]
        status = [s.status for s in self.samples if s.status is not None]
        parts = [
            f"thermal status up to {max(status)}" if status else "",
            f"{min(heat):.0f} to {max(heat):.0f} °C" if heat else "",
            f"{min(clock):.0f} to {max(clock):.0f} MHz" if clock else "",
            f"{min(memory) / 1e6:.0f} MB free" if memory else "",
            "throttled" if self.throttled else "",
        ]
        return ", ".join(filter(None, parts)) or "the phone says nothing of heat and clocks"


def sample(phone: Phone) -> Sample:
    """The phone now.

    Raises:
        Dropped: it is gone.
    """
    said = phone.ask(EXPRESSIONS)
    heat, clock, allowed, top = (_number(said[name]) for name in ("heat", "clock", "allowed", "top"))
    memory, status = _number(said["memory"].removesuffix(" kB")), _number(said["status"])
    return Sample(
        status=None if status is None else int(status),
        celsius=None if heat is None else heat / (1000 if heat > 1000 else 1),
        clock_mhz=None if clock is None else clock / 1000,
        allowed=allowed / top if allowed and top else None,
        memory_bytes=None if memory is None else int(memory) * 1024,
    )


@contextmanager
def watching(phone: Phone) -> Iterator[Watch]:
    """Samples before, during and after the block."""
    watch, over = Watch([sample(phone)]), threading.Event()

    def look() -> None:
        while not over.wait(EVERY):
            try:
                watch.samples.append(sample(phone))
            except Dropped:
                return

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        over.set()
        thread.join()
    watch.samples.append(sample(phone))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
