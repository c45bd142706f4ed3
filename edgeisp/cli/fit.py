"""An open engine, and the renderers that it has for frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from edgeisp.cli.engine import EngineOptions
from edgeisp.cli.options import NetworkOptions

if TYPE_CHECKING:
    from edgeisp.render.halo import Progress
    from edgeisp.render.renderer import Renderer

Fit = Callable[[tuple[int, int]], "Renderer"]
"""The renderer for a frame of that height and width, in packed pixels."""


def start(options: EngineOptions, network: NetworkOptions, progress: Progress | None = None) -> Fit:
    """Open the engine: what it returns has a renderer for frames of any size, with the same programs.

    Args:
        network: what runs where no artifact is given.
        progress: shows how far measuring the halo is, of a checkpoint whose card has none.

    Raises:
        BadInputError: names that are not known, an artifact that is damaged, a tile that cannot be.
        CheckpointError: see `edgeisp.quantize.checkpoint.load_any`.
        UnavailableError: the engine cannot run here.
    """
    if options.artifact is not None:
        from edgeisp.cli import fit_artifacts

        return fit_artifacts.start(options, network)
    from edgeisp.cli import fit_checkpoint

    return fit_checkpoint.start(options, network, progress)
