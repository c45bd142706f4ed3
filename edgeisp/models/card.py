"""Model cards: what a network is, what its paper claims, and which of our choices are a reconstruction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgeisp.models.functions import ISPNetwork


@dataclass(frozen=True)
class Claim:
    """A number somebody printed, with its source, beside the command that measures ours."""

    what: str
    paper: str
    source: str
    command: str = ""


@dataclass(frozen=True)
class ModelCard:
    """Everything the registry knows of a network. Only the network's own file and the registry name it."""

    name: str
    title: str
    build: Callable[[], ISPNetwork]
    """Constructs the network with fresh weights."""
    paper: str
    claims: tuple[Claim, ...]
    from_paper: tuple[str, ...]
    from_third_parties: tuple[str, ...]
    reconstruction: tuple[str, ...]
    """Our own choices where nothing is known."""
    reference_input: tuple[int, ...] = (1, 4, 224, 224)
    """Packed input at which parameters and MACs are quoted."""
