"""How fast the command answers. The promise: `edgeisp --help` in under 0.3 s."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

from timing import interleaved, show

SCRIPT = Path(sys.executable).with_name("edgeisp")
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import edgeisp": ["-c", "import edgeisp"],
    "edgeisp --help": [SCRIPT, "--help"],
    "edgeisp --version": [SCRIPT, "--version"],
}
ROUNDS = 21

if __name__ == "__main__":
    calls = {
        name: partial(subprocess.run, [sys.executable, "-P", *command], check=True, stdout=subprocess.DEVNULL)
        for name, command in COMMANDS.items()
    }
    interleaved(calls, 1)
    show(f"Start-up, {ROUNDS} interleaved runs", interleaved(calls, ROUNDS), "python -c pass")
