"""What is installed: light to import, complete, and described by its metadata."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from collections.abc import Container
from graphlib import TopologicalSorter
from importlib.metadata import distribution, metadata
from importlib.resources import files
from pathlib import Path

import pytest

import edgeisp

HEAVY = {
    "adbutils",
    "ai_edge_litert",
    "boto3",
    "coremltools",
    "cv2",
    "executorch",
    "googleapiclient",
    "jax",
    "lightning",
    "litert_torch",
    "matplotlib",
    "numpy",
    "onnx",
    "onnxruntime",
    "onnxscript",
    "pandas",
    "PIL",
    "rawpy",
    "scipy",
    "skimage",
    "sklearn",
    "tensorboard",
    "tifffile",
    "torch",
    "torchao",
    "torchmetrics",
    "transformers",
}
SCRIPT = Path(sys.executable).with_name("edgeisp")


def loaded_by(*command: str | Path) -> set[str]:
    """Top-level packages that a fresh interpreter imports while it runs ``command``."""
    done = subprocess.run(
        [sys.executable, "-P", "-X", "importtime", *command], capture_output=True, text=True, check=True
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    assert len(lines) > 20
    return {line.rsplit("|", 1)[1].strip().split(".")[0] for line in lines}


def test_import_loads_no_heavy_package() -> None:
    assert not loaded_by("-c", "import edgeisp") & HEAVY


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_command_loads_no_heavy_package_when_asked_for(option: str) -> None:
    assert not loaded_by(SCRIPT, option) & HEAVY


def test_version_is_the_same_everywhere() -> None:
    said = subprocess.run([SCRIPT, "--version"], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["edgeisp", edgeisp.__version__]
    assert metadata("edgeisp")["Version"] == edgeisp.__version__


def test_metadata_offers_the_documented_extras() -> None:
    described = metadata("edgeisp")
    extras = set(described.get_all("Provides-Extra") or ())
    light = {"adb", "aws", "firebase", "qai-hub"}
    assert extras == light | {
        "all",
        "bm3d",
        "coreml",
        "dev",
        "executorch",
        "onnx",
        "quantize",
        "sidd",
        "tflite",
        "train",
        "vision",
    }
    assert described["License-Expression"] == "Apache-2.0"
    assert described["Requires-Python"] == ">=3.11"


def test_extra_all_holds_every_extra_but_dev(checkout: Path) -> None:
    extras = tomllib.loads((checkout / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (everything,) = extras["all"]
    apart = {"bm3d", "qai-hub"}  # its licence; its client wants older packages than the others do
    named = set(everything.removeprefix("edgeisp[").removesuffix("]").split(","))
    assert named == set(extras) - {"all", "dev"} - apart


def sources(checkout: Path) -> dict[str, Path]:
    """Installed path -> file in the checkout, for all that the three source folders should install."""
    places = {"edgeisp": "edgeisp", "export": "edgeisp/export", "quantize": "edgeisp/quantize"}
    return {
        f"{place}/{file.relative_to(checkout / folder).as_posix()}": file
        for folder, place in places.items()
        for file in sorted((checkout / folder).rglob("*"))
        if file.suffix in {".py", ".typed", ".json", ".csv", ".safetensors", ".md"}
    }


def test_imports_run_one_way(checkout: Path) -> None:
    modules = {
        place.removesuffix(".py").removesuffix("/__init__").replace("/", "."): file
        for place, file in sources(checkout).items()
        if file.suffix == ".py"
    }
    needs = {name: imported(ast.parse(file.read_bytes()), modules) - {name} for name, file in modules.items()}
    TopologicalSorter(needs).prepare()  # raises CycleError, which names the circle


def imported(node: ast.AST, modules: Container[str]) -> set[str]:
    """Those of ``modules`` that run when this code does, inside of functions too; imports for types alone do not."""
    found = set()
    for part in ast.iter_child_nodes(node):
        if isinstance(part, ast.If) and ast.unparse(part.test) == "TYPE_CHECKING":
            continue
        if isinstance(part, ast.Import):
            found |= {one.name for one in part.names}
        elif isinstance(part, ast.ImportFrom) and part.module:
            inner = {f"{part.module}.{one.name}" for one in part.names}
            found |= {name if name in modules else part.module for name in inner}
        found |= imported(part, modules)
    return {name for name in found if name in modules}


def test_every_source_file_is_installed(checkout: Path) -> None:
    root = Path(str(files("edgeisp")))
    missing = [
        place
        for place, file in sources(checkout).items()
        if not installed(root, place).is_file() or installed(root, place).read_bytes() != file.read_bytes()
    ]
    assert not missing, "add their folder to [tool.setuptools] packages, or their suffix to package-data"


def installed(root: Path, place: str) -> Path:
    """Where ``edgeisp/export/x.py`` is installed; the two mapped packages lie elsewhere if editable."""
    _, *parts = place.split("/")
    if parts[0] in {"export", "quantize"}:
        return Path(str(files(f"edgeisp.{parts[0]}"))).joinpath(*parts[1:])
    return root.joinpath(*parts)


def test_tests_import_the_installed_package_when_it_is_not_editable(checkout: Path) -> None:
    origin = json.loads(distribution("edgeisp").read_text("direct_url.json") or "{}")
    if origin.get("dir_info", {}).get("editable"):
        pytest.skip("an editable install is the checkout")
    where = Path(edgeisp.__file__)
    assert checkout / "edgeisp" not in where.parents


@pytest.mark.parametrize("name", ["export", "quantize", "raw", "models"])
def test_no_bare_name_lands_in_site_packages(name: str) -> None:
    tops = {file.parts[0] for file in distribution("edgeisp").files or ()}
    assert name not in tops
