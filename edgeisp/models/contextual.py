"""Networks whose blocks correct with statistics of the whole frame, and how these become the context.

A network computes a small vector in each block from everything it sees. On a phone it sees tiles; so that they agree,
the vectors of all blocks together, the *context*, are computed once from the whole frame and handed to every tile.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar, Self

import torch
from torch import Tensor, nn

from edgeisp.models.blocks import ColorRendering, ColorSums, Companding, Display
from edgeisp.models.functions import CONTEXT_SIDE, Function, ISPNetwork, Shape
from edgeisp.models.inspection import Inspection
from edgeisp.models.task import Task

Run = Callable[[nn.Module, Tensor], Tensor]
"""Runs the blocks of one stage one after the other on a tensor."""


class ContextBlock(nn.Module):
    """A block that takes its part of the context, or computes it from its input where none is given."""

    part: int
    """Length of its part of the context."""

    def forward(self, x: Tensor, part: Tensor | None) -> tuple[Tensor, Tensor]:
        """The block's output and the part of the context that it used."""
        raise NotImplementedError

    def folded(self, part: Tensor) -> ContextBlock:
        """The block for pictures with this part of the context alone: with it in its weights where it acts linearly."""
        return self

    def spatial_map(self, x: Tensor, part: Tensor) -> Tensor | None:
        """How strongly the block acts at each pixel of its input, ``B x H x W``; None where it knows no places."""
        return None


class ContextNetwork(ISPNetwork):
    """Base of such networks: they state their `stages` and how to `walk` them, the context is threaded through here.

    Input: ``B x planes x h x w``, h and w multiples of ``stride``. For the ISP task that is packed Bayer: linear, R,
    Gr, Gb, B, black-subtracted and white-balanced. The colour matrix is an input of its own. The output, ``B x colors
    x scale*h x scale*w``, is not clipped: values are in [0, 1] but for overshoot.
    """

    behind: ClassVar[Shape] = ()
    """Dimensions of the context behind the parts, which lie joined along dimension 1."""
    color: ClassVar[type[ColorSums]] = ColorRendering
    """How the last stage is written."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.task = task
        self.compand = Companding() if task.linear else Display()
        self.rendering = self.color()

    def stages(self) -> Iterable[tuple[str, nn.Module]]:
        """Names and blocks of the stages, in the order in which `walk` runs them."""
        raise NotImplementedError

    def walk(self, companded: Tensor, run: Run) -> Tensor:
        """From the companded input to the companded picture."""
        raise NotImplementedError

    @property
    def blocks(self) -> list[ContextBlock]:
        """The blocks in the order in which the context lists their parts."""
        return [block for _, stage in self.stages() for block in stage]  # type: ignore[attr-defined]

    @property
    def parts(self) -> list[int]:
        """Length of each block's part of the context."""
        return [block.part for block in self.blocks]

    def context(self, source: Tensor) -> Tensor:
        """The parts of every block, joined, from a whole (or reduced) frame."""
        return self._threaded(source, None)[1]

    def forward(self, source: Tensor, color: Tensor | None, context: Tensor | None = None) -> Tensor:
        """The picture; with the context of the whole frame if one is given, of ``source`` itself if not.

        ``color`` is the ``3 x 3`` matrix from white-balanced camera RGB to linear sRGB as ``B x 9 x 1 x 1``; only
        tasks that render look at it.
        """
        made = self.compand.inverse(self._threaded(source, context)[0])
        return self.rendering(made, color) if self.task.rendered else made

    def folded(self, context: Tensor) -> Self:
        """The network for pictures with this context alone, of batch 1: computes the same with fewer operations.

        With int8 weights it is the network itself: their scales were found for them as they are.
        """
        if any(buffer.dtype == torch.int8 for buffer in self.buffers()):
            return self
        made = copy.deepcopy(self).requires_grad_(False)
        names = {block: name for name, block in made.named_modules()}
        for block, part in zip(made.blocks, context.split(self.parts, 1), strict=True):
            made.set_submodule(names[block], block.folded(part).eval())
        return made

    def functions(self, height: int, width: int) -> dict[str, Function]:
        """The two entry points, with the names of the task.

        ``tile(source, color, context) -> result`` for ``height x width``, without ``color`` where the task does not
        render; ``context(source) -> context`` for `CONTEXT_SIDE` squared.
        """
        task = self.task
        source = {task.source: (1, task.planes, height, width)}
        result = {task.result: (1, task.colors, task.scale * height, task.scale * width)}
        whole = {task.source: (1, task.planes, CONTEXT_SIDE, CONTEXT_SIDE)}
        color = {"color": (1, 9, 1, 1)} if task.rendered else {}
        context = {"context": (1, sum(self.parts), *self.behind)}
        module = self if task.rendered else _WithoutColor(self)
        return {
            "tile": Function("tile", module, {**source, **color, **context}, result),
            "context": Function("context", _ContextOf(self), whole, context),
        }

    def inspect(self, source: Tensor, context: Tensor | None = None) -> Inspection:
        """Maps of the blocks that know places, and every block's part of the context; of the first picture."""
        names = [name for name, stage in self.stages() for name in _numbered(name, stage)]
        seen: list[Tensor] = []
        hooks = [b.register_forward_hook(lambda m, given, y: seen.append(given[0])) for b in self.blocks]
        try:
            used = self._threaded(source, context)[1].split(self.parts, 1)
        finally:
            for hook in hooks:
                hook.remove()
        maps = {}
        for name, block, x, part in zip(names, self.blocks, seen, used, strict=True):
            if (shown := block.spatial_map(x, part)) is not None:
                maps[name] = shown[0]
        return Inspection(maps, {name: part[0].flatten() for name, part in zip(names, used, strict=True)})

    def _threaded(self, source: Tensor, context: Tensor | None) -> tuple[Tensor, Tensor]:
        """The companded picture and the context it was made with."""
        given = [None] * len(self.blocks) if context is None else context.split(self.parts, 1)
        queue: Iterator[Tensor | None] = iter(given)
        used: list[Tensor] = []

        def run(stage: nn.Module, x: Tensor) -> Tensor:
            for block in stage:  # type: ignore[attr-defined]
                x, part = block(x, next(queue))
                used.append(part)
            return x

        return self.walk(self.compand(source), run), torch.cat(used, 1)


def _numbered(name: str, stage: nn.Module) -> list[str]:
    """Names for the blocks of a stage: their class where these differ, else a number, nothing for a single one."""
    kinds = [type(block).__name__ for block in stage]  # type: ignore[attr-defined]
    if len(kinds) == 1:
        return [name]
    differ = len(set(kinds)) == len(kinds)
    return [f"{name} {kind if differ else i}" for i, kind in enumerate(kinds, 1)]


class _ContextOf(nn.Module):
    """The context pass of a network as a module of its own, for export."""

    def __init__(self, network: ContextNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, source: Tensor) -> Tensor:
        return self.network.context(source)


class _WithoutColor(nn.Module):
    """The tile function of a network whose task has no colour matrix."""

    def __init__(self, network: ContextNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor, context: Tensor) -> Tensor:
        made: Tensor = self.network(picture, None, context)
        return made
