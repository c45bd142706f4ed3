"""``edgeisp devices``: what `edgeisp profile --on` can reach."""

from __future__ import annotations

from dataclasses import asdict

from edgeisp.cli.console import Console
from edgeisp.errors import EdgeISPError


def devices(console: Console) -> None:
    """List what `edgeisp profile --on` can measure on, and what to do about what is not ready.

    Example:

    edgeisp devices
    """
    from rich.table import Table

    from edgeisp.profile import DEVICES

    found = []
    for name in DEVICES.names():
        try:
            found += DEVICES.get(name).found()
        except EdgeISPError as error:
            console.warn(str(error))
    table = Table("--on", "what", "ready", "what to do", box=None)
    for device in found:
        table.add_row(device.name, device.what, "yes" if device.ready else "no", device.cure or "")
    console.result({"devices": [asdict(device) for device in found]}, table)
