"""Run by test_qai_hub.py in the environment that has qai-hub: the vendor's client against `qai_server`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from qai_server import TOKEN, QaiHandler
from server import Server

from edgeisp.errors import UnavailableError
from edgeisp.export.records import Function, Tensor
from edgeisp.profile.farms import qai_hub
from edgeisp.profile.farms.base import CutError, Task

SHAPE = (1, 4, 8, 8)
PHONE = "Samsung Galaxy S24"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    made = Server(QaiHandler)
    monkeypatch.setenv(qai_hub.URL, made.url + "/")
    monkeypatch.setenv(qai_hub.TOKEN, TOKEN)
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def task(tmp_path: Path) -> Task:
    path = tmp_path / "net.onnx"
    path.write_bytes(b"\0" * 1024)
    raw, rgb = Tensor(name="raw", shape=SHAPE), Tensor(name="rgb", shape=SHAPE)
    entry = Function(file=path.name, inputs=(raw,), outputs=(rgb,))
    value = np.random.default_rng(0).random(SHAPE, np.float32)
    return Task("net tile", path, "tile", entry, {"raw": value}, PHONE, 0, 3, 1)


def test_artifact_input_times_units_and_output_make_the_whole_way(server: Server, task: Task) -> None:
    farm: Any = qai_hub.FARM
    assert farm.missing() is None
    assert farm.phones() == [PHONE]
    farm.check(task)
    job = farm.submit(task)
    seen = [farm.poll(job) for _ in range(3)]  # the client asks more than once for each
    assert not seen[0].over
    assert seen[-1].over and seen[-1].failed is None
    found = farm.fetch(job, task)
    assert found.samples_ms == (1.2, 1.3, 1.4)
    assert (found.load_ms, found.peak_bytes) == (9.0, 5 << 20)
    assert [(row.name, row.kind, row.delegated) for row in found.operators] == [
        ("conv", "layer on NPU", True),
        ("cast", "layer on CPU", False),
    ]
    np.testing.assert_array_equal(found.outputs["rgb"], 2 * task.inputs["raw"])
    assert server.state["job"].device.name == PHONE
    assert "max_profiler_iterations 3" in server.state["job"].options


def test_refused_token_is_named_and_not_shown(
    server: Server, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(qai_hub.TOKEN, "wrong-token")
    with pytest.raises(UnavailableError, match=r"refused the token") as caught:
        qai_hub.FARM.phones()
    assert "wrong-token" not in str(caught.value)


def test_cut_network_is_told_from_a_refusal(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(qai_hub.URL, "http://127.0.0.1:9/")
    monkeypatch.setenv(qai_hub.TOKEN, TOKEN)
    with pytest.raises(CutError, match=r"did not answer"):
        qai_hub.FARM.poll("j1")


def test_file_that_ai_hub_does_not_take_is_refused_before_anything_is_sent(
    server: Server, task: Task
) -> None:
    from dataclasses import replace

    with pytest.raises(UnavailableError, match=r"takes \.tflite, \.onnx files"):
        qai_hub.FARM.check(replace(task, path=Path("net.pte")))
    assert server.asked == []
