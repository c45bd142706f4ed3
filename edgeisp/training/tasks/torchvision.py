"""Frozen networks of torchvision's zoo, with weights from a local file: ``--network torchvision:NAME --weights FILE``.

Nothing is downloaded. Weights with as many classes as the data set has kinds must know them in its order (detectors and
segmenters with the background first); of weights with the classes of torchvision's own (COCO, VOC, ImageNet) kinds are
found by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from edgeisp.errors import BadInputError, CheckpointError, UnavailableError
from edgeisp.training.tasks.detection import Detector

PREFIX = "torchvision:"
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""ImageNet's, in which torchvision's classifiers and segmenters take pictures; its detectors do this themselves."""
Family = Literal["detection", "segmentation", "classification"]


class TorchvisionDetector(Detector):
    """Any of torchvision's detectors.

    Raises:
        BadInputError: no such network, no weights, or the weights do not know the kinds.
        CheckpointError: the weights are not the network's.
        UnavailableError: torchvision is not installed, or does not load.
    """

    label_of: Tensor

    def __init__(self, network: str, weights: Path | None, kinds: Sequence[str]) -> None:
        super().__init__()
        self.network, categories = _loaded(network, weights, len(kinds) + 1, "detection")
        labels = _labels(categories, kinds, 1, weights)
        self.register_buffer("label_of", torch.tensor(labels), persistent=False)

    def judged(self, picture: Tensor, target: Tensor) -> Tensor:
        self.network.train()
        for part in self.network.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.eval()  # frozen statistics; the mode only decides that losses come out
        try:
            each = [
                sum(self.network([one], [self._truth(rows)]).values())
                for one, rows in zip(picture, target, strict=True)
            ]
        finally:
            self.network.eval()
        return torch.stack(each)

    def _truth(self, rows: Tensor) -> dict[str, Tensor]:
        present = rows[rows[:, 0] >= 0]
        return {"boxes": present[:, 1:], "labels": self.label_of[present[:, 0].long()]}

    @torch.no_grad()
    def found(self, picture: Tensor) -> list[Tensor]:
        kind_of = {int(label): kind for kind, label in enumerate(self.label_of.tolist())}
        found = []
        for one in self.network.eval()(list(picture)):
            rows = [
                torch.tensor([float(score), float(kind_of[int(label)]), *box.tolist()])
                for box, label, score in zip(one["boxes"], one["labels"], one["scores"], strict=True)
                if int(label) in kind_of
            ]
            found.append(torch.stack(rows) if rows else torch.zeros(0, 6))
        return found


class TorchvisionLogits(nn.Module):
    """torchvision's segmenters and classifiers: ``B x 3 x H x W`` to logits ``B x kinds x h x w`` (1x1 of a class).

    Raises:
        As `TorchvisionDetector`.
    """

    mean: Tensor
    deviation: Tensor
    label_of: Tensor

    def __init__(self, network: str, weights: Path | None, kinds: Sequence[str], family: Family) -> None:
        super().__init__()
        self.network, categories = _loaded(network, weights, len(kinds), family)
        labels = _labels(categories, kinds, 0, weights)
        self.register_buffer("label_of", torch.tensor(labels), persistent=False)
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(3, 1, 1), persistent=False)

    def forward(self, picture: Tensor) -> Tensor:
        made = self.network((picture - self.mean) / self.deviation)
        logits: Tensor = made["out"] if isinstance(made, Mapping) else made[..., None, None]
        return logits[:, self.label_of]


def _loaded(
    network: str, weights: Path | None, classes: int, family: Family
) -> tuple[nn.Module, list[str] | None]:
    """The network with its weights, and what its classes are called; None: as the data set calls them."""
    name = network.removeprefix(PREFIX)
    if name == network:
        raise BadInputError(
            f"no network is called {network!r}",
            where="--network",
            cure=f"give {PREFIX}NAME, such as {PREFIX}fcos_resnet50_fpn",
        )
    if weights is None:
        raise BadInputError("needs a file of weights", where="--network", cure="add --weights FILE")
    try:
        from torchvision import models
    except (ImportError, RuntimeError) as error:
        raise UnavailableError(
            f"torchvision does not load here ({str(error).splitlines()[0]})",
            cure="install the torchvision that belongs to this torch: https://pytorch.org/get-started",
        ) from error
    module = models if family == "classification" else getattr(models, family)
    if name not in models.list_models(module=module):
        raise BadInputError(
            f"torchvision has no network for {family} called {name!r}",
            where="--network",
            cure=f"known: {', '.join(models.list_models(module=module))}",
        )
    state = _state(weights)
    known = [each.meta["categories"] for each in models.get_model_weights(name) if "categories" in each.meta]
    for categories in [None, *known]:
        count = classes if categories is None else len(categories)
        extra: dict[str, Any] = {} if family == "classification" else {"weights_backbone": None}
        built = models.get_model(name, weights=None, num_classes=count, **extra)
        absent, unknown = _fits(built, state)
        if not absent and not unknown:
            built.load_state_dict(state, strict=False)
            return built.eval(), categories
    first = (absent + unknown)[0]
    raise CheckpointError(
        f"not weights of {name} with {classes} classes or those of its published weights ({first})",
        where=weights,
        cure="give the state_dict of that network",
    )


def _state(path: Path) -> dict[str, Tensor]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises all sorts of exceptions of unpickling
        raise CheckpointError(
            f"cannot be read as weights ({str(error).splitlines()[0]})", where=path, cure="give a state_dict"
        ) from error
    state = state.get("model", state) if isinstance(state, dict) else state
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise CheckpointError("holds no state_dict", where=path, cure="give a state_dict")
    return state


def _fits(network: nn.Module, state: Mapping[str, Tensor]) -> tuple[list[str], list[str]]:
    """What the weights lack, and what does not belong to the network; auxiliary heads may be left over."""
    own = network.state_dict()
    absent = [key for key, value in own.items() if key not in state or state[key].shape != value.shape]
    unknown = [key for key in state if key not in own and not key.startswith("aux_classifier")]
    return absent, unknown


def _labels(
    categories: list[str] | None, kinds: Sequence[str], first: int, weights: Path | None
) -> list[int]:
    """The network's number for each kind."""
    if categories is None:
        return list(range(first, first + len(kinds)))
    spelt = {_spelt(name): i for i, name in enumerate(categories)}
    strange = [kind for kind in kinds if _spelt(kind) not in spelt]
    if strange:
        raise BadInputError(
            f"the weights know no {', '.join(strange)}",
            where=weights,
            cure=f"they know: {', '.join(categories)}",
        )
    return [spelt[_spelt(kind)] for kind in kinds]


SAME = {
    "aeroplane": "airplane",
    "diningtable": "dining table",
    "motorbike": "motorcycle",
    "sofa": "couch",
    "tvmonitor": "tv",
}
"""Pascal VOC's names by COCO's."""


def _spelt(name: str) -> str:
    low = name.lower().replace("_", " ").strip()
    return SAME.get(low, low)
