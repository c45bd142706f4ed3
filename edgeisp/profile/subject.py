"""What can be profiled: a network by its name or checkpoint, an artifact by its file. Opened, counted, given inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeisp.engines import ENGINES
from edgeisp.engines.base import Tensors
from edgeisp.errors import BadInputError, CheckpointError, UnavailableError
from edgeisp.export import TARGETS, manifest
from edgeisp.export.records import Manifest, Verified
from edgeisp.export.verification import THRESHOLDS_DB, example, references
from edgeisp.files import sha256
from edgeisp.models import MODELS, checkpoint
from edgeisp.models.checkpoint import LoadedModel
from edgeisp.models.functions import Function, functions_of
from edgeisp.profile.costs import reconciled
from edgeisp.profile.files import count
from edgeisp.profile.report import Costs, Int8, Subject
from edgeisp.profile.static import of_function
from edgeisp.quantize import checkpoint as quantized
from edgeisp.quantize.scheme import Scheme
from edgeisp.registry import did_you_mean
from edgeisp.render.halo import Progress, halo_of, silent

Inputs = Mapping[str, Tensors]


@dataclass(frozen=True)
class Described:
    """A subject that has not been measured yet."""

    subject: Subject
    path: Path
    engine: str | None
    inputs: Inputs
    """By function: the same natural picture for every subject of the same shape."""
    expected: Inputs | None
    """What PyTorch computes of them; None where the network or its weights are not here."""
    threshold_db: float
    """Outputs further from PyTorch than this are wrong."""
    notes: tuple[str, ...] = ()
    """What the user should know."""


def describe(
    text: str,
    *,
    weights: Path | None = None,
    packed: tuple[int, int] | None = None,
    engine: str | None = None,
    progress: Progress = silent,
) -> Described:
    """The network called ``text``, or the checkpoint or artifact at that path.

    Args:
        text: a network's name, a ``.safetensors`` file, or what `edgeisp export` wrote.
        weights: a network's checkpoint, or the one that the artifact was made from; default: the bundled one.
        packed: height and width of the packed input; artifacts have their own, which it must then be.
        engine: the runtime to use; default: the first that opens such files.
        progress: shows how far measuring the halo and counting are.

    Raises:
        BadInputError: neither a network nor a file, a damaged file, a shape that cannot be.
        CheckpointError: the weights are damaged.
        UnavailableError: what reads such files is not installed.
    """
    path = Path(text)
    if text in MODELS.names() and not path.suffix:
        return _network(text, weights, packed, engine, progress)
    if path.suffix == ".safetensors":
        return _network(checkpoint.network_of(path), path, packed, engine, progress)
    if path.exists() or manifest.path_of(path).is_file():
        return _artifact(path, weights, packed, engine, progress)
    if path.suffix:
        raise BadInputError(
            "no such artifact", where=text, cure="check the path; `edgeisp export` makes them"
        )
    cure = did_you_mean(text, MODELS.names()) + "; for a file, check the path"
    raise BadInputError(f"no network and no file is called {text!r}", cure=cure)


def _network(
    name: str, weights: Path | None, packed: tuple[int, int] | None, engine: str | None, progress: Progress
) -> Described:
    loaded = checkpoint.load(name, weights)
    _check_engine(engine, loaded.path)
    height, width = packed or MODELS.get(name).reference_input[-2:]
    stride = loaded.network.stride
    if height % stride or width % stride:
        raise BadInputError(
            f"packed input of {height}x{width}",
            where="--input",
            cure=f"height and width must be multiples of {stride} for {name}",
        )
    halo, functions, costs = _halo(loaded, progress), loaded.network.functions(height, width), {}
    with progress(f"counting {name}", len(functions)) as advance:
        for key, function in functions.items():
            costs[key] = Costs(network=of_function(function), file=None)
            advance()
    inputs, expected = next(references(functions))
    subject = Subject(
        name=name,
        kind="network",
        path=str(loaded.path),
        sha256=loaded.sha256,
        bytes=loaded.path.stat().st_size,
        model=name,
        target=None,
        precision="fp32",
        tile=(loaded.task.scale * height, loaded.task.scale * width),
        halo=halo,
        stride=stride,
        verification=None,
        delegation={},
        costs=costs,
        measurements=(),
    )
    note = f"{name} is measured as PyTorch runs it here; `edgeisp export {name} --target ...` makes what phones run"
    return Described(subject, loaded.path, engine, inputs, expected, THRESHOLDS_DB["fp32"], (note,))


def _check_engine(engine: str | None, path: Path) -> None:
    if engine is None or path.suffix in ENGINES.get(engine).suffixes:
        return
    fitting = [name for name in ENGINES.names() if path.suffix in ENGINES.get(name).suffixes]
    cure = f"leave it out, or name {' or '.join(fitting)}" if fitting else "leave it out"
    raise BadInputError(f"the engine {engine} opens no {path.suffix} files", where="--engine", cure=cure)


def _halo(loaded: LoadedModel, progress: Progress) -> int:
    """In picture pixels; 0 where it is not known."""
    try:
        return halo_of(loaded, progress).auto
    except UnavailableError:
        return 0


def _artifact(
    path: Path, weights: Path | None, packed: tuple[int, int] | None, engine: str | None, progress: Progress
) -> Described:
    _check_engine(engine, path)
    described = manifest.read(path)
    file = manifest.path_of(path).parent / described.functions["tile"].file
    shape = described.functions["tile"].inputs[0].shape
    if packed is not None and packed != tuple(shape[-2:]):
        raise BadInputError(
            f"its packed input is {'x'.join(map(str, shape))}",
            where=file,
            cure="leave --input out, or export another tile (`edgeisp export --tile`)",
        )
    functions, note = _functions(described, weights)
    counted = count(file)
    rewrites = TARGETS.get(described.target).rewrites if described.target in TARGETS.names() else None
    costs = {}
    with progress(f"counting {file.name}", len(described.functions)) as advance:
        for name in described.functions:
            if functions is None or rewrites is None:
                costs[name] = Costs(network=None, file=counted.get(name))
            else:
                costs[name] = reconciled(functions[name], rewrites, described.precision, counted.get(name))
            advance()
    inputs, expected = next(references(functions)) if functions else (_drawn(described), None)
    verified = described.verification
    subject = Subject(
        name=file.name,
        kind="artifact",
        path=str(file),
        sha256=sha256(file),
        bytes=sum(part.bytes for part in described.files),
        model=described.model,
        target=described.target,
        precision=described.precision,
        tile=described.tile,
        halo=described.halo.auto if described.halo else 0,
        stride=described.stride,
        verification=verified,
        delegation=described.delegation,
        costs=costs,
        measurements=(),
        int8=_int8(described, costs),
    )
    usual = THRESHOLDS_DB.get(described.precision, min(THRESHOLDS_DB.values()))
    limit = verified.threshold_db if isinstance(verified, Verified) else usual
    return Described(subject, file, engine, inputs, expected, limit, (note,) if note else ())


def _int8(described: Manifest, costs: Mapping[str, Costs]) -> dict[str, Int8]:
    """The census of the written file, and the MACs of the layers that were quantized."""
    found = {}
    floats = described.quantization.float_layers if isinstance(described.quantization, Scheme) else {}
    for name, census in described.census.items():
        network = costs[name].network
        done = [
            layer.macs
            for layer in (network.layers if network else ())
            if layer.operation == "conv2d" and layer.name not in floats
        ]
        share = sum(done) / network.macs if network and network.macs else None
        found[name] = Int8(convolutions=census.int8, others=sum(census.float.values()), macs=share)
    return found


def _functions(described: Manifest, weights: Path | None) -> tuple[dict[str, Function] | None, str | None]:
    """Those of the network it was made from, with the very weights; None, and why, where these are not here."""
    cure = f"pass {described.checkpoint.name} as --checkpoint, and its outputs are compared with PyTorch"
    if described.model not in MODELS.names():
        return None, f"no network {described.model!r} here: outputs are not compared with PyTorch"
    try:
        loaded = quantized.load(described.model, weights, described.precision)
    except CheckpointError as error:
        return None, f"{error}; {cure}"
    if loaded.sha256 != described.checkpoint.sha256:
        return None, f"made from other weights than {loaded.path.name}: {cure}"
    height, width = (side // loaded.task.scale for side in described.tile)
    return functions_of(loaded.network, height, width, described.packaging), None


def _drawn(described: Manifest) -> dict[str, Tensors]:
    drawn = {
        name: {port.name: example(port.name, port.shape, 0) for port in function.inputs}
        for name, function in described.functions.items()
    }
    return {name: {key: np.asarray(value) for key, value in ports.items()} for name, ports in drawn.items()}
