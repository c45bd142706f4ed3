"""NNCF's quantizers read off: the range of each input is that of the tensor which the convolution reads."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from edgeisp.models.lwisp import LWISP, LWISPConfig
from edgeisp.quantize.calibration import Calibration
from edgeisp.quantize.layers import Affine
from edgeisp.quantize.network import convolutions, deployable

pytest.importorskip("nncf")


def test_input_range_is_that_of_the_tensor_when_the_output_goes_on_to_another_quantizer() -> None:
    """As behind an interpolation, or where a depthwise convolution feeds a pointwise one."""
    from edgeisp.quantize.insertion import scheme

    torch.manual_seed(0)
    network = deployable(LWISP(LWISPConfig(widths=(4, 4, 4, 4), bottom=1)))
    raw = np.random.default_rng(0).random((2, 4, 32, 32), np.float32)
    pictures = Calibration("random", raw, np.ones((2, 9, 1, 1), np.float32))
    names = [name for name in convolutions(network) if not name.endswith(("squeeze", "excite"))]
    keep = tuple(name for name in convolutions(network) if name not in names)
    found = scheme(network, pictures, keep, "minmax")
    seen: dict[str, list[Tensor]] = {name: [] for name in names}
    for name in names:
        network.get_submodule(name).register_forward_pre_hook(lambda m, args, n=name: seen[n].append(args[0]))
    with torch.no_grad():
        for picture in raw:
            network(torch.from_numpy(picture[None]), torch.ones(1, 9, 1, 1))
    for name, tensors in seen.items():
        extremes = Affine.covering(min(float(x.min()) for x in tensors), max(float(x.max()) for x in tensors))
        got = found[name].input
        assert got is not None
        assert got.scale == pytest.approx(extremes.scale, rel=0.02), name
        assert abs(got.zero_point - extremes.zero_point) <= 1, name
