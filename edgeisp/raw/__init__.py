"""RAW files to arrays and back. Importing this needs numpy only; LibRaw runs in its own process."""

from __future__ import annotations

from edgeisp.raw.assume import Assumptions
from edgeisp.raw.dng import write_dng
from edgeisp.raw.doubt import layout_doubt
from edgeisp.raw.dump import DumpFormat, read_dump
from edgeisp.raw.image import CFA, CFAS, NoiseProfile, RawImage
from edgeisp.raw.pack import PackedRaw, canonical, pack
from edgeisp.raw.read import read_raw

__all__ = [
    "CFA",
    "CFAS",
    "Assumptions",
    "DumpFormat",
    "NoiseProfile",
    "PackedRaw",
    "RawImage",
    "canonical",
    "layout_doubt",
    "pack",
    "read_dump",
    "read_raw",
    "write_dng",
]
