"""Core ML: one ML package with a function for each of the network's, weights stored once."""

from __future__ import annotations

import json
import tempfile
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeisp import __version__, extras
from edgeisp.engines import ENGINES
from edgeisp.export.coreml_file import convolutions
from edgeisp.export.rewrites import CONSTANT_MATMULS, FOLD_HAAR_DOWN, FOLD_HAAR_UP, QUANTIZED, Rewrite
from edgeisp.export.rewrites.channels_first import CHANNELS_FIRST_NORM
from edgeisp.export.rewrites.clamps import FINITE_CLAMPS
from edgeisp.export.rewrites.means import STAGED_MEANS
from edgeisp.export.target import Report
from edgeisp.files import sha256
from edgeisp.models.functions import Function
from edgeisp.models.task import TASKS
from edgeisp.quantize.precision import Name, Precision

MODEL = Path("Data/com.apple.CoreML/model.mlmodel")


@dataclass(frozen=True)
class CoreMLTarget:
    """An ML program for iOS 18 and macOS 15, the first that know several functions. Fixed shapes, float32 ports."""

    name: str = "coreml"
    suffix: str = ".mlpackage"
    precisions: tuple[Name, ...] = ("fp16", "fp32", "w8", "w8a8")
    # sums over channels stay sums: as 1x1 convolutions they would hide the layer norms from coremltools
    rewrites: tuple[Rewrite, ...] = (
        FOLD_HAAR_DOWN,
        FOLD_HAAR_UP,
        CHANNELS_FIRST_NORM,
        CONSTANT_MATMULS,
        FINITE_CLAMPS,
        STAGED_MEANS,
        *QUANTIZED,
    )

    def missing(self) -> str | None:
        return extras.missing("coreml")

    def engine(self) -> str:
        """Core ML where it runs, else the interpreter."""
        return "mil" if ENGINES.get("coreml").missing() else "coreml"

    def versions(self) -> dict[str, str]:
        return extras.versions("coreml")

    def file_of(self, function: str, path: Path) -> Path:
        return path

    def convert(
        self, functions: Mapping[str, Function], path: Path, precision: Precision, metadata: Mapping[str, str]
    ) -> Report:
        from coremltools.models.utils import MultiFunctionDescriptor, save_multifunction

        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            package = MultiFunctionDescriptor()
            for name, function in functions.items():
                part = Path(folder) / f"{name}{self.suffix}"
                _write(function, part, precision)
                package.add_function(str(part), "main", name)
            package.default_function_name = "tile"
            save_multifunction(package, str(path))
        _describe(path, functions, metadata)
        _name_by_content(path)
        return Report(convolutions=convolutions(path) if precision.integer else {})


def _write(function: Function, path: Path, precision: Precision) -> None:
    import coremltools as ct
    import numpy as np
    import torch

    inputs = tuple(torch.zeros(shape) for shape in function.inputs.values())
    program = torch.export.export(function.module, inputs, strict=False).run_decompositions({})
    ct.convert(
        program,
        inputs=[ct.TensorType(name, shape, np.float32) for name, shape in function.inputs.items()],
        outputs=[ct.TensorType(name, dtype=np.float32) for name in function.outputs],
        minimum_deployment_target=ct.target.iOS18,
        compute_precision=ct.precision.FLOAT32 if precision.name == "fp32" else ct.precision.FLOAT16,
        skip_model_load=True,
    ).save(str(path))


def _describe(path: Path, functions: Mapping[str, Function], metadata: Mapping[str, str]) -> None:
    """Put what people and apps read into the model's description, and write it in one order of its fields."""
    from coremltools.proto import Model_pb2

    spec = Model_pb2.Model()
    spec.ParseFromString((path / MODEL).read_bytes())
    about = spec.description.metadata
    about.shortDescription = (
        f"Learned camera ISP, RAW to sRGB. {'; '.join(_signature(f) for f in functions.values())}."
    )
    about.versionString = __version__
    about.author = f"exported by edgeisp {__version__}"
    about.license = (
        "The weights are under the licence of their checkpoint; edgeisp itself is under Apache-2.0."
    )
    for key, text in metadata.items():
        about.userDefined[key] = text
    ports = _ports(functions)
    for function in spec.description.functions:
        for port in (*function.input, *function.output):
            port.shortDescription = ports.get(port.name, _origin(port.name, functions))
    (path / MODEL).write_bytes(spec.SerializeToString(deterministic=True))


def _ports(functions: Mapping[str, Function]) -> dict[str, str]:
    """What Xcode shows beside an input or an output of a network of ours."""
    tile = functions["tile"]
    for task in TASKS.values():
        if task.source in tile.inputs and task.result in tile.outputs:
            return {task.source: task.input_description, task.result: task.output_description}
    return {}


def _signature(function: Function) -> str:
    def shapes(ports: Mapping[str, tuple[int, ...]]) -> str:
        return ", ".join(f"{name} {'x'.join(map(str, shape))}" for name, shape in ports.items())

    return f"{function.name}({shapes(function.inputs)}) -> {shapes(function.outputs)}"


def _origin(port: str, functions: Mapping[str, Function]) -> str:
    makers = [name for name, function in functions.items() if port in function.outputs]
    return f"made by the function {makers[0]}" if makers else ""


def _name_by_content(path: Path) -> None:
    """Replace the random identifiers in the package's table of contents by ones that follow from the content."""
    file = path / "Manifest.json"
    table: dict[str, Any] = json.loads(file.read_text())
    names = {
        key: _identifier(path / "Data" / item["path"], item["path"])
        for key, item in table["itemInfoEntries"].items()
    }
    table["itemInfoEntries"] = {names[key]: item for key, item in table["itemInfoEntries"].items()}
    table["rootModelIdentifier"] = names[table["rootModelIdentifier"]]
    file.write_text(json.dumps(table, indent=4, sort_keys=True) + "\n")


def _identifier(item: Path, name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{name} {sha256(item)}")).upper()


TARGET = CoreMLTarget()
