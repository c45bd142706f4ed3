"""``rod:DIR``: ROD's 24-bit HDR frames with labelme's JSON (Xu et al., "Toward RAW Object Detection", CVPR 2023).

::

    DIR/raws/NAME.raw, DIR/annotations/NAME.json    in any folders below DIR, matched by name

A frame is 1856 rows of 2880 samples, each three bytes, little endian, linear.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np

from edgeisp.data.labelled.base import Labelled, LabelledSet, Thing, known_kinds, labelled_set
from edgeisp.data.labelled.light import Light, of_raw
from edgeisp.errors import BadInputError
from edgeisp.raw.assume import SRGB_COLOR_MATRIX
from edgeisp.raw.facts import Facts
from edgeisp.raw.reader import RawReader
from edgeisp.raw.settle import settle

ROWS, COLUMNS = 1856, 2880
BRIGHT = 99.5
"""Percentile of a frame's samples that becomes white: an exposure, since 24 bits hold more than any picture shows."""
LAYOUT = "NAME.raw with NAME.json below DIR, as ROD publishes them"


def open_rod(folder: Path, reader: RawReader) -> LabelledSet:
    """ROD's layout. The CFA is RGGB and the colours are taken for sRGB's where ``--assume-...`` says nothing else.

    Raises:
        BadInputError: nothing here is as expected, or a file is not what its name says.
    """
    frames = {path.stem: path for path in sorted(folder.rglob("*.raw"))}
    read = {path: _shapes(path) for path in sorted(folder.rglob("*.json")) if path.stem in frames}
    names = dict(enumerate(sorted({kind for shapes in read.values() for kind, _ in shapes})))
    if not names:
        raise BadInputError("holds no annotated frames", where=folder, cure=f"expected {LAYOUT}")
    kinds = known_kinds(names, folder)
    found = [
        Labelled(frames[path.stem], tuple(Thing(kinds.index(kind), box) for kind, box in shapes))
        for path, shapes in read.items()
    ]
    return labelled_set(f"rod:{folder}", kinds, found, partial(_light, reader), LAYOUT)


def _shapes(path: Path) -> list[tuple[str, tuple[float, float, float, float]]]:
    try:
        shapes = json.loads(path.read_bytes())["shapes"]
        found = []
        for shape in shapes:
            (x0, y0), (x1, y1) = shape["points"][0], shape["points"][1]
            box = (float(min(x0, x1)), float(min(y0, y1)), float(max(x0, x1)), float(max(y0, y1)))
            found.append((str(shape["label"]), box))
        return found
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise BadInputError(
            f"not labelme's JSON ({type(error).__name__}: {error})",
            where=path,
            cure="it needs shapes with label and two points",
        ) from error


def _light(reader: RawReader, path: Path) -> Light:
    expected = ROWS * COLUMNS * 3
    if path.stat().st_size != expected:
        raise BadInputError(
            f"{path.stat().st_size} bytes, not the {expected} of a frame of ROD",
            where=path,
            cure="extract it again",
        )
    low, middle, high = (
        np.fromfile(path, np.uint8).reshape(ROWS, COLUMNS, 3).astype(np.uint32).transpose(2, 0, 1)
    )
    linear = low | middle << 8 | high << 16
    white = max(1.0, float(np.percentile(linear[::4, ::4], BRIGHT)))
    mosaic = np.minimum(linear * (65535 / white), 65535).astype(np.uint16)
    facts = Facts(
        dng=False,
        cfa="RGGB",
        black=[0.0] * 4,
        white=65535.0,
        white_balance=[1.0, 1.0, 1.0],
        color_matrix=SRGB_COLOR_MATRIX.ravel().tolist(),
    )
    return of_raw(settle(mosaic, facts, reader.assume, path))
