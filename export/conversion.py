"""The part of an export that runs converters: a process of its own calls `convert`."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import msgspec

from edgeisp import __version__
from edgeisp.export import TARGETS, census
from edgeisp.export.census import Convolutions
from edgeisp.export.integers import Integers, of_graph
from edgeisp.export.records import Camera, Census, Checkpoint, Cost, Delegation, Description, Stage
from edgeisp.export.records import Function as Entry
from edgeisp.export.records import Tensor as Port
from edgeisp.export.rewrites import prepare
from edgeisp.export.target import Target
from edgeisp.models import cost
from edgeisp.models.functions import Function, ISPNetwork, functions_of
from edgeisp.models.halo import Halo
from edgeisp.models.task import Packaging
from edgeisp.quantize import checkpoint
from edgeisp.quantize.precision import Name, parse_precision
from edgeisp.quantize.scheme import Scheme


@dataclass(frozen=True)
class Job:
    """What to convert, checked by `edgeisp.export.exporter.plan`."""

    model: str
    weights: Path
    target: str
    precision: Name
    tile: tuple[int, int]
    """Height and width of the picture that one call makes."""
    name: str
    """File name of the artifact."""
    packaging: Packaging
    step: int
    """Picture pixels of which sides of tiles are multiples."""
    halo: Halo | None
    """Of the network; None before it was measured, and where the receptive field is not known."""


@dataclass(frozen=True)
class Converted:
    """What `convert` wrote, not yet verified."""

    description: Description
    delegation: dict[str, Delegation]
    census: dict[str, Census]
    """By function, of the graph that was converted, where the precision is int8."""
    convolutions: dict[str, Convolutions]
    """By function, of the file that was written."""
    integers: dict[str, dict[str, Integers]]
    """By function and convolution, of the graph that was converted, where the precision is int8."""


def convert(job: Job, path: Path) -> Converted:
    """Rewrite the functions of the network for the target and convert them to ``path``.

    Converters leave scratch files behind; they go beside ``path``, whose folder does not outlive the export.
    """
    tempfile.tempdir = str(path.parent)
    target, precision = TARGETS.get(job.target), parse_precision(job.precision)
    loaded = checkpoint.load(job.model, job.weights, job.precision)
    network = loaded.network
    task = loaded.task
    height, width = (side // task.scale for side in job.tile)
    functions = functions_of(network, height, width, job.packaging)
    prepared = {
        name: prepare(function, target.rewrites, job.precision) for name, function in functions.items()
    }
    chain, spare = _stages(network, functions)
    quantization = checkpoint.told(loaded, job.precision)
    floats = quantization.float_layers if isinstance(quantization, Scheme) else None
    description = Description(
        model=job.model,
        target=job.target,
        precision=job.precision,
        functions={
            name: _entry(function, target.file_of(name, path).name) for name, function in functions.items()
        },
        task=task.name,
        packaging=job.packaging,
        tile=job.tile,
        stride=network.stride,
        halo=job.halo,
        overhead=round(job.halo.overhead(job.tile), 3) if job.halo and job.halo.fits(job.tile) else None,
        chain=chain,
        spare=spare,
        camera=Camera.of(task),
        checkpoint=Checkpoint(name=job.weights.name, sha256=loaded.sha256),
        quantization=quantization,
        costs={name: _cost(function) for name, function in functions.items()},
        rewrites={name: dict(part.applied) for name, part in prepared.items()},
        tools=_tools(target),
    )
    ready = {name: part.function for name, part in prepared.items()}
    report = target.convert(ready, path, precision, {"edgeisp": msgspec.json.encode(description).decode()})
    wanted = {
        name: census.expected(function.module, floats)
        for name, function in ready.items()
        if floats is not None
    }
    integers = {name: of_graph(function.module) for name, function in ready.items() if name in wanted}
    return Converted(description, dict(report.delegation), wanted, dict(report.convolutions), integers)


def _stages(
    network: ISPNetwork, functions: Mapping[str, Function]
) -> tuple[tuple[Stage, ...], tuple[Stage, ...]]:
    """The modules that run, and those that could: the latter only where modules have functions of their own."""
    told = (network.chain(), network.spare()) if isinstance(network, ISPNetwork) else ([], [])
    chain, spare = (msgspec.convert(stages, tuple[Stage, ...], strict=False) for stages in told)
    if all(stage.function in functions for stage in (*chain, *spare)):
        return chain, spare
    return tuple(msgspec.structs.replace(stage, function=None) for stage in chain), ()


def _cost(function: Function) -> Cost:
    return Cost(parameters=cost.parameters(function.module), macs=cost.macs(function))


def _entry(function: Function, file: str) -> Entry:
    return Entry(
        file=file,
        inputs=tuple(Port(name=name, shape=shape) for name, shape in function.inputs.items()),
        outputs=tuple(Port(name=name, shape=shape) for name, shape in function.outputs.items()),
    )


def _tools(target: Target) -> dict[str, str]:
    own = {"edgeisp": __version__, "python": platform.python_version(), "torch": version("torch")}
    return {**own, **target.versions()}
