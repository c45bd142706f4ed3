"""Instructions that one inference takes on an emulated ARM64 core, against what was counted last.

Needs `edgeisp runners arm64-v8a` and what benchmarks/qemu_plugins.sh builds. Counts are stable to about 0.3 %; they
say nothing of milliseconds. Exit code 1: more than --tolerance above the record. --record writes the record.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from edgeisp.export import manifest
from edgeisp.export.verification import example
from edgeisp.profile.runners import ABIS, find, runtime_of

RECORD = Path(__file__).with_name("instructions.json")
CORE = "cortex-a76"
FEW, MANY = 1, 3
"""Timed runs; what the difference counts is inference alone."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("artifacts", nargs="+", type=Path)
    parser.add_argument("--qemu", type=Path, required=True, help="folder with qemu-aarch64 and libinsn.so")
    parser.add_argument("--core", default=CORE)
    parser.add_argument("--tolerance", type=float, default=0.02)
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    record = json.loads(RECORD.read_text()) if RECORD.is_file() else {}
    worst = 0.0
    for artifact in options.artifacts:
        for function in manifest.read(artifact).functions:
            name = f"{artifact.name} {function} {options.core}"
            found = per_inference(artifact, function, options.qemu, options.core)
            before = record.get(name)
            change = found / before - 1 if before else 0.0
            worst = max(worst, change)
            against = f"{100 * change:+.2f} % against {before / 1e6:.2f} M" if before else "no record"
            print(f"{name}: {found / 1e6:.2f} M instructions, {against}")  # noqa: T201
            record[name] = found
    if options.record:
        RECORD.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n")
        return 0
    return int(worst > options.tolerance)


def per_inference(artifact: Path, function: str, qemu: Path, core: str) -> int:
    """The difference of two processes that differ in their runs alone."""
    few, many = (count(artifact, function, runs, qemu, core) for runs in (FEW, MANY))
    return (many - few) // (MANY - FEW)


def count(artifact: Path, function: str, runs: int, qemu: Path, core: str) -> int:
    """Instructions of a whole process."""
    abi = ABIS["arm64-v8a"]
    bundle = find(runtime_of(artifact), abi)
    with tempfile.TemporaryDirectory() as folder:
        inputs = []
        for port in manifest.read(artifact).functions[function].inputs:
            file = Path(folder) / port.name
            example(port.name, port.shape, 0).tofile(file)
            inputs.append(f"{port.name}={file}")
        plugin = ["-plugin", str(qemu / "libinsn.so"), "-d", "plugin", "-D", f"{folder}/count", "-cpu", core]
        guest = [str(bundle / abi.loader), "--library-path", str(bundle), str(bundle / "runner")]
        words = [str(artifact), function, f"{folder}/out", str(runs), "0", "1", *inputs]
        done = subprocess.run(
            [str(qemu / "qemu-aarch64"), *plugin, *guest, *words],
            capture_output=True,
            text=True,
            env=os.environ,
        )
        if done.returncode:
            sys.exit(f"{artifact} {function}: {done.stderr.strip().splitlines()[-1:]}")
        return total(Path(f"{folder}/count").read_text())


def total(said: str) -> int:
    """From the plugin's text: ``total insns: N``, or the sum of its lines for each core."""
    if match := re.search(r"total insns: (\d+)", said):
        return int(match[1])
    return sum(int(found) for found in re.findall(r"insns: (\d+)", said))


if __name__ == "__main__":
    sys.exit(main())
