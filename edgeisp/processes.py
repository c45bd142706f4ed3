"""The processes that share a piece of work, as ``torchrun`` starts them: who we are, what is ours, how results meet.

Started in the usual way a verb is one process, and everything here costs nothing. No torch until results must meet.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from edgeisp.errors import BadInputError, EdgeISPError

T = TypeVar("T")
PATIENCE = timedelta(hours=3)
"""How long processes wait for one that is busy, such as with preparing the data; of one that died, torchrun tells."""


class PeerError(EdgeISPError):
    """Another process of the same run stopped, or all of them for the same reason; the one named tells it.

    Args:
        rank: the process.
        reason: its error, in one line.
        exit_code: that of its error.
    """

    def __init__(self, rank: int, reason: str, exit_code: int) -> None:
        super().__init__(f"process {rank} stopped: {reason}")
        self.exit_code = exit_code


@dataclass(frozen=True)
class Processes:
    """This process among its peers."""

    rank: int = 0
    size: int = 1
    local_size: int = 1
    """How many of them are on this machine."""

    @classmethod
    def here(cls) -> Processes:
        """What ``torchrun`` says in the environment; a single process where it says nothing.

        Raises:
            BadInputError: the variables do not make sense.
        """
        try:
            names = ("RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE")
            rank, size, local = (int(os.environ.get(name, d)) for name, d in zip(names, "011", strict=True))
        except ValueError as error:
            raise BadInputError(f"RANK and WORLD_SIZE: {error}", cure="start it with torchrun") from error
        if not (0 <= rank < size and 1 <= local <= size):
            raise BadInputError(
                f"rank {rank} of {size} processes, {local} of them here", cure="start it with torchrun"
            )
        return cls(rank, size, local)

    @property
    def first(self) -> bool:
        """Whether this one writes the files and speaks for all."""
        return self.rank == 0

    def share(self, items: Sequence[T]) -> Sequence[T]:
        """Our part of ``items``: every ``size``-th, so that parts differ by one at most."""
        return items[self.rank :: self.size]

    def gather(self, value: T) -> list[T]:
        """What every process has, in the order of their ranks; all of them must call it."""
        if self.size == 1:
            return [value]
        from torch import distributed

        if not distributed.is_initialized():
            distributed.init_process_group(timeout=PATIENCE)
        values: list[T | None] = [None] * self.size
        distributed.all_gather_object(values, value)
        return values  # type: ignore[return-value]

    @contextmanager
    def together(self) -> Iterator[None]:
        """Run the block in every process; where it fails in one, none of them goes on.

        The first process in which it failed raises the error as it is, the others `PeerError`.
        """
        failure: Exception | None = None
        try:
            yield
        except Exception as error:
            failure = error
        mine = None if failure is None else (_told(failure), getattr(failure, "exit_code", 1))
        answers = self.gather(mine)
        for rank, answer in enumerate(answers):
            if answer is not None:
                raise (failure if failure and rank == self.rank else PeerError(rank, *answer)) from failure


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, EdgeISPError) else f"{type(error).__name__}: {error}"
