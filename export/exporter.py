"""The way from a checkpoint to an artifact under its final name: plan, convert, verify, rename, manifest."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import cast, get_args

from edgeisp import child
from edgeisp.engines import ENGINES
from edgeisp.errors import BadInputError, CheckpointError, EdgeISPError, UnavailableError, VerificationError
from edgeisp.export import TARGETS, census, manifest, records
from edgeisp.export.conversion import Converted, Job
from edgeisp.export.records import Failed, File, Manifest, Verification, Verified
from edgeisp.export.target import precision_of
from edgeisp.files import replace, sha256, staging
from edgeisp.models.checkpoint import LoadedModel, QuantizedError
from edgeisp.models.functions import functions_of
from edgeisp.models.task import Packaging
from edgeisp.quantize import checkpoint
from edgeisp.registry import did_you_mean
from edgeisp.render.halo import Progress, halo_of, told

LEAST_DELEGATION = 0.95
MOST_PIXELS = 8192 * 8192
"""Of a tile. Frames of any size are made of smaller ones; what takes more is a slip of the keyboard."""


@dataclasses.dataclass(frozen=True)
class Exported:
    """An artifact under its final name."""

    path: Path
    manifest: Manifest
    logs: tuple[str, ...]
    """What the converter and the engine printed."""


def plan(
    model: str,
    target: str,
    *,
    weights: Path | None = None,
    precision: str | None = None,
    tile: tuple[int, int] = (512, 512),
    packaging: str = "split",
) -> Job:
    """Check everything that can be checked before any heavy work.

    Args:
        model, target: names in their registries.
        weights: a checkpoint; default: the bundled one.
        precision: default: the target's own.
        tile: height and width of the picture that one call makes, in pixels.
        packaging: ``split`` or, where the network offers it, another; see `edgeisp.models.task.Packaging`.

    Raises:
        BadInputError: a name, the precision or the tile does not fit.
        CheckpointError: the weights do not, or their halo makes no sense.
        UnavailableError: the target's packages are not installed.
    """
    chosen = TARGETS.get(target)
    kind = precision_of(chosen, precision)
    if lack := chosen.missing():
        raise UnavailableError(f"target {target} cannot be made here", cure=lack)
    if lack := ENGINES.get(chosen.engine()).missing():
        raise UnavailableError(f"target {target} cannot be verified here", cure=lack)
    try:
        loaded = checkpoint.load(model, weights, kind.name)
    except QuantizedError as error:
        cure = f"take these with --precision w8a8, or {error.cure}"
        raise CheckpointError(error.what, error.where, cure) from None
    step = loaded.task.scale * loaded.network.stride
    _check_tile(tile, step, model)
    if packaging not in get_args(Packaging):
        raise BadInputError(
            f"no packaging is called {packaging!r}",
            where="--packaging",
            cure=did_you_mean(packaging, list(get_args(Packaging))),
        )
    how = cast("Packaging", packaging)
    functions_of(loaded.network, step, step, how)
    parts = [
        model,
        *([how] if how != "split" else []),
        *([kind.name] if kind.name != chosen.precisions[0] else []),
    ]
    name = "-".join(parts) + chosen.suffix
    return Job(model, loaded.path, target, kind.name, tile, name, how, step, told(loaded))


def _check_tile(tile: tuple[int, int], step: int, model: str) -> None:
    pixels = tile[0] * tile[1]
    size = f"a tile of {tile[1]}x{tile[0]} pixels"
    if pixels > MOST_PIXELS:
        raise BadInputError(
            f"{size}, whose picture alone takes {12e-9 * pixels:.0f} GB in float32",
            where="--tile",
            cure=f"give at most {MOST_PIXELS * 1e-6:.0f} megapixels, as 8192x8192",
        )
    if not pixels or tile[0] % step or tile[1] % step:
        raise BadInputError(size, where="--tile", cure=f"give multiples of {step} from {step} on for {model}")


def measured(job: Job, progress: Progress | None = None) -> Job:
    """The same with the halo of its network, which is measured where nobody has: about a minute.

    Args:
        progress: shows how far that is.
    """
    if job.halo:
        return job
    try:
        halo = halo_of(checkpoint.load(job.model, job.weights, job.precision), progress)
    except UnavailableError:
        return job
    return dataclasses.replace(job, halo=halo)


def export(
    job: Job, out: Path, *, allow_portable: bool = False, stage: Callable[[str], None] = lambda what: None
) -> Exported:
    """Convert, verify, and only then give the artifact its name in ``out``; the manifest comes last.

    Args:
        job: from `plan`; its halo is `measured` where that was not done.
        out: a folder; made if absent.
        allow_portable: take an artifact that its target's delegate does not run almost whole.
        stage: told what is going on.

    Raises:
        VerificationError: the artifact does not agree with PyTorch, or too little of it is delegated. What was written
            is left as ``NAME.rejected`` with a report beside it.
        EdgeISPError: the converter failed.
    """
    job = measured(job)
    with staging(out / job.name) as folder:
        stage(f"converting to {job.target} {job.precision}")
        converted, log = _convert(job, folder / job.name)
        files = tuple(
            _file(folder / name)
            for name in sorted({f.file for f in converted.description.functions.values()})
        )
        engine = TARGETS.get(job.target).engine()
        stage(f"verifying by {engine}")
        verification, printed = check(folder / job.name, converted.description, job.weights, engine)
        if isinstance(verification, Verified) and not allow_portable:
            verification = _little_delegated(converted, engine) or verification
        if lack := census.shortfall(converted.census, converted.convolutions, converted.integers):
            verification = Failed(engine=engine, reason=lack)
        whole = Manifest(
            **{
                field: getattr(converted.description, field)
                for field in converted.description.__struct_fields__
            },
            files=files,
            delegation=converted.delegation,
            census=converted.census,
            verification=verification,
        )
        if not isinstance(verification, Verified):
            _reject(folder, out, whole, job.name)
        stage("writing the manifest")
        for file in files:
            replace(folder / file.name, out / file.name)
        manifest.write(whole, manifest.path_of(out / job.name))
    return Exported(out / job.name, whole, (log, printed))


def recheck(
    artifact: Path, *, weights: Path | None = None, engine: str | None = None, threads: int = 0
) -> tuple[Verification, str]:
    """Verify an artifact again, from its manifest: the outcome, and what the engine printed.

    Args:
        artifact: with its manifest beside it.
        weights: the checkpoint it was made from; default: the bundled one of its network.
        engine: default: the one that verifies its target on this machine.
        threads: 0 leaves it to the engine.

    Raises:
        BadInputError: the manifest or the files are damaged, or the engine does not open such files.
        CheckpointError: the weights are not those that it was made from.
        UnavailableError: the engine cannot run here.
    """
    described = manifest.read(artifact)
    path = manifest.path_of(artifact).with_name(described.functions["tile"].file)
    runtime = ENGINES.get(engine or TARGETS.get(described.target).engine())
    if path.suffix not in runtime.suffixes:
        raise BadInputError(
            f"the engine {runtime.name} opens {', '.join(runtime.suffixes)}",
            where=path,
            cure="name another engine",
        )
    if lack := runtime.missing():
        raise UnavailableError(f"the engine {runtime.name} cannot run here", cure=lack)
    loaded = original(described, weights)
    _check_functions(described, loaded, path)
    return check(path, described, loaded.path, runtime.name, threads)


def original(described: Manifest, weights: Path | None) -> LoadedModel:
    """The network that an artifact was made from; ``weights`` None takes the bundled ones.

    Raises:
        CheckpointError: the weights are not those that it was made from.
    """
    loaded = checkpoint.load(described.model, weights, described.precision)
    if loaded.sha256 != described.checkpoint.sha256:
        raise CheckpointError(
            f"sha256 {loaded.sha256[:12]}..., the artifact was made from {described.checkpoint.sha256[:12]}...",
            where=loaded.path,
            cure=f"pass the checkpoint it was made from, {described.checkpoint.name}, as --checkpoint",
        )
    return loaded


def _check_functions(described: Manifest, loaded: LoadedModel, path: Path) -> None:
    """Whether the manifest tells of the network's functions, by their names and shapes."""
    height, width = (side // loaded.task.scale for side in described.tile)
    own = functions_of(loaded.network, height, width, described.packaging)
    network = {name: (dict(f.inputs), dict(f.outputs)) for name, f in own.items()}
    told = {
        name: tuple({port.name: port.shape for port in ports} for ports in (f.inputs, f.outputs))
        for name, f in described.functions.items()
    }
    if told != network or described.stride != loaded.network.stride:
        wrong = [name for name in {**network, **told} if network.get(name) != told.get(name)]
        raise BadInputError(
            f"the manifest is not of {described.model}: {', '.join(wrong) or 'the stride'} differs",
            where=manifest.path_of(path),
            cure="export again; manifests are not made by hand",
        )


def check(
    artifact: Path, description: records.Description, weights: Path | None, engine: str, threads: int = 0
) -> tuple[Verification, str]:
    """`verification.verify` in a process of its own: the outcome, and what the engine printed."""
    try:
        return child.call(
            "edgeisp.export.verification:verify", artifact, description, weights, engine, threads
        )
    except child.ChildDied as died:
        return Failed(engine=engine, reason=f"the engine died ({died.cause}): {died.last_line}"), died.log


def _convert(job: Job, path: Path) -> tuple[Converted, str]:
    try:
        return child.call("edgeisp.export.conversion:convert", job, path)
    except child.ChildDied as died:
        raise EdgeISPError(
            f"the converter died ({died.cause}): {died.last_line}",
            where=f"target {job.target}",
            cure="run again with -v for its log",
        ) from died


def _little_delegated(converted: Converted, engine: str) -> Failed | None:
    """Why the delegate's share is too small, or None."""
    for name, part in converted.delegation.items():
        if part.share < LEAST_DELEGATION:
            left = ", ".join(f"{count} {op}" for op, count in sorted(part.portable.items()))
            return Failed(
                engine=engine,
                reason=f"{part.backend} takes {part.share:.1%} of {name}, less than {LEAST_DELEGATION:.0%}; "
                f"left out: {left} (--allow-portable takes it nevertheless)",
            )
    return None


def _reject(folder: Path, out: Path, report: Manifest, name: str) -> None:
    for file in report.files:
        replace(folder / file.name, out / f"{file.name}.rejected")
    path = out / f"{name}.rejected.json"
    manifest.write(report, path)
    assert isinstance(report.verification, Failed)
    raise VerificationError(
        report.verification.reason, where=out / f"{name}.rejected", cure=f"the report is {path}"
    )


def _file(path: Path) -> File:
    return File(name=path.name, sha256=sha256(path), bytes=_size(path))


def _size(path: Path) -> int:
    return sum(
        file.stat().st_size for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file()
    )
