"""Tables of what is counted on graphs and files, not measured."""

from __future__ import annotations

from edgeisp.profile.report import Report
from edgeisp.profile.table import Table

CHANGES_SHOWN = 12


def functions(report: Report) -> list[str]:
    """Names of all functions, ``tile`` first."""
    names = dict.fromkeys(name for subject in report.subjects for name in subject.costs)
    return sorted(names, key=lambda name: name != "tile")


def costs(report: Report) -> list[Table]:
    """Counted, not measured; a table for each function."""
    columns = ("what", "on", ">M par.", ">M MACs", ">weights", ">alive", ">moved", ">MAC/B")
    note = (
        "MB. Alive: activations, the most at once. Moved: all weights and activations that operations read and write, "
        "as if nothing stayed in a cache."
    )
    found = []
    for function in functions(report):
        rows = []
        for subject in report.subjects:
            both = subject.costs.get(function)
            for static in filter(None, (both.network, both.file) if both else ()):
                peak = static.peak_activation_bytes
                rows.append(
                    (
                        subject.name,
                        static.counted_on,
                        f"{static.parameters / 1e6:.3f}" if static.parameters is not None else "",
                        f"{static.macs / 1e6:,.1f}",
                        f"{static.weight_bytes / 1e6:.2f}",
                        f"{peak / 1e6:.2f}" if peak is not None else "",
                        f"{static.moved_bytes / 1e6:,.1f}",
                        f"{static.intensity:.1f}",
                    )
                )
        found.append(Table(f"Costs of {function}, counted on graph and file", columns, tuple(rows), note))
    return found


def changes(report: Report) -> Table:
    """Why a file has other MACs than its network."""
    rows = []
    for subject in report.subjects:
        for function, both in subject.costs.items():
            if both.network is None or both.file is None:
                continue
            verdict = "agree" if both.agree else "DO NOT AGREE"
            for change in both.changes[:CHANGES_SHOWN]:
                rows.append((subject.name, function, change.step, f"{change.macs / 1e6:+,.2f}", ""))
            rows.append(
                (
                    subject.name,
                    function,
                    "network to file",
                    f"{(both.file.macs - both.network.macs) / 1e6:+,.2f}",
                    verdict,
                )
            )
    columns = ("what", "function", "step", ">M MACs", "")
    return Table("From the network's MACs to the file's", columns, tuple(rows))
