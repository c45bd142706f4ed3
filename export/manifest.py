"""The manifest beside an artifact, ``metaisp.tflite.edgeisp.json`` beside ``metaisp.tflite``: writing, reading, checks.

``python -m edgeisp.export.manifest`` writes the JSON schema of `edgeisp.export.records`.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from edgeisp.errors import BadInputError
from edgeisp.export.records import VERSION, File, Manifest, Part
from edgeisp.files import sha256, whole
from edgeisp.models.task import TASKS, THUMBNAIL

SUFFIX = ".edgeisp.json"


def schema() -> dict[str, Any]:
    """The JSON schema of a manifest, as committed beside this file."""
    return msgspec.json.schema(Manifest)


def encode(part: Part) -> bytes:
    """Readable JSON, the same for the same content."""
    return msgspec.json.format(msgspec.json.encode(part), indent=2) + b"\n"


def path_of(artifact: Path) -> Path:
    """Where the manifest of ``artifact`` is; a manifest's own path is returned as it is."""
    return artifact if artifact.name.endswith(SUFFIX) else artifact.with_name(artifact.name + SUFFIX)


def write(manifest: Manifest, path: Path) -> None:
    """Write it whole or not at all."""
    with whole(path) as part:
        part.write_bytes(encode(manifest))


def read(artifact: Path) -> Manifest:
    """The manifest of an artifact (or of its own path), after its files were found and hashed again.

    Raises:
        BadInputError: absent, damaged, of a version that is not known here, or not of these files.
    """
    path = path_of(artifact)
    if not path.is_file():
        raise BadInputError(
            f"no manifest {path.name} beside it" if artifact.exists() else "no such artifact",
            where=artifact,
            cure="give an artifact that `edgeisp export` wrote, with its manifest beside it",
        )
    manifest = decode(path.read_bytes(), path)
    for file in manifest.files:
        _check(path.parent / file.name, file)
    _check_functions(manifest, path)
    return manifest


def decode(content: bytes, where: Path) -> Manifest:
    """A manifest from JSON.

    Raises:
        BadInputError: not JSON, not of the schema, or of a version that is not known here.
    """
    try:
        version = msgspec.json.decode(content, type=_Version).manifest
        if version != VERSION:
            raise BadInputError(
                f"manifest version {version}, this edgeisp reads {VERSION}",
                where=where,
                cure="export again, or take a newer edgeisp",
            )
        return msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInputError(f"not a manifest: {error}", where=where, cure="export again") from error


class _Version(msgspec.Struct):
    manifest: int


def _check_functions(manifest: Manifest, path: Path) -> None:
    """Whether what the manifest says of its functions holds together: files that were hashed, and one tile size."""

    def refuse(what: str) -> NoReturn:
        raise BadInputError(what, where=path, cure="export again; manifests are not made by hand")

    if "tile" not in manifest.functions:
        refuse(f"no function is called tile, only {', '.join(manifest.functions) or 'none'}")
    made = {port.name: port.shape for function in manifest.functions.values() for port in function.outputs}
    asked = {port.name for port in manifest.functions["tile"].inputs}
    if absent := asked - made.keys() - {TASKS[manifest.task].source, "color", THUMBNAIL}:
        refuse(f"the tile function takes {', '.join(sorted(absent))}, which none of its functions makes")
    numbers = math.prod(made["context"]) if "context" in made else math.inf
    for stage in manifest.chain:
        if stage.first + len(stage.parameters) > numbers:
            refuse(f"the parameters of {stage.module} lie outside a context of {numbers}")
    own = path.name.removesuffix(SUFFIX)
    if manifest.functions["tile"].file != own:
        refuse(f"the tile function is in {manifest.functions['tile'].file}, not in {own}")
    hashed = {file.name for file in manifest.files}
    for name, function in manifest.functions.items():
        if function.file not in hashed:
            refuse(f"the function {name} is in {function.file}, which is not among its files")
    for stage in (*manifest.chain, *manifest.spare):
        if (manifest.packaging == "modules") != (stage.function in manifest.functions):
            refuse(
                f"the module {stage.module} has the function {stage.function}, packaging {manifest.packaging}"
            )
    if any(side % (TASKS[manifest.task].scale * manifest.stride) for side in manifest.tile):
        refuse(
            f"a tile of {manifest.tile[1]}x{manifest.tile[0]} pixels is off the stride of {manifest.stride}"
        )


def _check(path: Path, file: File) -> None:
    cure = "export again; manifest and files belong together"
    if Path(file.name).name != file.name:
        raise BadInputError(f"{file.name!r} is not a file name", where=path.parent, cure=cure)
    if not path.exists():
        raise BadInputError("the manifest names this file, but it is not there", where=path, cure=cure)
    if (found := sha256(path)) != file.sha256:
        raise BadInputError(
            f"sha256 {found[:12]}..., the manifest says {file.sha256[:12]}...", where=path, cure=cure
        )


if __name__ == "__main__":
    Path(__file__).with_name("manifest.schema.json").write_text(json.dumps(schema(), indent=2) + "\n")
