"""LPIPS (Zhang et al., CVPR 2018), version 0.1 with AlexNet, from weights that are already on this machine.

torchmetrics ships the small calibrated heads. AlexNet itself is torchvision's file, which is looked for where torch.hub
keeps it and never downloaded; torchvision is not needed.
"""

from __future__ import annotations

import pickle
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from edgeisp.errors import CheckpointError
from edgeisp.raw.image import Floats

WEIGHTS = "alexnet-owt-7be5be79.pth"
CURE = f"get {WEIGHTS}, which torchvision publishes as AlexNet_Weights.IMAGENET1K_V1"
_CONVOLUTIONS = (
    (0, 3, 64, 11, 4, 2),
    (3, 64, 192, 5, 1, 2),
    (6, 192, 384, 3, 1, 1),
    (8, 384, 256, 3, 1, 1),
    (10, 256, 256, 3, 1, 1),
)
"""Number in torchvision's ``features``, channels in and out, kernel, stride, padding; 2 and 5 are poolings."""
_SHIFT, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
"""ImageNet's statistics for pictures in [-1, 1], as the authors round them."""


class Lpips(nn.Module):
    """The distance of two pictures: weighted squared differences of their unit-length AlexNet features.

    Raises:
        CheckpointError: ``path`` does not hold AlexNet.
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.stages = nn.ModuleList(
            nn.Conv2d(inside, outside, kernel, stride, padding)
            for _, inside, outside, kernel, stride, padding in _CONVOLUTIONS
        )
        weights = _read(path)
        try:
            for (number, *_), stage in zip(_CONVOLUTIONS, self.stages, strict=True):
                parts = {part: weights[f"features.{number}.{part}"] for part in ("weight", "bias")}
                stage.load_state_dict(parts)
        except (KeyError, RuntimeError) as error:
            raise CheckpointError(
                f"not AlexNet: {str(error).splitlines()[-1].strip()}", where=path, cure=CURE
            ) from error
        heads = _read(_heads())
        for index, stage in enumerate(self.stages):
            self.register_buffer(f"head{index}", heads[f"lin{index}.model.1.weight"])
            stage.requires_grad_(False)
        self.register_buffer("shift", torch.tensor(_SHIFT).view(1, 3, 1, 1))
        self.register_buffer("scale", torch.tensor(_SCALE).view(1, 3, 1, 1))

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """``B`` distances of two ``B x 3 x H x W`` in [0, 1]; sides of at least 63 pixels."""
        a, b = ((2 * picture - 1 - self.shift) / self.scale for picture in (first, second))
        total = torch.zeros(len(a))
        for index, stage in enumerate(self.stages):
            if index in (1, 2):
                a, b = (nn.functional.max_pool2d(x, 3, 2) for x in (a, b))
            a, b = torch.relu(stage(a)), torch.relu(stage(b))
            apart = (nn.functional.normalize(a) - nn.functional.normalize(b)).square()
            total = total + (apart * self.get_buffer(f"head{index}")).sum(1).mean((1, 2))
        return total

    def between(self, first: Floats, second: Floats) -> float:
        """The distance of two pictures ``3 x H x W``."""
        with torch.inference_mode():
            x, y = (torch.from_numpy(np.array(picture, np.float32))[None] for picture in (first, second))
            return float(self(x, y))


def local_weights() -> Path | None:
    """AlexNet's file where torch.hub keeps downloads (``$TORCH_HOME/hub/checkpoints``), or None."""
    path = Path(torch.hub.get_dir()) / "checkpoints" / WEIGHTS
    return path if path.is_file() else None


def absent() -> str:
    """The line that says why there is no LPIPS, and how to get it."""
    return f"no LPIPS: {CURE}, and put it into {Path(torch.hub.get_dir()) / 'checkpoints'}"


def _heads() -> Path:
    spec = find_spec("torchmetrics")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "functional/image/lpips_models/alex.pth"


def _read(path: Path) -> dict[str, Tensor]:
    try:
        found: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise CheckpointError(
            f"cannot be read as AlexNet weights ({str(error).splitlines()[0]})", where=path, cure=CURE
        ) from error
    return found
