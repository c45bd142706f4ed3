"""What a stopped run left is taken up only where it fits."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import torch

from edgeisp.errors import BadInputError
from edgeisp.training.state import read_state


class Settings(msgspec.Struct, frozen=True):
    lr: float = 0.1
    workers: int = 1


def test_state_is_read_when_only_free_settings_differ(tmp_path: Path) -> None:
    torch.save({"config": '{"lr": 0.1, "workers": 4}', "step": 3}, tmp_path / "state.pt")
    assert read_state(tmp_path / "state.pt", Settings(), {"workers"})["step"] == 3


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"step": 3}, "not a whole training state"),
        ({"config": '{"lr": "fast"}'}, "another version of edgeisp"),
        ({"config": '{"lr": 0.2}'}, r"another run stopped here \(lr 0.2 -> 0.1\)"),
    ],
)
def test_state_is_refused_when_it_does_not_fit(
    state: dict[str, object], message: str, tmp_path: Path
) -> None:
    torch.save(state, tmp_path / "state.pt")
    with pytest.raises(BadInputError, match=message):
        read_state(tmp_path / "state.pt", Settings(), {"workers"})
