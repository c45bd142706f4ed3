from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from edgeisp.engines.torch import TorchProgram
from edgeisp.errors import VerificationError
from edgeisp.models.metaisp import MetaISP
from edgeisp.raw import RawImage
from edgeisp.raw.image import CFAS, Floats
from edgeisp.raw.pack import upright
from edgeisp.render.frame import Frame
from edgeisp.render.quantize import Quantizer
from edgeisp.render.renderer import Renderer

MakeRaw = Callable[..., RawImage]
MakeRenderer = Callable[..., Renderer]


def psnr(a: Floats, b: Floats) -> float:
    return float(-10 * np.log10(np.mean((a - b) ** 2)))


@pytest.mark.parametrize("cfa", CFAS)
def test_picture_shows_the_scene(
    make_raw: MakeRaw, make_renderer: MakeRenderer, scene: Floats, cfa: str
) -> None:
    picture = make_renderer().render(Frame.of(make_raw(cfa)), Quantizer(16))
    assert picture.shape == (160, 240, 3)
    assert picture.dtype == np.uint16
    assert psnr(picture.transpose(2, 0, 1) / 65535, scene) > 24


@pytest.mark.parametrize("orientation", range(1, 9))
def test_picture_is_turned_when_orientation_says_so(
    make_raw: MakeRaw, make_renderer: MakeRenderer, orientation: int
) -> None:
    raw = make_raw("GRBG")
    plain = make_renderer().render(Frame.of(raw), Quantizer(8))
    turned = make_renderer().render(Frame.of(replace(raw, orientation=orientation)), Quantizer(8))
    assert np.array_equal(turned, upright(plain, orientation))


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_picture_comes_in_bands_of_one_row_of_tiles(
    make_raw: MakeRaw, make_renderer: MakeRenderer, orientation: int
) -> None:
    frame, renderer = Frame.of(make_raw("GBRG", orientation=orientation)), make_renderer(96, 16)
    bands = list(renderer.bands(frame, Quantizer(8)))
    rows, columns = zip(*renderer.tiles(frame), strict=True)
    assert len(bands) == len(set(columns if orientation >= 5 else rows))
    assert np.concatenate(bands).shape[:2] == frame.picture
    assert np.array_equal(np.concatenate(bands), renderer.render(frame, Quantizer(8)))


@pytest.mark.parametrize("size", [(2, 2), (3, 5), (31, 33), (159, 101)])
def test_picture_has_the_mosaics_size_when_odd_or_small(
    make_raw: MakeRaw, make_renderer: MakeRenderer, size: tuple[int, int], scene: Floats
) -> None:
    raw = make_raw()
    small = replace(
        raw, mosaic=raw.mosaic[-size[0] :, -size[1] :], cfa="RGGB" if size[0] % 2 == 0 else "BGGR"
    )
    picture = make_renderer().render(Frame.of(small), Quantizer(8))
    assert picture.shape == (*size, 3)


def test_context_is_of_the_frame_whatever_the_tile(make_raw: MakeRaw, make_renderer: MakeRenderer) -> None:
    frame = Frame.of(make_raw())
    one, other = (make_renderer(tile).context(frame)["context"] for tile in (96, 256))
    assert np.array_equal(one, other)
    assert one.reshape(-1, 8).sum(1) == pytest.approx(1)


def test_reference_context_is_of_the_whole_frame(make_raw: MakeRaw, make_renderer: MakeRenderer) -> None:
    frame, renderer = Frame.of(make_raw()), replace(make_renderer(), reference=True)
    whole = frame.window(0, 0, 80, 120)[None]
    expected = renderer.programs[0].run("context", {"raw": whole})["context"]
    assert np.array_equal(renderer.context(frame)["context"], expected)
    assert not np.array_equal(expected, make_renderer().context(frame)["context"])


def test_flat_frame_is_flat_in_every_tile(make_raw: MakeRaw, make_renderer: MakeRenderer) -> None:
    grey = make_raw(mosaic=np.full((200, 200), 4000, np.uint16), white_balance=(1.0, 1.0, 1.0))
    picture = make_renderer(64, 16).render(Frame.of(grey), Quantizer(16)).astype(int)
    assert np.ptp(picture, axis=(0, 1)).max() <= 0.1 * 65535 / 255


def test_tiles_made_side_by_side_are_the_same_picture(make_raw: MakeRaw, make_renderer: MakeRenderer) -> None:
    one, frame = make_renderer(), Frame.of(make_raw())
    three = replace(one, programs=[TorchProgram(program.network) for program in 3 * list(one.programs)])
    assert np.array_equal(one.render(frame, Quantizer(8)), three.render(frame, Quantizer(8)))


def test_tiles_are_reported_as_they_are_done(make_raw: MakeRaw, make_renderer: MakeRenderer) -> None:
    done: list[int] = []
    renderer = replace(make_renderer(96, 16), on_tile=lambda: done.append(1))
    frame = Frame.of(make_raw())
    renderer.render(frame, Quantizer(8))
    assert len(done) == len(renderer.tiles(frame)) == 3 * 4


def test_picture_is_refused_when_not_finite(make_raw: MakeRaw, make_renderer: MakeRenderer) -> None:
    network = MetaISP().eval()
    torch.nn.init.constant_(network.head.bias, float("nan"))  # type: ignore[arg-type]
    renderer = make_renderer(of=TorchProgram(network))  # type: ignore[arg-type]
    with pytest.raises(VerificationError, match="NaN"):
        renderer.render(Frame.of(make_raw()), Quantizer(8))
