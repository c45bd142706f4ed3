"""How an artifact and its verification are shown to people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgeisp.export.records import Census, Manifest, Verification

SHOWN = 6
"""Float layers that are named; the manifest has all, with reasons."""


def summary(path: Path, manifest: Manifest) -> str:
    """What was written, what of it is delegated, and the verification line."""
    size = sum(file.bytes for file in manifest.files) / 1e6
    others = [str(path.with_name(file.name)) for file in manifest.files if file.name != path.name]
    tile = f"tile {manifest.tile[1]}x{manifest.tile[0]}"
    lines = [f"{' '.join([str(path), *others])}  {size:.2f} MB, {manifest.precision}, {tile}"]
    for name, part in manifest.delegation.items():
        lines.append(f"{name}: {part.delegated} of {part.total} operations on {part.backend}")
    lines += [f"{name}: {_convolutions(found)}" for name, found in manifest.census.items()]
    if manifest.halo and manifest.overhead:
        lines.append(
            f"halo {manifest.halo.auto} pixels: {manifest.halo.error_codes:.2f} of an 8-bit code from the whole frame "
            f"at worst, {manifest.overhead:.2f} pixels computed for each one; exact from {manifest.halo.exact}"
        )
    lines.append(verdict(manifest.verification))
    if manifest.census:
        lines.append(f"these dB are to int8 in PyTorch; to fp32: edgeisp compare {manifest.model} {path}")
    return "\n".join(lines)


def _convolutions(found: Census) -> str:
    floats, layers = sum(found.float.values()), list(found.layers)
    fixed, more = floats - len(layers), len(layers[SHOWN:])
    named = layers[:SHOWN]
    named += [f"{more} other layers"] if more else []
    named += [f"{fixed} sums or fixed filters"] if fixed else []
    rest = f", in float {', '.join(named)}" if named else ""
    return f"{found.int8} of {found.int8 + floats} convolutions int8 x int8 in the file{rest}"


def verdict(verification: Verification) -> str:
    """The verification in one line."""
    from edgeisp.export.records import Failed, Verified

    if isinstance(verification, Verified):
        each = ", ".join(f"{name} {parity.psnr_db:.1f} dB" for name, parity in verification.functions.items())
        pictures = f"{verification.pictures} pictures, limit {verification.threshold_db:g} dB"
        worst = f"largest error {verification.max_error:.1e}"
        note = f"\n{verification.note}" if verification.note else ""
        return f"verified by {verification.engine} ({verification.ran_on}): {each}; {worst}; {pictures}{note}"
    if isinstance(verification, Failed):
        return f"failed by {verification.engine}: {verification.reason}"
    return f"unverified: {verification.reason}"
