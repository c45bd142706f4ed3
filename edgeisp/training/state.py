"""Training states on disk: what a stopped run left, taken up only by a run of the same settings."""

from __future__ import annotations

import io
from collections.abc import Container
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import torch

from edgeisp.errors import BadInputError
from edgeisp.files import whole

Config = TypeVar("Config", bound=msgspec.Struct)


def check_folder(state: Path, resume: bool) -> None:
    """Stop before anything is made where a run cannot begin, or go on, in the folder of ``state``.

    Raises:
        BadInputError: there is a run and ``resume`` is not set, or the reverse.
    """
    out = state.parent
    if state.exists() and not resume:
        raise BadInputError(
            "holds an earlier run", where=out, cure="add --resume to go on with it, or choose another -o"
        )
    if resume and not state.exists():
        raise BadInputError("no run to resume", where=out, cure="leave --resume out to start one")


def deciding(config: msgspec.Struct, free: Container[str]) -> dict[str, Any]:
    """The settings that decide what a run computes, for the card of its weights: all but the ``free`` ones."""
    return {name: value for name, value in msgspec.to_builtins(config).items() if name not in free}


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Write it whole or not at all; by way of memory, since PyTorch tells of a full disk in words of its own."""
    stream = io.BytesIO()
    torch.save(state, stream)
    with whole(path) as part:
        part.write_bytes(stream.getbuffer())


def read_state(path: Path, config: Config, free: Container[str]) -> dict[str, Any]:
    """The state at ``path``, whose entry ``config`` is the settings of the run that wrote it, as JSON.

    Args:
        path: a file of ``torch.save``, opened with ``weights_only``.
        config: settings of the run that goes on.
        free: names of settings that may differ.

    Raises:
        BadInputError: damaged, of another version of edgeisp, or of a run with other settings.
    """
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        written = state["config"]
    except Exception as error:  # unpickling raises whatever it runs into
        raise BadInputError("not a whole training state", where=path, cure="start the run anew") from error
    try:
        before = msgspec.json.decode(written, type=type(config))
    except msgspec.ValidationError as error:
        raise BadInputError(
            f"a run of another version of edgeisp stopped here ({error})", where=path, cure="start it anew"
        ) from error
    fields = [field for field in config.__struct_fields__ if field not in free]
    if changed := [field for field in fields if getattr(before, field) != getattr(config, field)]:
        told = ", ".join(f"{f} {getattr(before, f)!r} -> {getattr(config, f)!r}" for f in changed)
        raise BadInputError(
            f"another run stopped here ({told})", where=path, cure="resume with the same settings"
        )
    return state
