"""Alignment of a picture to its RAW: a global colour mapping, optical flow, and a mask of where it can be trusted.

Phone and DSLR see a scene from two places, so that pixels of a real pair never quite fit, and a network that is trained
or measured on them is punished for being sharp. LiteISPNet (Zhang et al., ICCV 2021) therefore maps the RAW's colours
to those of the picture, finds the optical flow between the two, and warps the picture onto the RAW. Its mapping is a
small network that is trained along, its flow PWC-Net. Here the mapping is a polynomial fitted to each pair, and the
flow DIS (Kroeger et al., ECCV 2016), so that nothing has to be trained or downloaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeisp.data.frame import Bytes, MemoryFrame, Sensor, Window
from edgeisp.errors import BadInputError
from edgeisp.extras import require
from edgeisp.raw.color import encode_srgb, plane_gains
from edgeisp.raw.image import Floats

ROUNDS = 2
"""Mapping and flow help each other: the second mapping is fitted to the picture that the first flow has warped."""
BLUR = 1.0
"""Sigma in pixels of the blur against noise and mosaic before the flow."""
FINEST = 1
"""The finest scale of the flow, in halvings: at full size it follows the noise of dark RAW files, and is slow."""
FIT_SIDE = 64
"""Both pictures are averaged to this many areas a side before the mapping is fitted: shifts hardly matter there."""
FIT_ROUNDS = 4
SMALLEST = 16
"""Shortest side that the flow takes."""


@dataclass(frozen=True, eq=False)
class Alignment:
    """A picture on the grid of its RAW."""

    picture: Bytes
    """``H x W x 3`` sRGB, warped."""
    mask: Bytes
    """``H x W``: 1 where the flow there and back agrees and stays inside the picture, else 0."""
    flow: Floats
    """``H x W x 2``: where each pixel was taken from, right and down, in pixels."""

    @property
    def shift(self) -> float:
        """Median length of the flow where it can be trusted, in pixels; NaN where it nowhere can."""
        lengths = np.linalg.norm(self.flow, axis=2)[self.mask > 0]
        return float(np.median(lengths)) if lengths.size else float("nan")


def align_frame(frame: MemoryFrame) -> MemoryFrame:
    """``frame`` with its picture warped onto the mosaic, and a mask of where that worked."""
    found = align(rendering(frame.whole.mosaic, frame.sensor), frame.whole.picture)
    return MemoryFrame(Window(frame.whole.mosaic, found.picture, found.mask), frame.sensor)


def rendering(mosaic: NDArray[np.uint16], sensor: Sensor) -> Bytes:
    """A plain sRGB rendering of an RGGB mosaic, ``H x W x 3``: levels, white balance, bilinear demosaic, matrix, curve.

    Raises:
        UnavailableError: OpenCV is not installed.
    """
    cv2 = _cv2()
    black = np.array(sensor.black, np.float32)
    gains = plane_gains(sensor.white_balance).ravel() / (np.float32(sensor.white) - black)
    light = np.empty(mosaic.shape, np.uint16)
    for plane in range(4):
        place = np.s_[plane // 2 :: 2, plane % 2 :: 2]
        light[place] = np.clip((mosaic[place] - black[plane]) * gains[plane], 0, 1) * 65535
    linear = cv2.demosaicing(light, cv2.COLOR_BayerRGGB2RGB).astype(np.float32) / 65535
    matrix = np.array(sensor.color, np.float32).reshape(3, 3)
    encoded: Floats = encode_srgb(linear @ matrix.T)
    return np.round(encoded * 255).astype(np.uint8)


def align(reference: Bytes, picture: Bytes) -> Alignment:
    """Warp ``picture`` onto ``reference``, both ``H x W x 3`` sRGB of the same scene.

    Raises:
        BadInputError: they are too small.
        UnavailableError: OpenCV is not installed.
    """
    cv2 = _cv2()
    if min(picture.shape[:2]) < SMALLEST:
        raise BadInputError(
            f"{picture.shape[1]}x{picture.shape[0]} is too small to align", cure="give larger pictures"
        )
    warped, mask, flow = (
        picture,
        np.ones(picture.shape[:2], np.uint8),
        np.zeros((*picture.shape[:2], 2), np.float32),
    )
    wanted = _grey(picture)
    for _ in range(ROUNDS):
        mapped = _grey(map_colors(reference, warped, mask))
        flow, back = _flow(mapped, wanted), _flow(wanted, mapped)
        mask = trusted(flow, back)
        x, y = _targets(flow)
        warped = np.asarray(
            cv2.remap(picture, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8
        )
    return Alignment(warped, mask, flow)


def map_colors(reference: Bytes, picture: Bytes, mask: Bytes) -> Bytes:
    """``reference`` in the colours of ``picture``: one polynomial of second degree in colour and place.

    It is fitted to averages over small areas, so that it does not depend on the alignment, by least squares that are
    weighted down where they do not fit (Cauchy's function), since occlusions and highlights follow no mapping.
    """
    cv2 = _cv2()
    height, width = mask.shape
    size = (min(width, FIT_SIDE), min(height, FIT_SIDE))
    small, wanted, valid = (
        cv2.resize(part.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        for part in (reference, picture, mask)
    )
    terms, values = _terms(small, 0, size[1]), wanted.reshape(-1, 3) / 255
    clipped = (wanted.max(axis=2) > 250) | (small.max(axis=2) > 250)
    weights = valid.ravel() * np.where(clipped.ravel(), 0.1, 1.0) + 1e-6
    fit = np.zeros((terms.shape[1], 3))
    for _ in range(FIT_ROUNDS):
        root = np.sqrt(weights)[:, None]
        fit = np.linalg.lstsq(terms * root, values * root, rcond=1e-6)[0]
        residual = np.linalg.norm(terms @ fit - values, axis=1)
        weights *= 1 / (1 + (residual / (2 * np.median(residual) + 1e-3)) ** 2)
    mapped = np.empty(reference.shape, np.uint8)
    for top in range(0, height, 64):  # bands: the terms of a whole photograph would fill the memory
        rows = reference[top : top + 64]
        band = _terms(rows.astype(np.float32), top, height) @ fit
        mapped[top : top + 64] = np.clip(np.round(band * 255), 0, 255).reshape(rows.shape)
    return mapped


def trusted(flow: Floats, back: Floats) -> Bytes:
    """1 where ``back``, at the place that ``flow`` leads to, leads home again, ``H x W``.

    The threshold is that of Sundaram, Brox and Keutzer (ECCV 2010): ``|f + b|^2 < 0.01 (|f|^2 + |b|^2) + 0.5``.
    """
    cv2 = _cv2()
    x, y = _targets(flow)
    home = cv2.remap(back, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    apart = np.square(flow + home).sum(axis=2)
    lengths = np.square(flow).sum(axis=2) + np.square(home).sum(axis=2)
    height, width = x.shape
    inside = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
    return np.asarray((apart < 0.01 * lengths + 0.5) & inside, np.uint8)


def _targets(flow: Floats) -> tuple[Floats, Floats]:
    height, width = flow.shape[:2]
    across, down = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    return flow[..., 0] + across, flow[..., 1] + down[:, None]


def _terms(colors: Floats, top: int, height: int) -> NDArray[np.float64]:
    """Products of up to two of red, green, blue, x and y, with 1: 21 terms for each pixel."""
    rows, columns = colors.shape[:2]
    y, x = np.mgrid[top : top + rows, :columns].astype(np.float64)
    flat = np.column_stack(
        [
            np.ones(rows * columns),
            colors.reshape(-1, 3) / 255,
            x.ravel() / columns - 0.5,
            y.ravel() / height - 0.5,
        ]
    )
    first, second = np.triu_indices(6)
    products: NDArray[np.float64] = flat[:, first] * flat[:, second]
    return products


def _grey(picture: Bytes) -> Bytes:
    cv2 = _cv2()
    blurred = cv2.GaussianBlur(picture, (0, 0), BLUR)
    return np.asarray(cv2.cvtColor(blurred, cv2.COLOR_RGB2GRAY), np.uint8)


def _flow(start: Bytes, end: Bytes) -> Floats:
    """For each pixel of ``start``, where it lies in ``end``, relative to its place."""
    cv2 = _cv2()
    found = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    found.setFinestScale(FINEST)
    return np.asarray(found.calc(start, end, None), np.float32)


def _cv2() -> Any:
    try:
        import cv2
    except ImportError:
        require("train")
        raise
    return cv2
