"""Detection by centre points (Zhou, Wang and Krähenbühl, "Objects as Points", 2019): loss, decoding, COCO's metric.

The network puts out, at a quarter of the size, a heat map for each kind, then the logarithms of width and height in
cells, then where in its cell a centre lies.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from edgeisp.extras import require
from edgeisp.training.tasks.consumer import STRIDE, Consumer

DETECTIONS = 20
"""The most that are kept of a picture."""


def loss(made: Tensor, target: Tensor) -> Tensor:
    """Penalty-reduced focal loss of the heat maps, and L1 of sizes and offsets at the centres, ``B``.

    Args:
        made: ``B x (kinds + 4) x h x w``.
        target: ``B x M x 5``: kind (-1: none), left, top, right, bottom in pixels.
    """
    kinds = made.shape[1] - 4
    heat, size, offset = made.split([kinds, 2, 2], 1)
    present = (target[..., 0] >= 0).float()
    kind = target[..., 0].clamp(min=0).long()
    corners = target[..., 1:] / STRIDE
    center, extent = (
        (corners[..., :2] + corners[..., 2:]) / 2,
        (corners[..., 2:] - corners[..., :2]).clamp(min=1e-3),
    )
    height, width = heat.shape[-2:]
    cell = torch.stack(
        [center[..., 0].clamp(0, width - 1e-3), center[..., 1].clamp(0, height - 1e-3)], -1
    ).floor()
    wanted = _splats(cell, extent, kind, present, kinds, height, width)
    count = present.sum(1).clamp(min=1)
    positive = (wanted == 1).float()
    likely = torch.sigmoid(heat)
    hit = positive * (1 - likely) ** 2 * F.logsigmoid(heat)
    miss = (1 - positive) * (1 - wanted) ** 4 * likely**2 * F.logsigmoid(-heat)
    found = -(hit + miss).sum((1, 2, 3)) / count
    place = (cell[..., 1] * width + cell[..., 0]).long()

    def at_centers(maps: Tensor) -> Tensor:
        return maps.flatten(2).transpose(1, 2).gather(1, place[..., None].expand(-1, -1, 2))

    sized = (at_centers(size) - torch.log(extent)).abs().sum(-1)
    placed = (at_centers(offset) - (center - cell)).abs().sum(-1)
    return found + ((sized + placed) * present).sum(1) / count


def _splats(
    cell: Tensor, extent: Tensor, kind: Tensor, present: Tensor, kinds: int, height: int, width: int
) -> Tensor:
    """Heat maps that are 1 at the centres and fall off as Gaussians of a sixth of the extent, ``B x kinds x h x w``."""
    y = torch.arange(height, device=cell.device).view(1, 1, height, 1)
    x = torch.arange(width, device=cell.device).view(1, 1, 1, width)
    cx, cy = (cell[..., i, None, None] for i in (0, 1))
    sx, sy = (extent[..., i, None, None] / 6 + 0.3 for i in (0, 1))
    each = torch.exp(-((x - cx) ** 2) / (2 * sx**2) - (y - cy) ** 2 / (2 * sy**2)) * present[..., None, None]
    of_kind = F.one_hot(kind, kinds).float()[..., None, None]
    return (each[:, :, None] * of_kind).amax(1)


@torch.no_grad()
def decode(made: Tensor) -> list[Tensor]:
    """Of each picture up to `DETECTIONS` rows: score, kind, left, top, right, bottom in pixels; best first."""
    heat, size, offset = made.split([made.shape[1] - 4, 2, 2], 1)
    likely = torch.sigmoid(heat)
    likely = likely * (F.max_pool2d(likely, 3, 1, 1) == likely)
    width = heat.shape[-1]
    scores, places = likely.flatten(1).topk(DETECTIONS)
    kinds, cells = places // heat[0, 0].numel(), places % heat[0, 0].numel()
    center = torch.stack([cells % width, cells // width], -1) + _gathered(offset, cells)
    half = torch.exp(_gathered(size, cells).clamp(max=6)) / 2
    boxes = torch.cat([center - half, center + half], -1) * STRIDE
    return list(torch.cat([scores[..., None], kinds[..., None].float(), boxes], -1))


def _gathered(maps: Tensor, cells: Tensor) -> Tensor:
    return maps.flatten(2).transpose(1, 2).gather(1, cells[..., None].expand(-1, -1, 2))


class Detector(nn.Module):
    """What finds boxes."""

    def judged(self, picture: Tensor, target: Tensor) -> Tensor:
        """The loss on each picture, ``B``; for the target see `loss`."""
        raise NotImplementedError

    def found(self, picture: Tensor) -> list[Tensor]:
        """Of each picture rows of score, kind, left, top, right, bottom in pixels."""
        raise NotImplementedError


class CenterPoints(Detector):
    """A small network whose maps are read as said above."""

    def __init__(self, network: Consumer) -> None:
        super().__init__()
        self.network = network

    def judged(self, picture: Tensor, target: Tensor) -> Tensor:
        return loss(self.network(picture), target)

    def found(self, picture: Tensor) -> list[Tensor]:
        return decode(self.network(picture))


class MeanAveragePrecision:
    """COCO's mean average precision over IoU 0.5 to 0.95 and all kinds, in percent, by pycocotools.

    Raises:
        UnavailableError: pycocotools is not installed.
    """

    def __init__(self, detect: Callable[[Tensor], list[Tensor]], kinds: Sequence[str]) -> None:
        """``detect`` gives for each picture what `decode` gives."""
        require("vision")
        self.detect, self.kinds = detect, kinds
        self.images: list[dict[str, Any]] = []
        self.truth: list[dict[str, Any]] = []
        self.found: list[dict[str, Any]] = []

    def update(self, picture: Tensor, target: Tensor) -> None:
        height, width = picture.shape[-2:]
        for rows, objects in zip(self.detect(picture), target, strict=True):
            image = len(self.images) + 1
            self.images.append({"id": image, "height": height, "width": width})
            for kind, *box in objects[objects[:, 0] >= 0].tolist():
                number = len(self.truth) + 1
                x, y, w, h = _xywh(box)
                self.truth.append(
                    {
                        "id": number,
                        "image_id": image,
                        "category_id": int(kind),
                        "bbox": [x, y, w, h],
                        "area": w * h,
                        "iscrowd": 0,
                    }
                )
            for score, kind, *box in rows.tolist():
                found = {"image_id": image, "category_id": int(kind), "bbox": _xywh(box), "score": score}
                self.found.append(found)

    def value(self) -> float:
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval

        with redirect_stdout(io.StringIO()):
            truth = COCO()
            categories = [{"id": i, "name": name} for i, name in enumerate(self.kinds)]
            truth.dataset = {"images": self.images, "annotations": self.truth, "categories": categories}
            truth.createIndex()
            judge = COCOeval(truth, truth.loadRes(self.found) if self.found else COCO(), "bbox")
            judge.evaluate()
            judge.accumulate()
            judge.summarize()
        return 100 * float(judge.stats[0])


def _xywh(box: list[float]) -> list[float]:
    left, top, right, bottom = box
    return [left, top, right - left, bottom - top]
