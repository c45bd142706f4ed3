"""The operations of written artifacts, function by function, as the files list them.

    python benchmarks/operations.py ARTIFACT ... [--page docs/speed.md]

For ExecuTorch those of the XNNPACK graph inside the delegate and of the program around it.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from page import markdown, put

from edgeisp.export import manifest
from edgeisp.profile.files import count

HEAD = ("artifact", "function", "operations", "outside the delegate", "which")


def main() -> None:
    """Count, print, put."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("artifacts", type=Path, nargs="+")
    parser.add_argument("--page", type=Path, help="page to put the table into")
    chosen = parser.parse_args()
    rows = []
    for path in chosen.artifacts:
        told = manifest.read(path)
        for name, counted in count(path).items():
            kinds = Counter(layer.operation for layer in counted.layers)
            listed = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())
            part = told.delegation.get(name)
            outside = (
                "–" if part is None else ", ".join(f"{n} {op}" for op, n in part.portable.items()) or "0"
            )
            head = f"{told.model} {told.target} {told.precision}"
            rows.append((head, name, str(sum(kinds.values())), outside, listed))
    lines = markdown(HEAD, rows)
    sys.stdout.write("\n".join(lines) + "\n")
    if chosen.page:
        put(chosen.page, "operations", lines)


if __name__ == "__main__":
    main()
