from __future__ import annotations

import numpy as np
import pytest

from edgeisp.raw import CFA, CFAS
from edgeisp.raw.bayer import by_plane, by_position, shifted


@pytest.mark.parametrize("cfa", CFAS)
def test_by_plane_names_green_by_its_row_when_the_layout_changes(cfa: CFA) -> None:
    block = np.array(list(cfa)).reshape(2, 2)
    red_row = int(np.argwhere(block == "R")[0][0])
    labels = [
        f"{color}{'r' if row == red_row else 'b'}" if color == "G" else color
        for row in (0, 1)
        for color in block[row]
    ]
    assert by_plane(labels, cfa) == ("R", "Gr", "Gb", "B")
    assert by_position(by_plane(labels, cfa), cfa) == tuple(labels)


@pytest.mark.parametrize("cfa", CFAS)
@pytest.mark.parametrize(("rows", "columns"), [(0, 0), (0, 1), (1, 0), (3, 5)])
def test_shifted_is_the_layout_of_the_crop_when_it_starts_elsewhere(
    cfa: CFA, rows: int, columns: int
) -> None:
    tiled = np.tile(np.array(list(cfa)).reshape(2, 2), (4, 4))
    assert shifted(cfa, rows, columns) == "".join(tiled[rows : rows + 2, columns : columns + 2].ravel())
