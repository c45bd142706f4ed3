"""What measuring a halo finds, that it is remembered, and what the bundled checkpoints say of theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeisp.engines.torch import TorchProgram
from edgeisp.models import MODELS
from edgeisp.models.checkpoint import QUANTIZATION, LoadedModel, read
from edgeisp.models.functions import ISPNetwork
from edgeisp.models.task import ISP
from edgeisp.raw.image import RawImage
from edgeisp.render import halo
from edgeisp.render.frame import Frame
from edgeisp.render.quantize import Quantizer
from edgeisp.render.renderer import Renderer

CHECKPOINTS = [path for name in MODELS.names() for path in MODELS.bundled_for(name)]


@pytest.fixture
def frame(make_raw: Callable[..., RawImage], monkeypatch: pytest.MonkeyPatch) -> Frame:
    """The only picture that is measured, 640 x 480."""
    raw = make_raw()
    frame = Frame.of(replace(raw, mosaic=np.tile(raw.mosaic, (3, 3))[:, :640]))
    monkeypatch.setattr(halo, "_sources", lambda task: iter([frame]))
    return frame


def test_auto_is_the_smallest_halo_under_the_limit(network: ISPNetwork, frame: Frame) -> None:
    found, stride = halo.measure(network), int(network.stride)
    assert stride <= found.auto // 2 < found.exact // 2
    assert found.pictures == 1
    widths = (found.auto // 2 - stride, found.auto // 2, found.exact // 2)
    smaller, auto, exact = halo._errors(TorchProgram(network), frame, widths)
    assert smaller >= halo.LIMIT_CODES > auto
    assert auto == pytest.approx(found.error_codes, abs=1e-3)
    assert exact < 0.01


def test_frame_agrees_to_half_a_code_when_the_halo_is_auto(network: ISPNetwork, frame: Frame) -> None:
    found = halo.measure(network)

    def rendered(width: int, side: int) -> np.ndarray:
        shapes = {name: dict(f.inputs) for name, f in network.functions(side, side).items()}
        codes = Renderer([TorchProgram(network)], shapes, width // 2).render(frame, Quantizer(16))
        return codes.astype(np.int32)

    whole = rendered(found.exact, 320 + found.exact)
    assert np.abs(rendered(found.auto, 96) - whole).max() <= 0.5 * 257


def test_auto_is_exact_when_no_smaller_halo_will_do(
    network: ISPNetwork, frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(halo, "LIMIT_CODES", 0.0)
    found = halo.measure(network)
    assert (found.auto, found.error_codes) == (found.exact, 0)


def test_halo_is_measured_once_when_the_card_has_none(
    network: ISPNetwork, frame: Frame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(halo, "cache_folder", lambda kind: tmp_path / kind)
    loaded, shown = LoadedModel("lwisp", network, tmp_path, "0" * 64, {}), []

    @contextmanager
    def progress(what: str, steps: float) -> Iterator[Callable[[], None]]:
        shown.append((what, steps))
        yield lambda: shown.append("step")

    first = halo.halo_of(loaded, progress)
    assert shown == [("measuring the halo", 1), "step"]
    assert halo.halo_of(loaded, progress) == first
    assert len(shown) == 2


def test_pictures_are_those_of_the_synthetic_test_and_the_sample_scene() -> None:
    sizes = [source.picture for source in halo._sources(ISP)]
    assert len(sizes) == 17
    assert sizes[-1] == (840, 1200)


def test_int8_network_keeps_its_halo_with_the_error_of_its_own(network: ISPNetwork, frame: Frame) -> None:
    stride = int(network.stride)
    told = halo.carded(network, {QUANTIZATION: {}, halo.KEY: {"auto": 0}})[halo.KEY]
    assert told["auto"] == 0
    assert told["error_codes"] > halo.LIMIT_CODES
    told = halo.carded(network, {QUANTIZATION: {}, halo.KEY: {"auto": 4 * stride}})[halo.KEY]
    assert told["auto"] == 4 * stride
    assert told["error_codes"] < halo.LIMIT_CODES


@pytest.mark.parametrize("path", CHECKPOINTS, ids=lambda path: path.stem)
def test_bundled_checkpoint_has_a_halo_that_was_measured_on_all_pictures(path: Path) -> None:
    card = read(path)[1]
    told = card[halo.KEY]
    assert told["pictures"] == (17 if told["exact"] > halo.NARROW else 0)
    assert told["error_codes"] < halo.LIMIT_CODES or QUANTIZATION in card
