"""Exported artifacts that a verb runs: one, or a folder of the same network exported at several tiles."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeisp.errors import BadInputError

if TYPE_CHECKING:
    from edgeisp.export.records import Manifest


@dataclass(frozen=True)
class Artifact:
    """A file of a target and what its manifest says."""

    path: Path
    manifest: Manifest

    @property
    def inputs(self) -> dict[str, dict[str, tuple[int, ...]]]:
        """Names and shapes by function, of its programs: `edgeisp.engines.chain.chained`."""
        functions = self.manifest.functions
        inputs = {name: {port.name: port.shape for port in f.inputs} for name, f in functions.items()}
        if self.manifest.links:
            inputs["tile"] |= {port.name: port.shape for port in functions["context"].outputs}
        return inputs

    @property
    def step(self) -> int:
        """Picture pixels of which the sides of its tile and its halo are multiples."""
        from edgeisp.models.task import TASKS

        return TASKS[self.manifest.task].scale * self.manifest.stride

    @property
    def source_tile(self) -> tuple[int, int]:
        """Height and width of its tile, in pixels of what it takes."""
        from edgeisp.models.task import TASKS

        scale = TASKS[self.manifest.task].scale
        height, width = self.manifest.tile
        return height // scale, width // scale

    @property
    def kind(self) -> str:
        """What artifacts that differ only in their tile have in common."""
        told = self.manifest
        return f"{told.model} {told.target} {told.precision} {told.packaging} of {told.checkpoint.sha256[:8]}"

    def tiles(self, halo: int) -> tuple[int, int]:
        """Sides of tiles to export for a halo: the least and a frugal one, with a core within the default halo too."""
        from edgeisp.models.halo import frugal_tile, least_tile

        usual = self.manifest.halo.auto if self.manifest.halo else 0
        least = least_tile(max(halo, usual), self.step)
        return least, max(least, frugal_tile(halo, self.step))

    def export(self, tile: int) -> str:
        """The command that makes one like it with another tile."""
        told = self.manifest
        bundled = {f"{told.model}.safetensors", f"{told.model}-{told.precision}.safetensors"}
        options = [
            f"--target {told.target} --precision {told.precision}",
            *([f"--packaging {told.packaging}"] if told.packaging != "split" else []),
            *([f"--checkpoint {told.checkpoint.name}"] if told.checkpoint.name not in bundled else []),
        ]
        return f"edgeisp export {told.model} {' '.join(options)} --tile {tile}"


def found(path: Path) -> list[Artifact]:
    """The artifact at ``path``; or those of a folder, by the area of their tiles.

    Raises:
        BadInputError: none, a damaged one, or some that differ in more than their tile.
    """
    from edgeisp.export import manifest

    if path == Path():
        raise BadInputError("no path", where="--artifact", cure="give an artifact, or a folder of artifacts")
    if not path.is_dir() or manifest.path_of(path).is_file():
        return [Artifact(path, manifest.read(path))]
    artifacts = [
        Artifact(described.with_name(described.name.removesuffix(manifest.SUFFIX)), manifest.read(described))
        for described in path.rglob(f"*{manifest.SUFFIX}")
    ]
    if not artifacts:
        raise BadInputError(
            "no artifact in this folder", where=path, cure="give what `edgeisp export` wrote, or its folder"
        )
    kinds = sorted({artifact.kind for artifact in artifacts})
    if len(kinds) > 1:
        raise BadInputError(
            f"artifacts of {len(kinds)} kinds: {', '.join(kinds)}",
            where=path,
            cure="name a folder whose artifacts differ in their tile only",
        )
    return sorted(artifacts, key=lambda artifact: (artifact.source_tile, artifact.path))


def of_tile(artifacts: list[Artifact], tile: tuple[int, int]) -> list[Artifact]:
    """Those whose picture has that height and width.

    Raises:
        BadInputError: none has.
    """
    fitting = [artifact for artifact in artifacts if artifact.manifest.tile == tile]
    if not fitting:
        tiles = ", ".join(f"{width}x{height}" for height, width in (one.manifest.tile for one in artifacts))
        what = "the artifact's tile is" if len(artifacts) == 1 else "the artifacts' tiles are"
        raise BadInputError(
            f"{what} {tiles}, not {tile[1]}x{tile[0]}", where="--tile", cure="leave it out, or export another"
        )
    return fitting
