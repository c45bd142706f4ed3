"""Counts on written files agree with the network that they were made from."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from torch import nn

from edgeisp.errors import BadInputError
from edgeisp.export import TARGETS
from edgeisp.export.rewrites import CHANNEL_SUMS, CONV_LAYER_NORM, prepare
from edgeisp.models.blocks import ChannelLayerNorm
from edgeisp.models.functions import Function
from edgeisp.profile.costs import reconciled
from edgeisp.profile.files import count
from edgeisp.profile.report import UNEXPLAINED
from edgeisp.quantize.precision import parse_precision

Hand = dict[str, dict[str, int]]
CASES = [("tflite", "fp32"), ("tflite", "fp16"), ("onnx", "fp32"), ("onnx", "fp16"), ("executorch", "fp32")]
CASES += [("coreml", "fp16")]


def written(folder: Path, function: Function, name: str, precision: str) -> Path:
    """The file that a target writes of ``function``."""
    target = TARGETS.get(name)
    if lack := target.missing():
        pytest.skip(lack)
    ready = prepare(function, target.rewrites, precision).function
    path = folder / f"net{target.suffix}"
    target.convert(
        {"tile": ready}, path, parse_precision(precision), {"edgeisp": '{"functions": {"tile": {}}}'}
    )
    return path


@pytest.mark.parametrize(("target", "precision"), CASES)
def test_file_costs_what_was_counted_by_hand(
    tmp_path: Path, countable: Function, by_hand: Hand, target: str, precision: str
) -> None:
    counted = count(written(tmp_path, countable, target, precision))["tile"]
    assert counted.macs == sum(by_hand["macs"].values())
    widths = sorted(layer.widths for layer in counted.layers if layer.widths)
    assert widths == sorted([(4, 8), (1, 8), (8, 8), (8, 12)])
    stored = by_hand["weights"]["bytes"] / (2 if precision == "fp16" else 1)
    assert stored - 1 <= counted.weight_bytes <= stored * 1.2 + 64  # biases may stay in fp32; small constants
    assert counted.peak_activation_bytes
    costs = reconciled(countable, TARGETS.get(target).rewrites, precision, counted)
    assert costs.agree
    assert [change.macs for change in costs.changes] == [-by_hand["unused"]["macs"]]


def test_changes_name_the_rewrites_that_add_work() -> None:
    norm = Function(
        "tile", nn.Sequential(ChannelLayerNorm(8)).eval(), {"x": (1, 8, 4, 4)}, {"y": (1, 8, 4, 4)}
    )
    rewrites = (CONV_LAYER_NORM, CHANNEL_SUMS)
    costs = reconciled(norm, rewrites, "fp32", None)
    assert [(change.step, change.macs) for change in costs.changes] == [
        ("rewrite conv-layer-norm", 3 * 4 * 4 * 8)
    ]
    assert costs.agree is None


def test_difference_without_a_step_is_called_unexplained(countable: Function, by_hand: Hand) -> None:
    counted = reconciled(countable, (), "fp32", None).network
    assert counted is not None
    other = msgspec.structs.replace(counted, macs=counted.macs + 7)
    costs = reconciled(countable, (), "fp32", other)
    assert costs.changes[-1].step == UNEXPLAINED
    assert not costs.agree


@pytest.mark.parametrize("name", ["net.tflite", "net.onnx", "net.pte"])
def test_damaged_file_is_one_typed_error(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"not a model" * 9)
    with pytest.raises(BadInputError, match="cannot be read"):
        count(path)


def test_format_of_another_package_is_not_counted(tmp_path: Path) -> None:
    assert count(tmp_path / "net.pt2") == {}
