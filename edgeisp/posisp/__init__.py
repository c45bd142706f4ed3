"""POS-ISP (Won et al., CVPR 2026 Findings): a chain of small modules whose order is learned for a task.

``MODULES`` is the one list of modules; other packages add theirs by the entry point ``edgeisp.posisp_modules``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeisp.errors import BadInputError
from edgeisp.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edgeisp.posisp.module import ISPModule

MODULES: Registry[Callable[[bool], ISPModule]] = Registry(
    "POS-ISP module",
    {
        "exposure": "edgeisp.posisp.modules.tone:Exposure",
        "gamma": "edgeisp.posisp.modules.tone:Gamma",
        "ccm": "edgeisp.posisp.modules.color:ColorMatrix",
        "sharpen": "edgeisp.posisp.modules.spatial:Sharpen",
        "denoise": "edgeisp.posisp.modules.spatial:NonLocalMeans",
        "tone": "edgeisp.posisp.modules.tone:ToneCurve",
        "contrast": "edgeisp.posisp.modules.tone:Contrast",
        "saturation": "edgeisp.posisp.modules.color:Saturation",
        "desaturation": "edgeisp.posisp.modules.color:Desaturation",
        "white-balance": "edgeisp.posisp.modules.color:WhiteBalance",
        "fast-denoise": "edgeisp.posisp.modules.extras:FastNonLocalMeans",
        "guided-denoise": "edgeisp.posisp.modules.extras:GuidedDenoise",
        "wide-white-balance": "edgeisp.posisp.modules.extras:WideWhiteBalance",
        "local-tone": "edgeisp.posisp.modules.extras:LocalTone",
    },
    group="edgeisp.posisp_modules",
)
"""Classes of modules; each is called with ``paper``: whether it keeps the paper's formula where ours differs."""

PAPER = (
    "exposure",
    "gamma",
    "ccm",
    "sharpen",
    "denoise",
    "tone",
    "contrast",
    "saturation",
    "desaturation",
    "white-balance",
)
"""The ten modules of the paper, in the order of its 27 parameters."""

DEFAULT = tuple("fast-denoise" if name == "denoise" else name for name in PAPER)
"""What we train with: the paper's modules, with a denoiser that a phone can afford."""


def places(names: Sequence[str], known: Sequence[str]) -> tuple[int, ...]:
    """Where each of ``names``, an order, is in ``known``, the modules of a set.

    Raises:
        BadInputError: a name that is not of the set, or one that comes twice.
    """
    for name in names:
        if name not in known:
            raise BadInputError(
                f"no module {name!r} in this set", where="--order", cure=f"it has: {', '.join(known)}"
            )
    if len(set(names)) < len(names):
        raise BadInputError(
            f"a module comes twice in {', '.join(names)}", where="--order", cure="name each module once"
        )
    return tuple(known.index(name) for name in names)
