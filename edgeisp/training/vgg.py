"""The perceptual loss: distance of pictures in the features of VGG-19 (Simonyan and Zisserman 2015).

The weights are torchvision's, from a file of the user's; torchvision itself is not needed.
"""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from edgeisp.errors import BadInputError, CheckpointError

_BLOCKS = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))
"""Convolutions and channels between poolings."""
_CURE = "get vgg19-dcbb9e9d.pth, which torchvision publishes as VGG19_Weights.IMAGENET1K_V1"
SMALLEST = 32
"""Height and width of the smallest picture that still has a feature in the fifth block."""


class Perceptual(nn.Module):
    """Mean absolute difference of two pictures' features at relu5_4, the pictures at half size.

    Layer, halving and norm are those of LiteISPNet's published code (ICCV 2021), which later work on ZRR follows.

    Raises:
        CheckpointError: ``path`` is absent or does not hold VGG-19.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.features = load_vgg19(path)
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """``B`` of two ``B x 3 x H x W``; sides of at least 32 pixels."""
        if min(output.shape[-2:]) < SMALLEST:
            raise BadInputError(
                f"the loss vgg needs pictures of at least {SMALLEST} pixels", cure="raise --patch"
            )
        with torch.no_grad():
            wanted = self._see(target)
        return (self._see(output) - wanted).abs().mean((1, 2, 3))

    def _see(self, picture: Tensor) -> Tensor:
        half = F.interpolate(picture, scale_factor=0.5, mode="bilinear", align_corners=False)
        features: Tensor = self.features((half - self.mean) / self.deviation)
        return features


def vgg19_features() -> nn.Sequential:
    """The convolutions of VGG-19 up to relu5_4, numbered as in torchvision."""
    layers: list[nn.Module] = []
    channels = 3
    for block, (count, width) in enumerate(_BLOCKS):
        if block:
            layers.append(nn.MaxPool2d(2))
        for _ in range(count):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
    return nn.Sequential(*layers)


def load_vgg19(path: Path) -> nn.Sequential:
    """`vgg19_features` with the weights in ``path``, torchvision's ``.pth`` or the same as ``.safetensors``; frozen.

    Raises:
        CheckpointError: absent, damaged, or of another network.
    """
    weights = _read(path)
    with torch.device("meta"):
        features = vgg19_features()
    wanted = {f"features.{key}": value.shape for key, value in features.state_dict().items()}
    for key, shape in wanted.items():
        if key not in weights or weights[key].shape != shape:
            found = tuple(weights[key].shape) if key in weights else "absent"
            raise CheckpointError(
                f"not VGG-19: {key} is {found}, should be {tuple(shape)}", where=path, cure=_CURE
            )
    features.load_state_dict({key: weights[f"features.{key}"] for key in features.state_dict()}, assign=True)
    return features.float().requires_grad_(False).eval()


def _read(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise CheckpointError("no such file of VGG-19 weights", where=path, cure=_CURE)
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(
            f"cannot be read as VGG-19 weights ({reason})", where=path, cure=_CURE
        ) from error
    return found if isinstance(found, dict) else {}
