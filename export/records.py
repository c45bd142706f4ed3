"""What a manifest says of an artifact: one data model, read in Python, Kotlin and Swift."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self

import msgspec

from edgeisp.engines.chain import Link
from edgeisp.errors import BadInputError
from edgeisp.models.halo import Halo
from edgeisp.models.task import ISP, TASKS, Packaging, Task
from edgeisp.models.task import Name as TaskName
from edgeisp.posisp import places
from edgeisp.quantize.scheme import Rounded, Scheme

VERSION: Literal[1] = 1

Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, msgspec.Meta(ge=0)]
Size = Annotated[int, msgspec.Meta(ge=1)]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of everything in a manifest: immutable, and strict about its fields."""


class Quantization(Part, frozen=True):
    """``real = (stored - zero_point) * scale``."""

    scale: float
    zero_point: int


class Tensor(Part, frozen=True):
    """An input or an output of a function."""

    name: str
    shape: tuple[Size, ...]
    dtype: Literal["float32", "float16", "uint8", "int8", "uint16", "int16"] = "float32"
    quantization: Quantization | None = None


class Function(Part, frozen=True):
    """An entry point of the artifact: where it is, and what goes in and comes out, in call order."""

    file: str
    """The file that holds it, by its name beside the manifest."""
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


class File(Part, frozen=True):
    """A file or folder (an ``.mlpackage``) of the artifact."""

    name: str
    sha256: Sha256
    """Of a folder: over the relative names and contents of its files, in the order of the names."""
    bytes: Count


class Camera(Part, frozen=True):
    """What the pixels that go in and come out mean."""

    packed_order: tuple[str, ...] = ISP.order
    input_space: str = ISP.input_space
    input_description: str = ISP.input_description
    output_space: str = ISP.output_space
    output_description: str = ISP.output_description

    @classmethod
    def of(cls, task: Task) -> Camera:
        """What a task says of its pixels."""
        return cls(
            packed_order=task.order,
            input_space=task.input_space,
            input_description=task.input_description,
            output_space=task.output_space,
            output_description=task.output_description,
        )


class Checkpoint(Part, frozen=True):
    """The weights that the artifact was made from."""

    name: str
    sha256: Sha256


class Cost(Part, frozen=True):
    """What a function costs."""

    parameters: Count
    macs: Count
    """Multiply-accumulates of one call at the exported shapes."""


class Delegation(Part, frozen=True):
    """How much of a function a backend takes over."""

    backend: str
    delegated: Count
    total: Count
    portable: dict[str, int] = {}
    """Operations left to the runtime's own kernels, with their number."""

    @property
    def share(self) -> float:
        """Delegated share of all operations, 0 to 1."""
        return self.delegated / self.total if self.total else 1.0


class Census(Part, frozen=True):
    """The convolutions of a function, counted in the written file."""

    int8: Count
    """Int8 input, weights and output."""
    float: dict[str, int] = {}
    """The others, counted by the reason why they are not."""
    layers: dict[str, str] = {}
    """Those of the others that are layers of the network, by name, with the reason."""


class Parity(Part, frozen=True):
    """How far a function's outputs are from PyTorch's."""

    psnr_db: float
    """Over all pictures, peak 1; 200 stands for identical."""
    max_error: float


class Verified(Part, frozen=True, tag_field="status", tag="verified"):
    """The file was opened again, run on pictures, and agreed."""

    engine: str
    ran_on: str
    psnr_db: float
    """The worst function's."""
    threshold_db: float
    max_error: float
    pictures: Size
    functions: dict[str, Parity]
    note: str = ""
    """Why the threshold is lower than that of the precision, if it is."""


class Unverified(Part, frozen=True, tag_field="status", tag="unverified"):
    """Nobody ran it. Not run is never passed."""

    reason: str


class Failed(Part, frozen=True, tag_field="status", tag="failed"):
    """It ran and does not agree, or it did not run through."""

    engine: str
    reason: str
    functions: dict[str, Parity] = {}


Verification = Verified | Unverified | Failed


class StageParameter(Part, frozen=True):
    """A number that the context sets: ``low`` where the context is 0, ``high`` where it is 1, linear between."""

    name: str
    low: float
    high: float
    unit: str = ""


class Stage(Part, frozen=True):
    """A module of a chain."""

    module: str
    first: Count
    """Where its parameters begin in the context; they lie side by side."""
    parameters: tuple[StageParameter, ...]
    halo: Count
    """Picture pixels around a pixel that it looks at."""
    function: str | None = None
    """The function ``(picture, parameters) -> rgb`` that runs it after ``tile``; null where it is inside ``tile``."""

    @property
    def link(self) -> Link | None:
        """How to run it after ``tile``."""
        return Link(self.function, self.first, len(self.parameters)) if self.function else None


class Description(Part, frozen=True, kw_only=True):
    """What is known before the file exists; travels inside the artifact under the key ``edgeisp``."""

    manifest: Literal[1] = VERSION
    model: str
    target: str
    precision: Literal["fp32", "fp16", "w8", "w8a8", "w8a16"]
    functions: dict[str, Function]
    task: TaskName = "isp"
    """What goes in and comes out; see ``camera`` for the details."""
    packaging: Packaging = "split"
    """``baked``: the context is computed inside ``tile``, from an input ``thumbnail``. ``modules``: ``tile`` makes the
    picture before the chain, and each module has a function of its own."""
    tile: tuple[Size, Size]
    """Height and width of the picture that one call of ``tile`` makes."""
    stride: Size
    """Packed height and width are multiples of this."""
    halo: Halo | None = None
    """Picture pixels at each edge of a tile that only serve their neighbours; null where that is not known."""
    overhead: Annotated[float, msgspec.Meta(ge=1)] | None = None
    """Pixels that tiles compute for each one they write, with the halo ``auto``; null where it leaves no core."""
    chain: tuple[Stage, ...] = ()
    """The modules of POS-ISP that run, in their order; empty for other networks."""
    spare: tuple[Stage, ...] = ()
    """With the packaging ``modules``: those that have a function and are not in ``chain``; for other orders."""
    camera: Camera = Camera()
    checkpoint: Checkpoint
    quantization: Scheme | Rounded | None = None
    """How the weights were quantized; null where nothing is int8."""
    costs: dict[str, Cost]
    rewrites: dict[str, dict[str, int]]
    """By function: how often each rewrite applied."""
    tools: dict[str, str]
    """Versions of what made the artifact."""

    @property
    def links(self) -> tuple[Link, ...]:
        """What runs after ``tile``."""
        return tuple(stage.link for stage in self.chain if stage.link)

    def ordered(self, names: Sequence[str]) -> Self:
        """The same with other modules, in that order. Its one halo is exact.

        Raises:
            BadInputError: the modules have no functions of their own, or there is none of such a name.
        """
        if self.packaging != "modules":
            raise BadInputError(
                f"an artifact of the packaging {self.packaging} has one order",
                where="--order",
                cure="export it with --packaging modules",
            )
        known = (*self.chain, *self.spare)
        chain = tuple(known[i] for i in places(names, [stage.module for stage in known]))
        return msgspec.structs.replace(
            self,
            chain=chain,
            spare=tuple(stage for stage in known if stage not in chain),
            halo=self.halo and self._halo(self.halo, chain),
        )

    def _halo(self, halo: Halo, chain: tuple[Stage, ...]) -> Halo:
        """That of another chain: ``halo`` without the present modules, with those of ``chain``."""
        step = TASKS[self.task].scale * self.stride
        pixels = halo.exact + sum(stage.halo for stage in chain) - sum(stage.halo for stage in self.chain)
        exact = -(-pixels // step) * step
        return Halo(exact, exact, 0.0, halo.pictures)


class Manifest(Description, frozen=True, kw_only=True):
    """The whole manifest."""

    files: tuple[File, ...]
    delegation: dict[str, Delegation]
    """By function; empty where the target has no delegate."""
    census: dict[str, Census] = {}
    """By function, where the precision is int8."""
    verification: Verification
