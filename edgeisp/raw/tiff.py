"""Values of TIFF tags, as far as RAW files need them."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeisp.errors import BadInputError

RATIONAL, SRATIONAL = 5, 10


def numbers(page: Any, code: int, name: str = "", count: int | None = None) -> list[float] | None:
    """The values of a numeric tag, rationals divided (x/0 is infinite or NaN); None if the tag is absent.

    Args:
        page: a ``tifffile.TiffPage``.
        count: how many values there must be; ``name`` is the tag's name for the message.

    Raises:
        BadInputError: there are not ``count`` values, or none, or they are no numbers.
    """
    tag = page.tags.get(code)
    if tag is None:
        return None
    value = list(tag.value) if isinstance(tag.value, bytes) else tag.value
    try:
        flat = np.atleast_1d(np.asarray(value, np.float64)).ravel()
    except (ValueError, TypeError) as error:
        raise BadInputError(f"the tag {name or code} holds no numbers", cure="get the file again") from error
    if tag.dtype in (RATIONAL, SRATIONAL):
        flat = flat[0::2] / flat[1::2]
    if len(flat) != (count or max(1, len(flat))):
        raise BadInputError(
            f"the tag {name or code} has {len(flat)} values instead of {count or 'any'}",
            cure="get the file again",
        )
    return [float(entry) for entry in flat]


def camera(first: Any) -> tuple[str, str]:
    """Make and model; empty if the tags are absent."""
    make, model = (
        "" if tag is None else str(tag.value).strip() for tag in (first.tags.get(271), first.tags.get(272))
    )
    return make, model


def iso(first: Any) -> int | None:
    """PhotographicSensitivity of the first page or its Exif; None if no number, or 65535, "more than fits"."""
    exif = getattr(first.tags.get(34665), "value", None)
    named = (
        [exif.get(name) for name in ("PhotographicSensitivity", "ISOSpeedRatings")]
        if isinstance(exif, dict)
        else []
    )
    tag = getattr(first.tags.get(34855), "value", None)
    for value in [tag, *named]:
        one = value[0] if isinstance(value, tuple) and value else value
        if isinstance(one, int | float) and 0 < one < 65535:
            return int(one)
    return None
