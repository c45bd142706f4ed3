"""An artifact put into a copy of a sample app, with the calls and answers of its self-test beside it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeisp.errors import BadInputError, UnavailableError, VerificationError
from edgeisp.export import exporter, manifest
from edgeisp.export.records import Failed, Manifest, Verified
from edgeisp.export.verification import references
from edgeisp.files import whole
from edgeisp.models.functions import functions_of

GOLDEN_VERSION = 1
"""Of ``golden.json``; its form is told in ``tests/golden/README.md``."""
LEAST_DB, MARGIN_DB = 45.0, 4.0
"""What a runtime on a phone must reach: this, or so much less than what verified the artifact where that is lower."""
LEFT_OUT = shutil.ignore_patterns(
    "build", ".build", "*.xcodeproj", "DerivedData", ".gradle", "local.properties", "__pycache__"
)
GIVEN, GIVEN_TO_MODULES = (
    frozenset({"raw", "color", "context", "thumbnail"}),
    frozenset({"picture", "parameters"}),
)
"""What apps give to functions, and to those of modules; all as float32."""


@dataclass(frozen=True)
class App:
    """A sample app and what it takes."""

    folder: str
    """Where it is in a checkout of edgeisp."""
    place: str
    """Where its artifact goes, in that folder."""
    targets: tuple[str, ...]
    next: str
    """What to run in the copy."""
    needs: str
    """What that needs."""


APPS: Mapping[str, App] = {
    "ios": App(
        "ios_demo",
        "App/Resources/Artifact",
        ("coreml", "executorch"),
        "xcodegen && open EdgeISP.xcodeproj",
        "on a Mac",
    ),
    "android": App(
        "android_demo",
        "app/src/main/assets/artifact",
        ("tflite", "executorch"),
        "gradle :app:installDebug",
        "with Gradle, an Android SDK and a phone",
    ),
}


def fit(platform: str, artifact: Path) -> Manifest:
    """The manifest of an artifact that an app can use.

    Raises:
        BadInputError: damaged, of another target or task, not to be tiled, or with inputs that no app gives.
        VerificationError: its verification failed.
    """
    app, described = APPS[platform], manifest.read(artifact)

    def refuse(what: str, cure: str) -> BadInputError:
        return BadInputError(what, where=artifact, cure=cure)

    if described.target not in app.targets:
        raise refuse(
            f"the {platform} app takes {' and '.join(app.targets)}, this is for {described.target}",
            f"`edgeisp export {described.model} --target {app.targets[0]}`",
        )
    if described.task != "isp":
        raise refuse(
            f"{described.model} makes no picture of a RAW", "take a network that renders, such as metaisp"
        )
    if described.halo is None or not described.halo.fits(described.tile):
        halo = "an unknown halo" if described.halo is None else f"a halo of {described.halo.auto}"
        raise refuse(
            f"tiles of {described.tile} pixels with {halo} have no core", "export with a larger --tile"
        )
    for name, function in described.functions.items():
        ports = (*function.inputs, *function.outputs)
        given = GIVEN if name in ("tile", "context") else GIVEN_TO_MODULES
        foreign = [port.name for port in function.inputs if port.name not in given]
        foreign += [f"{port.name} as {port.dtype}" for port in ports if port.dtype != "float32"]
        if foreign:
            raise refuse(
                f"{name} asks for {', '.join(foreign)}, which apps do not give", "export it with this edgeisp"
            )
    if isinstance(described.verification, Failed):
        raise VerificationError(described.verification.reason, where=artifact, cure="export it again")
    return described


def source(platform: str, given: Path | None) -> Path:
    """The folder of the app: ``given``, or that of the checkout that this package runs from.

    Raises:
        BadInputError: ``given`` is not that app.
        UnavailableError: this package is installed without a checkout.
    """
    app = APPS[platform]
    folder = given or Path(__file__).resolve().parent.parent / app.folder
    if (folder / app.place).is_dir():
        return folder
    cure = f"name the folder {app.folder} of a checkout of edgeisp with --app"
    if given is not None:
        raise BadInputError(f"there is no {app.place} in it", where=given, cure=cure)
    raise UnavailableError("the sample apps are not in the installed package", cure=cure)


def put(platform: str, artifact: Path, app: Path, output: Path, weights: Path | None = None) -> Path:
    """Copy ``app`` to ``output`` with the artifact and its self-test inside: where these are.

    The self-test's answers are PyTorch's, on the first picture of those that verify artifacts.

    Raises:
        BadInputError: see `fit`; or ``output`` is there already, or inside ``app``.
        CheckpointError: the weights are not those that the artifact was made from.
    """
    described = fit(platform, artifact)
    if output.exists():
        raise BadInputError(
            "it is there already", where=output, cure="remove it, or name another folder with -o"
        )
    if output.resolve().is_relative_to(app.resolve()):
        raise BadInputError(
            "it lies inside the app that is copied", where=output, cure="name another folder with -o"
        )
    place = APPS[platform].place
    with whole(output) as copy:
        shutil.copytree(app, copy, ignore=LEFT_OUT)
        for old in (copy / place).iterdir():
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        own = manifest.path_of(artifact)
        for path in (own, *(own.with_name(file.name) for file in described.files)):
            (shutil.copytree if path.is_dir() else shutil.copy2)(path, copy / place / path.name)
        golden(described, copy / place, weights)
        manifest.read(copy / place / own.name)
    return output / place


def golden(described: Manifest, folder: Path, weights: Path | None) -> None:
    """Write ``golden.json`` and the files it names: one call of each function, with PyTorch's answers."""
    loaded = exporter.original(described, weights)
    height, width = (side // loaded.task.scale for side in described.tile)
    functions = functions_of(loaded.network, height, width, described.packaging)
    inputs, expected = next(iter(references(functions)))

    def written(function: str, tensors: Mapping[str, Any]) -> dict[str, str]:
        names = {name: f"{function}.{name}.f32" for name in tensors}
        for name, values in tensors.items():
            (folder / names[name]).write_bytes(np.ascontiguousarray(values, "<f4").tobytes())
        return names

    checked = described.verification
    limit = checked.threshold_db - MARGIN_DB if isinstance(checked, Verified) else LEAST_DB
    content = {
        "golden": GOLDEN_VERSION,
        "artifact": described.functions["tile"].file,
        "least_psnr_db": min(LEAST_DB, limit),
        "functions": {
            name: {
                "count": 1,
                "inputs": written(name, inputs[name]),
                "outputs": written(name, expected[name]),
            }
            for name in functions
        },
    }
    (folder / "golden.json").write_text(json.dumps(content, indent=1) + "\n")
