"""What a run says on its way: ``log.csv``, TensorBoard events, and one `Progress` after each step."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from edgeisp.processes import Processes

LOG = "log.csv"
COLUMNS = ("step", "loss", "lr", "steps_per_second", "patches_per_second", "gpu_percent")


@dataclass(frozen=True)
class Progress:
    """What a run reports after each step."""

    step: int
    steps: int
    loss: float
    lr: float
    steps_per_second: float
    """Since the run started or went on."""
    patches_per_second: float
    """Likewise, over all processes."""
    gpu_percent: float | None = None
    """How busy the first process's GPU was when last looked at; None where that is not known."""
    saved: int = 0
    """The last step whose state is on disk; 0 for none."""


class Log:
    """``log.csv`` and TensorBoard events of a run; lines after the step it resumes from are dropped."""

    def __init__(self, out: Path, processes: Processes, step: int) -> None:
        self.active = processes.first
        if not self.active:
            return
        from torch.utils.tensorboard import SummaryWriter

        path, kept = out / LOG, []
        if step and path.exists():
            with path.open() as stream:
                kept = [row for row in csv.reader(stream) if row and row[0].isdigit() and int(row[0]) <= step]
        self._file = path.open("w", newline="")
        self._csv = csv.writer(self._file)
        self._csv.writerows([COLUMNS, *kept])
        self._events = SummaryWriter(str(out), purge_step=step)

    def __enter__(self) -> Log:
        return self

    def write(self, p: Progress) -> None:
        """One line."""
        if not self.active:
            return
        rates = (f"{p.steps_per_second:.3f}", f"{p.patches_per_second:.2f}")
        self._csv.writerow(
            [
                p.step,
                f"{p.loss:.6f}",
                f"{p.lr:.3e}",
                *rates,
                "" if p.gpu_percent is None else f"{p.gpu_percent:.0f}",
            ]
        )
        self._file.flush()
        shown = {
            "loss": p.loss,
            "lr": p.lr,
            "patches_per_second": p.patches_per_second,
            "gpu_percent": p.gpu_percent,
        }
        for name, value in shown.items():
            if value is not None:
                self._events.add_scalar(f"train/{name}", value, p.step)

    def __exit__(self, *_: object) -> None:
        if self.active:
            self._file.close()
            self._events.close()
