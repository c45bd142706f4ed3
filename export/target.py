"""What a target is. One file each; other packages add theirs through the entry point group ``edgeisp.targets``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from edgeisp.errors import BadInputError
from edgeisp.export.census import Convolutions
from edgeisp.export.records import Delegation
from edgeisp.export.rewrites import Rewrite
from edgeisp.models.functions import Function
from edgeisp.quantize.precision import Name, Precision, parse_precision


@dataclass(frozen=True)
class Report:
    """What a conversion has to say beside the files it wrote."""

    delegation: Mapping[str, Delegation] = field(default_factory=dict)
    """By function: how much of it the target's backend takes over; empty where there is nothing to ask."""
    convolutions: Mapping[str, Convolutions] = field(default_factory=dict)
    """By function: the convolutions of the written file, where the precision is int8."""


class Target(Protocol):
    """A format that edgeisp exports to. Targets are frozen module-level objects in the registry."""

    @property
    def name(self) -> str: ...

    @property
    def suffix(self) -> str:
        """File ending of the artifact, such as ``".tflite"``."""
        ...

    @property
    def precisions(self) -> tuple[Name, ...]:
        """What it takes; the first is the default."""
        ...

    @property
    def rewrites(self) -> tuple[Rewrite, ...]:
        """In the order in which they are applied; each ordering rule has its reason beside it."""
        ...

    def missing(self) -> str | None:
        """What keeps it from converting here, with the one command that cures it. Cheap, no heavy import."""
        ...

    def engine(self) -> str:
        """Name of the engine that verifies it on this machine."""
        ...

    def versions(self) -> dict[str, str]:
        """Versions of the packages that make the artifact, by name."""
        ...

    def file_of(self, function: str, path: Path) -> Path:
        """The file that holds a function when the artifact is written to ``path``; ``path`` itself for ``tile``."""
        ...

    def convert(
        self, functions: Mapping[str, Function], path: Path, precision: Precision, metadata: Mapping[str, str]
    ) -> Report:
        """Write ``functions``, already rewritten and captured as graphs, to the files that `file_of` names.

        Args:
            functions: by name, inputs and outputs float32; the artifact keeps these names wherever its format can.
            path: in a fresh, empty folder; its name ends with the target's suffix.
            precision: one of the target's.
            metadata: texts that travel inside the file under their keys.
        """
        ...


_TOO_WIDE = "XNNPACK has no convolution with int16 activations"
_NOT_ALONE = "XNNPACK convolves int8 weights with int8 activations only"
WHY_NOT: Mapping[tuple[str, str], str] = {
    ("tflite", "w8"): _NOT_ALONE,
    ("tflite", "w8a16"): f"{_TOO_WIDE}, and LiteRT's own kernels take seconds for a tile",
    ("executorch", "w8"): _NOT_ALONE,
    ("executorch", "w8a16"): _TOO_WIDE,
    ("onnx", "w8a16"): "onnxruntime's quantized convolution takes 8-bit activations",
    ("coreml", "w8a16"): "`quantize` of an ML program knows int8 and uint8 only",
}
"""Why a target of ours does not take a precision that others take."""


def precision_of(target: Target, name: str | None) -> Precision:
    """The precision called ``name``, or the target's default.

    Raises:
        BadInputError: no such precision, or one that this target does not take.
    """
    wanted = name or target.precisions[0]
    if wanted not in target.precisions:
        why = WHY_NOT.get((target.name, wanted))
        raise BadInputError(
            f"target {target.name} does not take precision {wanted}{f': {why}' if why else ''}",
            where="--precision",
            cure=f"it takes: {', '.join(target.precisions)}",
        )
    return parse_precision(wanted)
