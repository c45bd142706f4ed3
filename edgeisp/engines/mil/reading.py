"""MIL read back from a saved ``.mlpackage``: functions with their weights, checked before they are trusted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeisp import extras
from edgeisp.errors import BadInputError, UnavailableError


@dataclass(frozen=True)
class SavedProgram:
    """An ML program as it lies on disk."""

    functions: Mapping[str, Any]
    """Name to coremltools' ``Function``; every input of every op is filled in, optional ones with their defaults."""
    version: str
    """Of coremltools."""


def read(path: Path, known: Mapping[str, Any]) -> SavedProgram:
    """The ML program saved at ``path``, made of ops that are ``known``.

    Raises:
        BadInputError: no such package, damaged, or not an ML program.
        UnavailableError: coremltools is not installed, or the program has ops outside ``known``.
    """
    spec, weights = _spec(path)
    from coremltools.converters.mil.frontend.milproto.load import load

    _check_ops(path, spec, known)
    try:
        program = load(spec, specification_version=spec.specificationVersion, file_weights_dir=weights)
    except Exception as error:  # whatever a damaged program makes the loader stumble over
        raise _damaged(path, error) from error
    return SavedProgram(dict(program.functions), extras.versions("coreml")["coremltools"])


def op_counts(path: Path) -> dict[str, dict[str, int]]:
    """Function to op type to count, most frequent first, constants left out. Read from the protobuf alone.

    Raises:
        BadInputError: no such package, damaged, or not an ML program.
        UnavailableError: coremltools is not installed.
    """
    spec, _ = _spec(path)
    counts: dict[str, dict[str, int]] = {}
    for function, op in _ops(spec):
        table = counts.setdefault(function, {})
        if op.type != "const":
            table[op.type] = table.get(op.type, 0) + 1
    return {name: dict(sorted(table.items(), key=lambda item: -item[1])) for name, table in counts.items()}


def _spec(path: Path) -> tuple[Any, str]:
    if lack := extras.missing("coreml"):
        raise UnavailableError("ML packages cannot be read here", cure=lack)
    if not path.is_dir():
        raise BadInputError("no such .mlpackage folder", where=path, cure="check the path")
    import coremltools as ct

    try:
        model = ct.models.MLModel(str(path), skip_model_load=True)
        spec, weights = model.get_spec(), str(model.weights_dir or "")
    except Exception as error:  # native code throws what it likes
        raise _damaged(path, error) from error
    if spec.WhichOneof("Type") != "mlProgram":
        raise BadInputError(
            f"holds a {spec.WhichOneof('Type') or 'model of no type'}, not an ML program",
            where=path,
            cure="convert with a deployment target of iOS 15 or later",
        )
    return spec, weights


def _ops(spec: Any) -> Iterator[tuple[str, Any]]:
    for name, function in spec.mlProgram.functions.items():
        for block in function.block_specializations.values():
            for op in block.operations:
                yield name, op


def _check_ops(path: Path, spec: Any, known: Mapping[str, Any]) -> None:
    for function, op in _ops(spec):
        if op.type in known or op.type == "const" or op.type.startswith("constexpr_"):
            continue
        result = op.outputs[0].name if op.outputs else "no result"
        raise UnavailableError(
            f"the MIL interpreter has no op {op.type!r} (gives {result!r} in function {function!r})",
            where=path,
            cure="verify this package on macOS with --engine coreml",
        )


def _damaged(path: Path, error: Exception) -> BadInputError:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return BadInputError(
        f"not a whole ML package ({lines[0][:200]})", where=path, cure="export or fetch it again"
    )
