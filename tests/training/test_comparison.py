from __future__ import annotations

import numpy as np
import pytest

from edgeisp.data.samples import srgb_samples
from edgeisp.raw import RawImage
from edgeisp.raw.image import Floats
from edgeisp.raw.unprocess import random_camera, unprocess
from edgeisp.training import gradients
from edgeisp.training.comparison import Comparison, compare
from edgeisp.training.comparison_sheet import page, sheet
from edgeisp.training.evalset import EvalPicture, Truth

SPOT = (slice(None), slice(100, 120), slice(40, 60))


@pytest.fixture(scope="module")
def found() -> Comparison:
    """A subject beside one that spoils a spot of every picture and has bands of four codes."""
    truth = srgb_samples(1, 160, 160, 0)[0].clip(0, 1)
    rng = np.random.default_rng(0)
    raw = unprocess(truth, random_camera(rng), rng, 100)
    picture = EvalPicture("sample", 100, True, raw, {"exact": Truth(truth)})

    def good(given: RawImage) -> Floats:
        return truth if given is raw else gradients.picture()

    def bad(given: RawImage) -> Floats:
        if given is not raw:
            return (np.round(gradients.picture() * 64) / 64).astype(np.float32)
        spoiled = truth.copy()
        spoiled[SPOT] = 1 - spoiled[SPOT]
        return spoiled

    return compare({"good": good, "bad": bad}, [picture])


def test_figures_tell_the_spoiled_one_from_the_first(found: Comparison) -> None:
    good, bad = found.rows
    assert good.to_first == {}
    assert bad.to_first[100].psnr < 40 < good.to_truth[100].psnr
    assert bad.to_first[100].delta_e > 0


def test_worst_crop_holds_the_spoiled_spot(found: Comparison) -> None:
    (crop,) = found.worst
    assert crop.top <= 100
    assert crop.top + 96 >= 120
    assert crop.left <= 40
    assert crop.left + 96 >= 60
    assert crop.subject == "bad"


def test_banding_is_a_step_of_codes_where_there_are_few_levels_and_nothing_on_a_ramp(
    found: Comparison,
) -> None:
    assert found.rows[0].banding < 0.01
    assert 2 < found.rows[1].banding < 5


def test_banding_does_not_mind_an_exposure_or_a_tint() -> None:
    tint = np.array([0.9, 1.0, 0.8], np.float32)[:, None, None]
    assert gradients.banding(gradients.picture() * tint) < 0.01


def test_chart_is_recorded_as_it_is_drawn() -> None:
    raw = gradients.chart()
    assert raw.mosaic.shape == gradients.picture().shape[1:]
    assert raw.mosaic.max() < raw.white_level


def test_sheet_and_page_show_all_subjects(found: Comparison) -> None:
    image = sheet("good, bad", found)
    assert image.width > 1000
    html = page("a < b", ("what",), [["bad"]], image)
    assert "a &lt; b" in html
    assert "data:image/png;base64," in html
