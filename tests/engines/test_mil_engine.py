"""The MIL engine: functions, rounding, memory, and what it says of files that it cannot run."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeisp.engines.mil import ENGINE
from edgeisp.errors import BadInputError, EdgeISPError, UnavailableError

pytest.importorskip("coremltools")
F = np.float32
X = np.linspace(-2, 2, 24, dtype=F).reshape(1, 2, 3, 4)
W = np.arange(1152, dtype=F).reshape(16, 2, 6, 6) / 1152
MODEL, WEIGHTS = "Data/com.apple.CoreML/model.mlmodel", "Data/com.apple.CoreML/weights/weight.bin"
Save = Callable[..., Path]


def network(mb: Any, x: Any) -> Any:
    return mb.relu(x=mb.conv(x=x, weight=W, pad_type="same"), name="y")


@pytest.fixture(scope="module")
def package(saved: Save, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(tmp_path_factory.mktemp("package") / "net.mlpackage", {"x": X}, network, passes=True)


@pytest.fixture
def copy(package: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(package, tmp_path / "net.mlpackage"))


@pytest.fixture(scope="module")
def two(saved: Save, package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from coremltools.models.utils import MultiFunctionDescriptor, save_multifunction

    folder = tmp_path_factory.mktemp("two")
    other = saved(
        folder / "other.mlpackage",
        {"x": X[:, :, :2]},
        lambda mb, x: mb.conv(x=x, weight=W, pad_type="same", name="z"),
        passes=True,
    )
    both = MultiFunctionDescriptor()
    both.add_function(str(package), "main", "tile")
    both.add_function(str(other), "main", "context")
    both.default_function_name = "tile"
    save_multifunction(both, str(folder / "two.mlpackage"))
    return folder / "two.mlpackage"


def test_both_functions_run_when_a_package_has_two(two: Path, package: Path) -> None:
    program = ENGINE.open(two, threads=1)
    assert set(program.functions) == {"tile", "context"}
    tile = program.run("tile", {"x": X})["y"]
    np.testing.assert_array_equal(tile, ENGINE.open(package).run("main", {"x": X})["y"])
    context = program.run("context", {"x": X[:, :, :2]})["z"]
    assert context.shape == (1, 16, 2, 4)
    assert context.min() < 0


def test_weights_are_stored_once_when_two_functions_share_them(two: Path, package: Path) -> None:
    assert (two / WEIGHTS).stat().st_size == (package / WEIGHTS).stat().st_size


def test_engine_says_what_it_is_not(package: Path) -> None:
    program = ENGINE.open(package)
    assert program.ran_on.startswith("MIL interpreter (coremltools ")
    assert "not Apple's runtime" in program.ran_on
    assert ENGINE.missing() is None


@pytest.mark.parametrize(
    ("function", "inputs", "message"),
    [
        ("render", {"x": X}, "no function 'render'"),
        ("main", {}, "the function takes x"),
        ("main", {"x": X, "y": X}, "inputs x, y"),
        ("main", {"x": X[..., :3]}, r"\(1, 2, 3, 3\)"),
    ],
)
def test_call_is_refused_when_it_does_not_fit(
    package: Path, function: str, inputs: dict, message: str
) -> None:
    with pytest.raises(BadInputError, match=message):
        ENGINE.open(package).run(function, inputs)


def test_results_are_rounded_to_half_when_typed_half(saved: Save, tmp_path: Path) -> None:
    def build(mb: Any, x: Any) -> list[Any]:
        return [mb.add(x=x, y=F(1), name="more"), mb.mul(x=x, y=F(40), name="beyond")]

    inputs = {"x": np.array([1, 2048, 4097], F)}
    program = ENGINE.open(saved(tmp_path / "half.mlpackage", inputs, build, precision="fp16", passes=True))
    rounded = program.run("main", inputs)
    np.testing.assert_array_equal(
        rounded["more"], [2, 2048, 4096]
    )  # 4097 enters as 4096; 4097 rounds to even again
    np.testing.assert_array_equal(rounded["beyond"], [40, np.inf, np.inf])
    plain = program.without_rounding().run("main", inputs)
    np.testing.assert_array_equal(plain["more"], [2, 2049, 4098])
    np.testing.assert_array_equal(plain["beyond"], [40, 81920, 163880])


def test_values_are_let_go_when_last_used(saved: Save, tmp_path: Path) -> None:
    def chain(mb: Any, x: Any) -> Any:
        y = x
        for _ in range(12):
            y = mb.relu(x=mb.add(x=y, y=F(0.5)))
        return mb.add(x=y, y=x, name="end")

    import torch

    executable = ENGINE.open(saved(tmp_path / "chain.mlpackage", {"x": X}, chain)).functions["main"]
    environment, most = {"x": torch.from_numpy(X)}, 0
    for step in executable.steps:
        step.run(environment, rounding=True)
        most = max(most, len(environment))
    assert len(executable.steps) == 25
    assert set(environment) == {"end"}
    assert most <= 2


def test_unknown_op_is_named_when_opened(saved: Save, tmp_path: Path) -> None:
    def build(mb: Any, x: Any) -> Any:
        return mb.relu(x=mb.random_normal(shape=[2, 3], name="noise"), name="y"), mb.relu(x=x, name="z")

    path = saved(tmp_path / "random.mlpackage", {"x": X}, build)
    with pytest.raises(UnavailableError, match=r"no op 'random_normal' \(gives 'noise' in function 'main'\)"):
        ENGINE.open(path)


def test_missing_package_is_a_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"no such \.mlpackage"):
        ENGINE.open(tmp_path / "absent.mlpackage")


@pytest.mark.parametrize("file", ["Manifest.json", MODEL, WEIGHTS])
@pytest.mark.parametrize("size", [0, 20, 0.5])
def test_truncated_package_is_a_bad_input(copy: Path, file: str, size: float) -> None:
    content = (copy / file).read_bytes()
    (copy / file).write_bytes(content[: int(size * len(content)) if isinstance(size, float) else size])
    with pytest.raises(BadInputError) as caught:
        ENGINE.open(copy).run("main", {"x": X})
    assert str(copy) in str(caught.value) or "function 'main'" in str(caught.value)


@pytest.mark.parametrize("file", ["Manifest.json", MODEL, WEIGHTS])
def test_package_without_a_file_is_a_bad_input(copy: Path, file: str) -> None:
    (copy / file).unlink()
    with pytest.raises(BadInputError):
        ENGINE.open(copy)


def test_only_typed_errors_when_bytes_of_the_program_are_damaged(copy: Path) -> None:
    content = (copy / MODEL).read_bytes()
    places = np.random.default_rng(5).integers(0, len(content), 40)
    for place in places:
        damaged = bytearray(content)
        damaged[place] ^= 0x55
        (copy / MODEL).write_bytes(damaged)
        try:
            ENGINE.open(copy).run("main", {"x": X})
        except EdgeISPError as error:
            assert error.cure


def test_neural_network_is_a_bad_input_when_it_is_not_a_program(tmp_path: Path) -> None:
    import coremltools as ct
    from coremltools.models import datatypes
    from coremltools.models.neural_network import NeuralNetworkBuilder

    builder = NeuralNetworkBuilder([("x", datatypes.Array(3))], [("y", datatypes.Array(3))])
    builder.add_activation("relu", "RELU", "x", "y")
    path = tmp_path / "old.mlpackage"
    ct.models.MLModel(builder.spec, skip_model_load=True).save(str(path))
    with pytest.raises(BadInputError, match="neuralNetwork, not an ML program"):
        ENGINE.open(path)
