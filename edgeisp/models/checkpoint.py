"""Checkpoints: safetensors weights whose header carries a card (network, data, steps, figures)."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError, safe_open
from safetensors import torch as safetensors_torch
from torch import nn

from edgeisp.checkpoints import bundled, named
from edgeisp.errors import BadInputError, CheckpointError, EdgeISPError
from edgeisp.files import sha256, whole
from edgeisp.models import MODELS
from edgeisp.models.functions import ISPNetwork
from edgeisp.models.task import Task

QUANTIZATION = "quantization"
"""The key of a card under which it says how the weights were quantized."""


class QuantizedError(CheckpointError):
    """Int8 weights, where fp32 ones are wanted."""


@dataclass(frozen=True)
class LoadedModel:
    """A network with weights, ready to run (eval mode, float32, CPU)."""

    name: str
    network: ISPNetwork
    path: Path
    sha256: str
    card: dict[str, Any]
    """What the checkpoint's header says of its training; empty for files of other makers."""

    @property
    def task(self) -> Task:
        """What the network is for."""
        return MODELS.get(self.name).task


def load(name: str, checkpoint: Path | None = None) -> LoadedModel:
    """Build the network called ``name`` and give it the weights of ``checkpoint`` (default: the bundled ones).

    ``checkpoint`` is a file or the name of another bundled checkpoint, see `edgeisp.checkpoints.named`.

    Raises:
        BadInputError: no such network.
        QuantizedError: the weights are int8.
        CheckpointError: no such file, damaged, of another network, wrong shapes, or not finite.
    """
    MODELS.check(name)
    path = located(name, checkpoint)
    weights, card = read(path)
    if QUANTIZATION in card:
        floats = sorted(b.stem for b in MODELS.bundled_for(name) if QUANTIZATION not in read(b)[1])
        raise QuantizedError(
            f"quantized to {card[QUANTIZATION]['precision']}, where fp32 weights are wanted",
            where=path,
            cure=f"give the checkpoint that it was made from; bundled ones in fp32: {', '.join(floats) or 'none'}",
        )
    network = described(name, weights, card, path)
    fill(network, weights, path)
    return LoadedModel(name, network.eval(), path, sha256(path), card)


def described(name: str, weights: dict[str, torch.Tensor], card: dict[str, Any], path: Path) -> ISPNetwork:
    """The network called ``name`` as the card of its checkpoint tells, without weights.

    Raises:
        CheckpointError: the card tells of none, because the checkpoint is of another network or module set.
    """
    try:
        return MODELS.get(name).network(card)
    except EdgeISPError as error:
        likely = _likely(weights)
        cure = (
            f"these are weights of {likely}: name that network" if likely != name and likely else error.cure
        )
        raise CheckpointError(error.what, where=path, cure=cure) from error


def located(name: str, checkpoint: Path | None) -> Path:
    """Where `load` reads from.

    Raises:
        CheckpointError: nothing is bundled and nothing was named.
    """
    path = bundled(name) if checkpoint is None else named(checkpoint)
    if path is None:
        raise CheckpointError(
            f"{name} has no bundled checkpoint",
            cure=f"train one, `edgeisp train {name} -o run`, and pass --checkpoint run/{name}.safetensors",
        )
    return path


def fill(network: nn.Module, weights: dict[str, torch.Tensor], path: Path) -> None:
    """Give ``network`` the weights that `read` found in ``path``.

    Raises:
        CheckpointError: of another network, wrong shapes, or not finite.
    """
    _check(weights, network.state_dict(), path)
    network.load_state_dict(weights)


def save(path: Path, network: nn.Module, card: dict[str, Any]) -> None:
    """Write the weights of ``network`` and its ``card`` (JSON-able) to ``path``, whole or not at all."""
    weights = {key: value.detach().cpu().contiguous() for key, value in network.state_dict().items()}
    with whole(path) as part:
        part.write_bytes(safetensors_torch.save(weights, {"edgeisp": json.dumps(card, sort_keys=True)}))


def read(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """The tensors and the card of a checkpoint.

    Raises:
        CheckpointError: no such file, or damaged.
    """
    if not path.is_file():
        names = sorted(bundle.stem for name in MODELS.names() for bundle in MODELS.bundled_for(name))
        raise CheckpointError(
            "no such checkpoint",
            where=path,
            cure=f"check the path, or name a bundled one: {', '.join(names)}",
        )
    try:
        with safe_open(path, framework="pt") as file:
            weights = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            return weights, _card(file.metadata() or {}, path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"not a whole safetensors file ({error})",
            where=path,
            cure="write the weights by safetensors.torch.save_file"
            if _pickled(path)
            else "get the file again",
        ) from error


def _pickled(path: Path) -> bool:
    """Whether this is a file of ``torch.save``, a ZIP or a bare pickle."""
    with path.open("rb") as stream:
        return stream.read(2) in (b"PK", b"\x80\x02")


def _check(weights: dict[str, torch.Tensor], own: dict[str, torch.Tensor], path: Path) -> None:
    missing, unexpected = [k for k in own if k not in weights], [k for k in weights if k not in own]
    if missing or unexpected:
        shown = [f"missing {k}" for k in missing[:5]] + [f"unexpected {k}" for k in unexpected[:5]]
        likely = _likely(weights)
        cure = f"these are weights of {likely or 'another network'}: name that network, or give weights of this one"
        raise CheckpointError(
            f"{len(missing)} keys missing, {len(unexpected)} unexpected: {'; '.join(shown[:5])}",
            where=path,
            cure=cure,
        )
    for key, value in own.items():
        if weights[key].shape != value.shape:
            raise CheckpointError(
                f"{key} has shape {tuple(weights[key].shape)}, the network {tuple(value.shape)}",
                where=path,
                cure="use the configuration that it was trained with",
            )
        if not torch.isfinite(weights[key]).all():
            raise CheckpointError(
                f"{key} has NaN or infinite weights", where=path, cure="use an earlier checkpoint"
            )


def network_of(path: Path) -> str:
    """The name of the network whose weights ``path`` holds: by its card, or else by the names of the weights.

    Raises:
        CheckpointError: damaged, or of no known network.
    """
    weights, card = read(path)
    told = card.get("model")
    if told in MODELS.names():
        return str(told)
    if name := _likely(weights):
        return name
    raise CheckpointError(
        "weights of no known network", where=path, cure=f"known: {', '.join(MODELS.names())}"
    )


def _likely(weights: dict[str, torch.Tensor]) -> str | None:
    """The network whose weights have these names and shapes."""
    shapes = {key: value.shape for key, value in weights.items()}
    for name in MODELS.names():
        with suppress(BadInputError):  # a broken plug-in must not stand in the way of the others
            if {key: value.shape for key, value in MODELS.get(name).build().state_dict().items()} == shapes:
                return name
    return None


def _card(metadata: dict[str, str], path: Path) -> dict[str, Any]:
    try:
        return cast("dict[str, Any]", json.loads(metadata.get("edgeisp", "{}")))
    except json.JSONDecodeError as error:
        raise CheckpointError(
            f"the header's card is not JSON ({error})", where=path, cure="get the file again"
        ) from error
