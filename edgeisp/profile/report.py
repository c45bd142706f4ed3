"""The report of a profiling run: who measured what, on which machine, with every sample kept.

One data model and one JSON schema. ``python -m edgeisp.profile.report`` writes the schema.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from edgeisp.errors import BadInputError
from edgeisp.export.manifest import encode
from edgeisp.export.records import Count, Delegation, Parity, Part, Sha256, Size, Verification
from edgeisp.files import whole

VERSION: Literal[1] = 1

Positive = Annotated[float, msgspec.Meta(ge=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Machine(Part, frozen=True):
    """The computer that ran `edgeisp profile`."""

    processor: str
    cores: Size
    """Logical ones."""
    memory_bytes: Count | None
    system: str
    python: str
    load: float | None
    """Processes that wanted to run, averaged over the minute before the first measurement."""


class Device(Part, frozen=True):
    """What the artifacts ran on: the machine itself, a phone, a device farm's phone."""

    kind: str
    """The name after ``--on``, such as ``host``."""
    name: str
    system: str
    serial: str | None = None
    peak_macs_per_second: Positive | None = None
    """The best rate at which one thread multiplied fp32 matrices; null where not measured."""
    bytes_per_second: Positive | None = None
    """The best rate at which one thread copied memory, read and written bytes together."""


class Layer(Part, frozen=True):
    """One operation of a graph, one call."""

    name: str
    operation: str
    macs: Count
    weight_bytes: Count
    read_bytes: Count
    """Activations that it reads."""
    written_bytes: Count
    shape: tuple[int, ...]
    """Of its (first) output."""
    widths: tuple[Size, Size] | None = None
    """Of a convolution or matrix product: channels that go into one product, and that come out."""


class Static(Part, frozen=True):
    """What a function costs wherever it runs."""

    counted_on: str
    """``PyTorch`` (the captured graph) or the format of the file: ``TFLite``, ``ONNX``, ..."""
    parameters: Count | None
    """Weights and biases; null for files, which hold constants of all kinds."""
    macs: Count
    """Multiply-accumulates of convolutions and matrix products, one call."""
    weight_bytes: Count
    peak_activation_bytes: Count | None
    """Least memory for activations when operations run in their order; null where the file hides it."""
    layers: tuple[Layer, ...]
    note: str | None = None
    """What the count could not see."""

    @property
    def moved_bytes(self) -> int:
        """Weights and activations read and written, if every operation went through memory."""
        return sum(layer.weight_bytes + layer.read_bytes + layer.written_bytes for layer in self.layers)

    @property
    def intensity(self) -> float:
        """MACs for each byte moved."""
        return self.macs / self.moved_bytes if self.moved_bytes else 0.0


class Change(Part, frozen=True):
    """What one step between network and file adds to the MACs."""

    step: str
    macs: int


class Costs(Part, frozen=True):
    """A function as the network has it and as the file has it."""

    network: Static | None
    file: Static | None
    changes: tuple[Change, ...] = ()
    """From the network's MACs to the file's, step by step; what no step explains is called ``unexplained``."""

    @property
    def agree(self) -> bool | None:
        """Whether the steps lead from one to the other; None where one of the two could not be counted."""
        if self.network is None or self.file is None:
            return None
        return (
            self.network.macs + sum(c.macs for c in self.changes if c.step != UNEXPLAINED) == self.file.macs
        )


UNEXPLAINED = "unexplained"


class Operator(Part, frozen=True):
    """One row of the runtime's own profile."""

    name: str
    kind: str
    ms: Positive
    """Of one run, all its calls together: the median over the profiled runs, or the mean where the profiler adds up."""
    calls: Count = 1
    delegated: bool | None = None
    """Run by a delegate; null where the runtime has none."""


class Health(Part, frozen=True):
    """A phone at one moment of a measurement; null where it does not say."""

    at_s: Positive
    """Seconds since the run began on this phone."""
    status: int | None = None
    """Android's thermal status: 0 none, 1 light, 2 moderate (from here clocks are held back) ... 6 shutdown."""
    celsius: float | None = None
    """Of its hottest sensor."""
    clock_mhz: float | None = None
    """Of its fastest core."""
    allowed: float | None = None
    """The highest clock that is allowed now, as a share of the highest there is."""
    memory_bytes: Count | None = None
    """Available."""

    @property
    def throttled(self) -> bool:
        """Whether the system holds back the clocks; false where the phone does not say."""
        hot = self.status is not None and self.status >= MODERATE
        return hot or (self.allowed is not None and self.allowed < 1)


MODERATE = 2
"""Android's thermal status from which the system holds back the clocks."""


class Measured(Part, frozen=True, tag_field="outcome", tag="measured"):
    """It ran. Times are wall clock, in ms."""

    load_ms: Positive | None
    """Open the file in a process that has imported the runtime but loaded no model; null where a tool does not say."""
    first_ms: Positive
    samples_ms: tuple[Positive, ...]
    """Every warm run, in order."""
    idle_bytes: Count | None
    """Resident memory of the process before it opened the file: interpreter and runtime."""
    peak_bytes: Count | None
    """Its highest resident memory, after the runs."""
    parity: Parity | None
    """Against PyTorch on the same input; null where the network is not known here."""
    operators: tuple[Operator, ...] = ()
    operators_by: str = ""
    """The profiler they come from; or why there are none."""
    health: tuple[Health, ...] = ()
    """Of a phone: sampled before, during and after the runs."""


class NotMeasured(Part, frozen=True, tag_field="outcome", tag="not measured"):
    """It cannot run on this device. Not run is never slow or fast."""

    reason: str


class Died(Part, frozen=True, tag_field="outcome", tag="died"):
    """The process that ran it ended without an answer."""

    cause: str
    """A signal, an exit code, a timeout."""
    said: str
    """Its last line."""


class Wrong(Part, frozen=True, tag_field="outcome", tag="wrong"):
    """It ran, but what it computed is not what PyTorch computes: its times would say nothing."""

    parity: Parity
    threshold_db: float


Outcome = Measured | NotMeasured | Died | Wrong


def threads_of(count: int) -> str:
    """``1 thread``, ``4 threads``."""
    return f"{count or 'default'} thread{'' if count == 1 else 's'}"


class Measurement(Part, frozen=True):
    """One function of a subject, through one engine, at one number of threads."""

    function: str
    engine: str
    ran_on: str
    threads: Count
    """0: the runtime's own choice."""
    outcome: Outcome


class Thumbnail(Part, frozen=True):
    """A small PNG."""

    title: str
    png: bytes


class Int8(Part, frozen=True):
    """How much of a function is computed in int8."""

    convolutions: Count
    """In the written file, with int8 input, weights and output."""
    others: Count
    """Convolutions in float."""
    macs: Share | None
    """Share of the MACs that belong to the layers that were quantized; null where the network is not here."""


class Subject(Part, frozen=True):
    """A network or an artifact that was profiled."""

    name: str
    kind: Literal["network", "artifact"]
    path: str
    sha256: Sha256
    bytes: Count
    model: str
    target: str | None
    precision: str
    tile: tuple[Size, Size] | None
    """Height and width of the picture that one call of ``tile`` makes."""
    halo: Count
    """Picture pixels at each edge of a tile that only serve their neighbours."""
    stride: Size
    verification: Verification | None
    delegation: dict[str, Delegation]
    costs: dict[str, Costs]
    measurements: tuple[Measurement, ...]
    thumbnails: tuple[Thumbnail, ...] = ()
    int8: dict[str, Int8] = msgspec.field(default_factory=dict)
    """By function, of an artifact with int8 activations."""


class Settings(Part, frozen=True):
    """How it was measured."""

    runs: Count
    warmup: Count
    threads: tuple[Count, ...]
    budget_ms: Positive | None = None


class Report(Part, frozen=True, kw_only=True):
    """The whole report."""

    report: Literal[1] = VERSION
    edgeisp: str
    created: str
    """ISO 8601, UTC."""
    commit: str | None
    """Of the git checkout that the command ran in."""
    machine: Machine
    device: Device
    settings: Settings
    subjects: tuple[Subject, ...]


def schema() -> dict[str, Any]:
    """The JSON schema of a report, as committed beside this file."""
    return msgspec.json.schema(Report)


def write(report: Report, path: Path) -> None:
    """Write it whole or not at all."""
    with whole(path) as part:
        part.write_bytes(encode(report))


def read(path: Path) -> Report:
    """A report from its file.

    Raises:
        BadInputError: absent, not a report, or of a version that is not known here.
    """
    if not path.is_file():
        raise BadInputError(
            "no such report", where=path, cure="`edgeisp profile ... -o FILE.json` writes one"
        )
    content = path.read_bytes()
    try:
        version = msgspec.json.decode(content, type=_Version).report
        if version != VERSION:
            raise BadInputError(
                f"report version {version}, this edgeisp reads {VERSION}",
                where=path,
                cure="profile again, or take a newer edgeisp",
            )
        return msgspec.json.decode(content, type=Report)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInputError(
            f"not a report: {error}", where=path, cure="give what `edgeisp profile -o FILE.json` wrote"
        ) from error


class _Version(msgspec.Struct):
    report: int


if __name__ == "__main__":
    Path(__file__).with_name("report.schema.json").write_text(json.dumps(schema(), indent=2) + "\n")
