from __future__ import annotations

import numpy as np
import pytest

from edgeisp.errors import BadInputError
from edgeisp.raw import CFA, CFAS, Assumptions
from edgeisp.raw.assume import gray_world


def _gray_scene(cfa: CFA, size: int = 64) -> np.ndarray[tuple[int, int], np.dtype[np.uint16]]:
    """A grey scene of random brightness, as a camera with the gains 2, 1, 1.25 records it; black 64."""
    light = np.random.default_rng(0).uniform(0.05, 0.85, (size, size)).repeat(2, 0).repeat(2, 1)
    response = np.tile(
        np.array([{"R": 0.5, "G": 1.0, "B": 0.8}[color] for color in cfa]).reshape(2, 2), (size, size)
    )
    return (64 + 4031 * light * response).astype(np.uint16)


@pytest.mark.parametrize("cfa", CFAS)
def test_gray_world_finds_the_gains_when_the_scene_is_grey(cfa: CFA) -> None:
    gains = gray_world(_gray_scene(cfa), cfa, (64.0,) * 4, 4095.0)
    np.testing.assert_allclose(gains, (2, 1, 1.25), rtol=2e-3)


def test_gray_world_is_not_misled_when_half_is_saturated_and_a_part_black() -> None:
    scene = _gray_scene("RGGB")
    scene[:64] = 4095
    scene[64:80] = 64
    np.testing.assert_allclose(gray_world(scene, "RGGB", (64.0,) * 4, 4095.0), (2, 1, 1.25), rtol=5e-3)


@pytest.mark.parametrize("level", [64, 4095])
def test_gray_world_refuses_when_nothing_is_usable(level: int) -> None:
    with pytest.raises(BadInputError, match="--assume-white-balance"):
        gray_world(np.full((64, 64), level, np.uint16), "RGGB", (64.0,) * 4, 4095.0)


def test_parse_reads_every_option_when_given_as_text() -> None:
    assert Assumptions.parse("gbrg", "64", 4095, "2,1,1.5", "1,0,0,0,1,0,0,0,1") == Assumptions(
        "GBRG", (64.0,) * 4, 4095, (2.0, 1.0, 1.5), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    )
    assert Assumptions.parse(
        black_level="1,2,3,4", white_balance="gray-world", color_matrix="srgb"
    ) == Assumptions(black_level=(1.0, 2.0, 3.0, 4.0), white_balance="gray-world", color_matrix="srgb")
    assert Assumptions.parse() == Assumptions()


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("cfa", "RGBG"),
        ("black_level", "1,2"),
        ("white_balance", "grey"),
        ("white_balance", "1,2"),
        ("color_matrix", "1,0,0"),
    ],
)
def test_parse_names_the_option_when_its_text_is_wrong(option: str, text: str) -> None:
    with pytest.raises(BadInputError, match=f"--assume-{option.replace('_', '-')}: "):
        Assumptions.parse(**{option: text})  # type: ignore[arg-type]
