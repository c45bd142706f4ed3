"""One way to read many RAW files: as files that describe themselves, or as dumps of one format."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from edgeisp.raw.assume import Assumptions
from edgeisp.raw.dump import DumpFormat, read_dump
from edgeisp.raw.image import RawImage
from edgeisp.raw.read import read_raw


@dataclass(frozen=True)
class RawReader:
    """What the user says of a RAW file, or of a folder of them."""

    dump: DumpFormat | None = None
    """The format of headerless dumps; None: files with metadata."""
    assume: Assumptions = field(default_factory=Assumptions)

    def read(self, path: Path) -> RawImage:
        """The RAW image in ``path``.

        Raises:
            BadInputError: see `read_raw` and `read_dump`.
        """
        return read_raw(path, self.assume) if self.dump is None else read_dump(path, self.dump, self.assume)
