"""The same networks for other tasks: three planes in, four planes out, scale 1."""

from pathlib import Path

import pytest
import torch

from edgeisp.models import MODELS
from edgeisp.models.checkpoint import load, network_of, save
from edgeisp.models.cost import parameters
from edgeisp.models.functions import ISPNetwork
from edgeisp.models.lwisp import LWISP, LWISPConfig
from edgeisp.models.metaisp import MetaISP, MetaISPConfig
from edgeisp.models.task import ISP, RAW_TO_RAW, SRGB_TO_SRGB, TASKS, Task

SMALL = {
    "metaisp": lambda task: MetaISP(MetaISPConfig(width=8, k=8, n_basis=2, task=task)),
    "lwisp": lambda task: LWISP(LWISPConfig((8, 8, 8, 8), bottom=1, task=task)),
}


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.name)
def test_functions_take_and_give_what_the_task_says(name: str, task: Task) -> None:
    network: ISPNetwork = SMALL[name](task).eval()
    functions = network.functions(16, 24)
    tile = functions["tile"]
    assert tile.inputs[task.source] == (1, task.planes, 16, 24)
    assert tile.outputs == {task.result: (1, task.colors, 16 * task.scale, 24 * task.scale)}
    assert ("color" in tile.inputs) == task.rendered
    for function in functions.values():
        with torch.inference_mode():
            made = function.module(*(torch.rand(shape) for shape in function.inputs.values()))
        assert [tuple(made.shape)] == list(function.outputs.values())


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("task", [RAW_TO_RAW, SRGB_TO_SRGB], ids=lambda task: task.name)
def test_fresh_network_gives_its_input_back_when_nothing_is_added(name: str, task: Task) -> None:
    network = SMALL[name](task).eval()
    last = network.head if isinstance(network, MetaISP) else network.rgb
    torch.nn.init.zeros_(last.weight)
    torch.nn.init.zeros_(last.bias)
    picture = torch.rand(1, task.planes, 16, 16) - 0.1
    with torch.inference_mode():
        assert torch.allclose(network(picture, None), picture, atol=1e-6)


@pytest.mark.parametrize("name", ["lwisp-denoise", "lwisp-denoise-raw", "metaisp-denoise"])
def test_variants_are_small(name: str) -> None:
    assert MODELS.get(name).task is not ISP
    assert parameters(MODELS.get(name).build()) < 300_000


def test_checkpoint_of_a_variant_is_recognised_by_its_card_or_its_shapes(tmp_path: Path) -> None:
    for name in ("lwisp-denoise", "lwisp-denoise-raw"):
        network = MODELS.get(name).build()
        save(tmp_path / "told.safetensors", network, {"model": name})
        save(tmp_path / "bare.safetensors", network, {})
        assert network_of(tmp_path / "told.safetensors") == network_of(tmp_path / "bare.safetensors") == name
        assert load(name, tmp_path / "bare.safetensors").task is MODELS.get(name).task
