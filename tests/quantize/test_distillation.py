from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from edgeisp.errors import CheckpointError
from edgeisp.files import sha256
from edgeisp.models import checkpoint as fp32
from edgeisp.models.functions import ISPNetwork
from edgeisp.quantize import recipe
from edgeisp.quantize.config import QuantizeConfig
from edgeisp.quantize.distillation import distil
from edgeisp.quantize.layers import Affine, Ranges
from edgeisp.quantize.network import deployable, scheme_of
from edgeisp.quantize.recipe import Plan
from edgeisp.quantize.scheme import Calibrated
from edgeisp.training.loop import DivergedError

LAYERS = ("encoder.0.0.conv", "decoder.2.1.reduce")


def plan(ranges: Ranges, **settings: float) -> Plan:
    """MetaISP with two convolutions in int8, to be trained on tiny patches."""
    config = QuantizeConfig(model="metaisp", batch=1, patch=16, workers=0, **settings)  # type: ignore[arg-type]
    source = fp32.load("metaisp")
    nothing = Calibrated("synthetic", 0, "", "minmax")
    return Plan(config, source, deployable(source.network), dict.fromkeys(LAYERS, ranges), {}, nothing)


def weights(network: ISPNetwork) -> torch.Tensor:
    value: torch.Tensor = network.get_submodule(LAYERS[0]).weight  # type: ignore[assignment]
    return value


def test_training_moves_ranges_and_ends_the_same_when_interrupted(tmp_path: Path) -> None:
    ranges = Ranges(Affine(0.03, 0), Affine(0.03, 0))
    whole = distil(plan(ranges, steps=3, save_every=1), tmp_path / "whole")
    assert set(scheme_of(whole)) == set(LAYERS)
    assert scheme_of(whole)[LAYERS[0]] != ranges

    class Stopped(Exception):
        pass

    def stop(now: object) -> None:
        if getattr(now, "step") == 3:  # noqa: B009
            raise Stopped

    with pytest.raises(Stopped):
        distil(plan(ranges, steps=3, save_every=1), tmp_path / "parts", report=stop)
    resumed = distil(plan(ranges, steps=3, save_every=1), tmp_path / "parts", resume=True)
    assert scheme_of(resumed) == scheme_of(whole)
    assert torch.equal(weights(resumed), weights(whole))


def test_training_that_diverges_names_the_layer_and_keeps_the_last_state(tmp_path: Path) -> None:
    ranges = Ranges(Affine(0.03, 0), Affine(0.03, 0))
    with pytest.raises(
        DivergedError, match=r"first in the layer \w+\S* at step (\d).*--resume and a lower"
    ) as raised:
        distil(plan(ranges, steps=20, save_every=1, lr=1e30), tmp_path)
    stopped = int(raised.value.what.rpartition(" ")[2])
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    assert state["step"] == stopped - 1 >= 1
    assert all(torch.isfinite(value).all() for value in state["network"].values())


def test_nothing_is_learned_from_a_gradient_that_is_no_number(tmp_path: Path) -> None:
    broken = plan(Ranges(Affine(float("nan"), 0), Affine(0.03, 0)), steps=1)
    with pytest.raises(DivergedError, match=r"the gradient of encoder\.0\.0\.conv\.\S* is no number"):
        distil(broken, tmp_path)
    assert not list(tmp_path.glob("*.safetensors"))


def test_training_goes_on_from_a_quantized_checkpoint_with_its_weights_and_ranges(tmp_path: Path) -> None:
    first = plan(Ranges(Affine(0.03, 0), Affine(0.03, 0)), steps=1)
    path = tmp_path / "q.safetensors"
    recipe.write(path, first, first.post_training(), "ptq")
    going_on = recipe.plan(first.config, None, path)
    assert going_on.scheme == first.scheme
    assert going_on.config.start == sha256(path)
    again = replace(going_on, network=going_on.start).post_training()
    assert torch.equal(weights(again), weights(first.post_training()))
    with pytest.raises(CheckpointError, match="fp32 weights, where a quantized checkpoint is wanted"):
        recipe.plan(first.config, None, fp32.located("metaisp", None))
