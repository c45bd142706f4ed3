"""What a network is for: what its input, its target and its output are. The networks themselves are the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Name = Literal["isp", "raw-to-raw", "srgb-to-srgb"]
Packaging = Literal["split", "baked", "modules"]
"""How an artifact holds a network with a context: apart from its tile, in one graph with it, or every module apart."""
THUMBNAIL = "thumbnail"
"""An input of ``context`` that is the whole frame: means of its packed planes over the cells of a grid, not a crop."""
LINEAR = (
    "linear, in the camera's own primaries; black level subtracted, values below 0 kept; white-balanced with the "
    "smallest gain 1; white at 1, clipped there"
)
GAMMA = "gamma-encoded, 0 to 1"


@dataclass(frozen=True)
class Task:
    """Input and output of a network. A network takes one in its configuration and adapts its two ends to it."""

    name: Name
    source: str
    """The picture that goes in, as functions and artifacts call it."""
    result: str
    """The picture that comes out, likewise."""
    order: tuple[str, ...]
    """Planes that go in."""
    colors: int
    """Planes that come out."""
    scale: int
    """Output pixels for each input pixel, along a side."""
    linear: bool
    """Linear light goes in, which networks compand; otherwise sRGB code values."""
    rendered: bool
    """A fixed last stage turns camera colours into sRGB: networks take the colour matrix as well."""
    input_space: str
    input_description: str
    output_space: str
    output_description: str

    @property
    def planes(self) -> int:
        """Number of planes that go in."""
        return len(self.order)


ISP = Task(
    name="isp",
    source="raw",
    result="rgb",
    order=("R", "Gr", "Gb", "B"),
    colors=3,
    scale=2,
    linear=True,
    rendered=True,
    input_space="white-balanced camera RGB",
    input_description=f"{LINEAR}. An input called color is the 3x3 matrix to linear sRGB, row by row",
    output_space="sRGB",
    output_description=f"{GAMMA}, interleaved at twice the packed height and width; clip before display",
)
"""Packed Bayer to sRGB."""
RAW_TO_RAW = Task(
    name="raw-to-raw",
    source="raw",
    result="clean",
    order=("R", "Gr", "Gb", "B"),
    colors=4,
    scale=1,
    linear=True,
    rendered=False,
    input_space="white-balanced camera RGB",
    input_description=LINEAR,
    output_space="white-balanced camera RGB",
    output_description="as the input",
)
"""Packed Bayer to packed Bayer: denoising before any ISP."""
SRGB_TO_SRGB = Task(
    name="srgb-to-srgb",
    source="picture",
    result="rgb",
    order=("R", "G", "B"),
    colors=3,
    scale=1,
    linear=False,
    rendered=False,
    input_space="sRGB",
    input_description=GAMMA,
    output_space="sRGB",
    output_description=f"{GAMMA}; clip before display",
)
"""Pictures to pictures of the same size: denoising and enhancement."""


def task_of(network: object) -> Task:
    """What ``network`` is for; plug-ins that say nothing render."""
    task: Task = getattr(network, "task", ISP)
    return task


TASKS: dict[Name, Task] = {task.name: task for task in (ISP, RAW_TO_RAW, SRGB_TO_SRGB)}
