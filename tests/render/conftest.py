"""RAW images of a smooth scene, a network that is a bilinear demosaic, and one that nothing was taught."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from edgeisp.data.textures import fractal
from edgeisp.engines.torch import TorchProgram
from edgeisp.models.functions import ISPNetwork
from edgeisp.models.lwisp import LWISP, LWISPConfig
from edgeisp.raw import NoiseProfile, RawImage
from edgeisp.raw.image import Floats
from edgeisp.raw.unprocess import DAYLIGHT_MATRICES, Camera, unprocess
from edgeisp.render.renderer import Renderer

WIDTH, HEIGHT = 240, 160


@pytest.fixture(scope="session")
def scene() -> Floats:
    """Smooth colours, ``3 x 160 x 240`` sRGB."""
    rng = np.random.default_rng(1)
    return np.clip(0.5 + 0.15 * np.stack([fractal((HEIGHT, WIDTH), rng, slope=1.8) for _ in "RGB"]), 0, 1)


@pytest.fixture(scope="session")
def make_raw(scene: Floats) -> Callable[..., RawImage]:
    """The scene as a camera records it, with hardly any noise; ``cfa`` and other fields of `RawImage` can be given."""

    def make(cfa: str = "RGGB", **fields: object) -> RawImage:
        camera = Camera(
            color_matrix=DAYLIGHT_MATRICES["Sony ILCE-7"],
            white_balance=(2.0, 1.0, 1.6),
            noise=NoiseProfile(1e-6, 1e-8),
            cfa=cfa,  # type: ignore[arg-type]
            black_level=256.0,
            white_level=16383.0,
        )
        raw = unprocess(scene, camera, np.random.default_rng(0), iso=100)
        return replace(raw, **fields)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def program() -> TorchProgram:
    """MetaISP with fresh weights and nothing added to its bilinear demosaic, in the torch engine."""
    import torch

    from edgeisp.models.metaisp import MetaISP

    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = MetaISP().eval()
    torch.nn.init.zeros_(network.head.weight)
    return TorchProgram(network)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def make_renderer(program: TorchProgram) -> Callable[..., Renderer]:
    """A renderer with tiles of ``tile`` pixels and a halo, in picture pixels."""

    def make(tile: int = 128, halo: int = 32, of: TorchProgram = program) -> Renderer:
        functions = of.network.functions(tile // 2, tile // 2)
        return Renderer([of], {name: dict(f.inputs) for name, f in functions.items()}, halo // 2)

    return make


@pytest.fixture(scope="module")
def network() -> ISPNetwork:
    """An LW-ISP of two levels, no weight as it is born."""
    torch.manual_seed(0)
    network = LWISP(LWISPConfig(widths=(8, 16), bottom=1))
    for parameter in network.parameters():
        parameter.data += 0.05 * torch.randn(parameter.shape)
    return network.eval()
