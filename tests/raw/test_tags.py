from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeisp.errors import BadInputError
from edgeisp.raw import Assumptions
from edgeisp.raw.facts import Facts
from edgeisp.raw.settle import judge_metadata
from edgeisp.raw.tags import CameraTags, DngTags, read_tags

MakeDng = Callable[..., Path]

QUAD = bytes("RGB".index(color) for color in "RRGGRRGGGGBBGGBB")


def _facts(path: Path) -> Facts:
    tags = read_tags(path)
    assert isinstance(tags, DngTags)
    return tags.facts


def test_read_tags_prefers_daylight_and_calibrates_when_a_dng_has_two_matrices(make_dng: MakeDng) -> None:
    tungsten, daylight, unit = (np.diag(entries) for entries in ([5, 5, 5], [8, 9, 7], [2, 1, 3]))

    def tag(matrix: Any) -> Any:
        return "2i", 9, tuple(part for entry in matrix.ravel() for part in (int(entry), 10))

    path = make_dng(
        {
            50721: tag(tungsten),
            50722: tag(daylight),
            50724: tag(unit * 10),
            50778: ("H", 1, 17),
            50779: ("H", 1, 21),
        }
    )
    np.testing.assert_allclose(_facts(path).color_matrix, np.diag([1.6, 0.9, 2.1]).ravel())


def test_read_tags_says_so_when_no_matrix_is_for_daylight(make_dng: MakeDng) -> None:
    facts = _facts(make_dng({50778: ("H", 1, 17)}))
    assert facts.ignored == ["no ColorMatrix for D65: the one for illuminant 17 serves"]


def test_read_tags_takes_the_white_point_when_a_dng_has_no_neutral(make_dng: MakeDng) -> None:
    identity = ("2i", 9, tuple(part for entry in np.eye(3).ravel() for part in (int(entry), 1)))
    facts = _facts(make_dng({50728: None, 50729: ("2I", 2, (3127, 10000, 3290, 10000)), 50721: identity}))
    np.testing.assert_allclose(facts.white_balance, (1 / 0.95045593, 1, 1 / 1.08905775), rtol=1e-6)


def test_read_tags_names_what_it_ignores_when_a_dng_asks_for_more(make_dng: MakeDng) -> None:
    empty_list = ("B", 4, bytes(4))
    facts = _facts(
        make_dng({51009: empty_list, 51022: empty_list, 50730: ("2i", 1, (1, 2)), 274: ("H", 1, 9)})
    )
    assert facts.ignored == ["OpcodeList2", "OpcodeList3", "Orientation 9", "BaselineExposure of 0.5 EV"]
    assert facts.orientation == 1


def test_read_tags_averages_the_noise_when_the_profile_is_per_colour(make_dng: MakeDng) -> None:
    facts = _facts(make_dng({51041: ("d", 6, (1e-4, 1e-6, 2e-4, 2e-6, 3e-4, 3e-6))}))
    assert facts.noise == pytest.approx([2e-4, 2e-6])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({33421: ("H", 2, (4, 4)), 33422: ("B", 16, QUAD)}, "quad-Bayer"),
        ({50711: ("H", 1, 2)}, "staggered"),
        ({50714: ("2I", 4, (5000, 1) * 4)}, "black level 5000 5000 5000 5000 and white level 4095"),
        ({50714: ("2I", 3, (64, 1) * 3)}, "BlackLevel has 3 values"),
        ({50717: ("I", 1, 0)}, "white level 0"),
        ({50728: ("2I", 3, (0, 1, 1, 1, 1, 1))}, "AsShotNeutral"),
        ({50728: ("2I", 3, (0, 0, 1, 1, 1, 1))}, "AsShotNeutral.*nan"),
        ({50721: ("2i", 9, (0, 1) * 9)}, "ColorMatrix1.*cannot be inverted"),
        ({50721: ("2i", 9, (0, 0) * 9)}, "ColorMatrix1.*cannot be inverted"),
        ({50721: ("2i", 9, (-1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1))}, "no colour for white"),
        ({50829: ("I", 4, (0, 0, 48, 67))}, "ActiveArea 0 0 48 67 lies outside of 66x48"),
    ],
)
def test_tags_are_refused_by_name_when_a_value_is_impossible(
    changes: Any, message: str, make_dng: MakeDng
) -> None:
    path = make_dng(changes)
    with pytest.raises(BadInputError, match=message):
        judge_metadata(_facts(path), Assumptions(), path)


def test_read_tags_repeats_the_black_level_when_there_is_one_for_all(make_dng: MakeDng) -> None:
    assert _facts(make_dng({50713: None, 50714: ("2I", 1, (64, 1))})).black == [64.0] * 4
    assert (
        _facts(make_dng({50713: ("H", 2, (1, 2)), 50714: ("2I", 2, (64, 1, 65, 1))})).black
        == [64.0, 65.0] * 2
    )
    four = make_dng({50713: ("H", 2, (4, 2)), 50714: ("2I", 8, (64, 1, 65, 1, 66, 1, 67, 1) * 2)})
    assert _facts(four).black == [64.0, 65.0, 66.0, 67.0]


def test_read_tags_refuses_a_black_pattern_when_it_does_not_repeat_over_two_pixels(make_dng: MakeDng) -> None:
    uneven = {50713: ("H", 2, (4, 1)), 50714: ("2I", 4, (64, 1, 65, 1, 66, 1, 67, 1))}
    with pytest.raises(BadInputError, match="BlackLevel varies over 4x1 pixels"):
        read_tags(make_dng(uneven))
    three = {50713: ("H", 2, (3, 1)), 50714: ("2I", 3, (64, 1, 65, 1, 66, 1))}
    with pytest.raises(BadInputError, match="BlackLevel varies over 3x1 pixels"):
        read_tags(make_dng(three))


def test_read_tags_gives_camera_names_only_when_the_file_is_no_dng(make_dng: MakeDng) -> None:
    names = {50706: None, 271: ("s", 0, "Foo"), 272: ("s", 0, "Bar"), 34855: ("H", 1, 65535)}
    assert read_tags(make_dng(names)) == CameraTags("Foo", "Bar", None)


def test_read_tags_gives_nothing_when_the_file_is_no_tiff(tmp_path: Path) -> None:
    (tmp_path / "a.cr3").write_bytes(b"\0\0\0\x18ftypcrx ")
    assert read_tags(tmp_path / "a.cr3") is None
