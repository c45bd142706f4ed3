"""Tiny ML programs, saved with coremltools and read back, for the interpreter's tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Ran:
    """What the saved program gave, by case, and how often each op stands in the file."""

    results: dict[str, np.ndarray]
    ops: dict[str, int]


def save_program(
    path: Path,
    inputs: Arrays,
    build: Callable[..., Any],
    precision: str = "fp32",
    passes: bool = False,
) -> Path:
    """Save the program ``build(mb, **inputs)`` gives; without coremltools' passes, so that its ops stay as written."""
    import coremltools as ct
    from coremltools.converters.mil import Builder as mb

    specs = [mb.TensorSpec(shape=array.shape) for array in inputs.values()]
    names = list(inputs)
    source = f"lambda {', '.join(names)}: build(mb, {', '.join(names)})"
    body = eval(source, {"build": build, "mb": mb})
    program = mb.program(input_specs=specs, opset_version=ct.target.iOS18)(body)
    kwargs = {} if passes else {"pass_pipeline": ct.PassPipeline.EMPTY}
    float_type = ct.precision.FLOAT16 if precision == "fp16" else ct.precision.FLOAT32
    model = ct.convert(
        program,
        convert_to="mlprogram",
        compute_precision=float_type,
        minimum_deployment_target=ct.target.iOS18,
        skip_model_load=True,
        **kwargs,
    )
    model.save(str(path))
    return path


@pytest.fixture(scope="session")
def saved() -> Callable[..., Path]:
    pytest.importorskip("coremltools")
    return save_program


@pytest.fixture(scope="module")
def ran(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """All of the module's ``CASES`` (``"op/what": (inputs, build, expected)``) in one saved program, run once."""
    pytest.importorskip("coremltools")
    from edgeisp.engines.mil.engine import ENGINE
    from edgeisp.engines.mil.reading import op_counts

    cases = request.module.CASES
    arrays = {f"c{i}_{k}": a for i, case in enumerate(cases.values()) for k, a in enumerate(case[0])}

    def build(mb: Any, *variables: Any) -> list[Any]:
        given, out = iter(variables), []
        for i, (inputs, make, _) in enumerate(cases.values()):
            made = make(mb, *[next(given) for _ in inputs])
            for k, var in enumerate(made if isinstance(made, (list, tuple)) else [made]):
                out.append(mb.cast(x=var, dtype="fp32", name=f"o{i}_{k}"))
        return out

    path = save_program(tmp_path_factory.mktemp("mil") / "cases.mlpackage", arrays, build)
    results = ENGINE.open(path, threads=1).run("main", arrays)
    by_case = {
        name: [results[f"o{i}_{k}"] for k in range(len(results)) if f"o{i}_{k}" in results]
        for i, name in enumerate(cases)
    }
    return Ran(by_case, op_counts(path)["main"])


@pytest.fixture
def check(ran: Ran, request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Compare a case with its expectation, and see that its op was really in the file."""

    def compare(name: str) -> None:
        inputs, _, expected = request.module.CASES[name]
        assert ran.ops.get(name.split("/")[0], 0) > 0
        wanted = expected(*inputs)
        wanted = list(wanted) if isinstance(wanted, (list, tuple)) else [wanted]
        assert len(wanted) == len(ran.results[name])
        for got, want in zip(ran.results[name], wanted, strict=True):
            want = np.asarray(want, dtype=np.float32)
            assert got.shape == want.shape
            np.testing.assert_allclose(got, want, rtol=2e-5, atol=2e-5)

    return compare
