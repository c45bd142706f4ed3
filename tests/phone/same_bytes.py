"""Does an artifact compute the same bytes on x86-64 and on ARM64? Both runners of `edgeisp.profile`, one picture.

    python tests/phone/same_bytes.py build/metaisp-w8a8.tflite build/metaisp-w8a8.pte

ARM64 is emulated by qemu-user, from what tests/phone/fetch.sh fetches; runners are built if they are not there yet.
Exit code 1: some bytes differ.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeisp.export import manifest
from edgeisp.export.verification import example
from edgeisp.profile.runners import ABIS, Abi, build, runtime_of
from edgeisp.quantize.sensitivity import decibels

Shapes = Mapping[str, tuple[int, ...]]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edgeisp"
QEMU = CACHE / "phone-trixie/root/usr/bin/qemu-aarch64"
CORE = "cortex-a76"
"""An ARMv8.2 core with int8 dot products, as phones have them."""


@dataclass(frozen=True)
class Outcome:
    """The first output of a function on both processors."""

    same: float
    """Share of the values that are the same to the bit."""
    largest: float
    """Largest difference."""
    psnr_db: float
    """Of one to the other, peak 1."""
    codes: float
    """Share of the values that are the same when rounded to 8 bits, as a picture is written."""
    furthest: int
    """Largest difference in such codes."""

    def __str__(self) -> str:
        if self.same == 1:
            return "the same bytes"
        return (
            f"{self.same:.2%} of the values are the same to the bit, largest difference {self.largest:.2e}, "
            f"{self.psnr_db:.1f} dB; in 8 bits {self.codes:.2%} are the same, largest difference {self.furthest}"
        )


def compare(artifact: Path, function: str, inputs: Shapes) -> Outcome:
    """Run ``function`` of ``artifact`` on both, with pictures of ours as inputs.

    Raises:
        UnavailableError: a runner cannot be built.
        subprocess.CalledProcessError: a runner stopped.
    """
    here, there = (outputs(artifact, function, inputs, ABIS[name]) for name in ("x86_64", "arm64-v8a"))
    same = here.view(np.uint32) == there.view(np.uint32)
    apart = np.abs(here.astype(np.float64) - there)
    steps = np.abs(np.subtract(*(np.rint(np.clip(x, 0, 1) * 255).astype(int) for x in (here, there))))
    return Outcome(
        float(same.mean()),
        float(apart.max()),
        decibels(float(np.square(apart).mean())),
        float((steps == 0).mean()),
        int(steps.max()),
    )


def outputs(artifact: Path, function: str, inputs: Shapes, abi: Abi) -> NDArray[np.float32]:
    """What the first output of ``function`` is on a processor, emulated where it is not this host's."""
    bundle = build(runtime_of(artifact), abi)
    guest = [str(bundle / abi.loader), "--library-path", str(bundle), str(bundle / "runner")]
    command = guest if abi.here else [str(QEMU), "-cpu", CORE, *guest]
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for name, shape in inputs.items():
            example(name, shape, 0).tofile(Path(folder) / name)
            files.append(f"{name}={folder}/{name}")
        words = [str(artifact), function, f"{folder}/out", "1", "0", "1", *files]
        subprocess.run([*command, *words], check=True, capture_output=True, text=True)
        return np.fromfile(f"{folder}/out.0", np.float32)


def main(paths: list[str]) -> int:
    """Compare every function of the artifacts at ``paths``."""
    differ = False
    for path in map(Path, paths):
        for name, function in manifest.read(path).functions.items():
            found = compare(path, name, {port.name: port.shape for port in function.inputs})
            print(f"{path.name} {name}: x86-64 and ARM64 ({CORE}, emulated): {found}")  # noqa: T201
            differ |= found.same < 1
    return int(differ)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
