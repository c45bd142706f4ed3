from __future__ import annotations

import numpy as np
import pytest

from edgeisp.render.quantize import Quantizer, dither


def written(rgb: np.ndarray, bits: int, top: int = 0, left: int = 0) -> np.ndarray:
    return Quantizer(bits).codes(rgb.astype(np.float32), top, left)


@pytest.mark.parametrize("bits", [8, 16])
def test_ends_of_the_range_are_exact(bits: int) -> None:
    rgb = np.full((3, 40, 40), 1.0)
    assert (written(rgb, bits) == 2**bits - 1).all()
    assert (written(0 * rgb, bits) == 0).all()
    assert (written(rgb + 0.3, bits) == 2**bits - 1).all()
    assert (written(rgb - 1.3, bits) == 0).all()


def test_codes_of_eight_bits_are_kept() -> None:
    codes = np.arange(256)
    rgb = np.broadcast_to((codes / 255)[None, None], (3, 64, 256))
    assert (np.abs(written(rgb, 8).astype(int) - codes[None, :, None]) <= 1).all()


def test_gradient_has_no_steps_when_eight_bits() -> None:
    ramp = np.broadcast_to(np.linspace(0.40, 0.44, 1024), (3, 64, 1024))
    columns = written(ramp, 8)[..., 0].mean(0)
    smooth = np.convolve(columns, np.ones(16) / 16, "valid")
    truth = np.convolve(255 * ramp[0, 0], np.ones(16) / 16, "valid")
    assert np.abs(smooth - truth).max() < 0.15


def test_dither_is_uniform_and_depends_on_the_place_alone() -> None:
    whole = dither(0, 0, 300, 300)
    assert whole.min() >= 0
    assert whole.max() <= 1
    assert np.histogram(whole, 10, (0, 1))[0] == pytest.approx(9000, rel=0.05)
    assert np.allclose(dither(100, 50, 20, 30), whole[100:120, 50:80], atol=1e-5)


def test_sixteen_bits_are_rounded() -> None:
    rgb = np.random.default_rng(0).random((3, 32, 32))
    assert np.abs(written(rgb, 16) / 65535 - rgb.transpose(1, 2, 0)).max() < 0.51 / 65535
