"""Policies as artifacts: split, baked, and every module apart."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgeisp.cli.main import main
from edgeisp.errors import BadInputError
from edgeisp.export import manifest, records
from edgeisp.export.records import StageParameter
from edgeisp.posisp.network import PosISP

Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Callable[[str], Path]:
    """The policy as an ONNX artifact of a packaging."""
    pytest.importorskip("onnxruntime")
    folder = tmp_path_factory.mktemp("exported")
    given = ["--checkpoint", str(weights), "-t", "onnx", "--tile", "128", "-o", str(folder), "-q"]

    @cache
    def exported(packaging: str) -> Path:
        assert main(["export", "posisp", *given, "--packaging", packaging]) == 0
        return folder / ("posisp.onnx" if packaging == "split" else f"posisp-{packaging}.onnx")

    return exported


def rendered(photo: Path, out: Path, *by: str) -> np.ndarray:
    assert main(["render", str(photo), *by, "-o", str(out), "-q"]) == 0
    return np.asarray(Image.open(out)).astype(int)


@pytest.mark.parametrize("packaging", ["split", "baked", "modules"])
def test_artifact_tells_its_chain_and_renders_the_same_picture(
    weights: Path,
    photo: Path,
    tmp_path: Path,
    network: PosISP,
    artifact: Callable[[str], Path],
    packaging: str,
) -> None:
    described = manifest.read(artifact(packaging))
    assert [stage.module for stage in described.chain] == network.card()["sequence"]
    assert described.chain[1].parameters[0] == StageParameter(name="exposure", low=-3.5, high=3.5, unit="EV")
    assert isinstance(described.verification, records.Verified)
    assert ("context" in described.functions) == (packaging != "baked")
    picture = rendered(photo, tmp_path / "a.png", "--artifact", str(artifact(packaging)))
    pytorch = rendered(photo, tmp_path / "b.png", "-m", "posisp", "--checkpoint", str(weights))
    assert np.abs(picture - pytorch).max() <= 1


def test_modules_apart_are_told_of_and_verified_one_by_one_and_together(
    network: PosISP, artifact: Callable[[str], Path]
) -> None:
    described = manifest.read(artifact("modules"))
    assert [stage.module for stage in described.spare] == ["contrast"]
    assert [stage.module for stage in described.chain] == network.card()["sequence"]
    modules = {stage.function for stage in (*described.chain, *described.spare)}
    assert set(described.functions) == {"tile", "context"} | modules
    assert isinstance(described.verification, records.Verified)
    assert set(described.verification.functions) == {"chain", *described.functions}


def test_modules_apart_run_in_another_order_when_asked(
    weights: Path, photo: Path, tmp_path: Path, artifact: Callable[[str], Path]
) -> None:
    order = ["--order", "contrast,local-tone, exposure,sharpen"]
    by = ["--artifact", str(artifact("modules"))]
    picture = rendered(photo, tmp_path / "a.png", *by, *order)
    checkpoint = ["-m", "posisp", "--checkpoint", str(weights)]
    assert np.abs(picture - rendered(photo, tmp_path / "b.png", *checkpoint, *order)).max() <= 1
    assert np.abs(picture - rendered(photo, tmp_path / "c.png", *by)).max() > 20


def test_another_order_has_the_halo_of_its_modules(network: PosISP, artifact: Callable[[str], Path]) -> None:
    described = manifest.read(artifact("modules"))
    for names in (["exposure"], ["sharpen", "local-tone"], ["fast-denoise", "contrast", "sharpen"]):
        reach = network.ordered(names).reach()
        exact = 2 * (reach + reach % 2)
        found = described.ordered(names).halo
        assert found is not None
        assert exact <= found.exact <= exact + 4  # what rounding up left over in the first one


def test_tile_is_chosen_with_what_its_modules_cost(
    capfd: Captured, photo: Path, tmp_path: Path, artifact: Callable[[str], Path]
) -> None:
    by = ["--artifact", str(artifact("modules")), "--tile", "auto", "-o", str(tmp_path / "a.png"), "--json"]
    assert main(["render", str(photo), *by]) == 0
    assert "tile 128x128" in json.loads(capfd.readouterr().out)["tile_choice"]


@pytest.mark.parametrize(
    ("packaging", "order", "message"),
    [
        ("modules", "exposure,gama", "no module 'gama' in this set"),
        ("modules", "exposure,exposure", "comes twice"),
        ("split", "exposure", "export it with --packaging modules"),
    ],
)
def test_order_is_refused_in_one_line(
    capfd: Captured,
    photo: Path,
    tmp_path: Path,
    artifact: Callable[[str], Path],
    packaging: str,
    order: str,
    message: str,
) -> None:
    by = ["--artifact", str(artifact(packaging)), "--order", order, "-o", str(tmp_path / "a.png")]
    capfd.readouterr()
    assert main(["render", str(photo), *by]) == 2
    err = capfd.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def test_order_is_refused_when_the_network_is_no_chain(capfd: Captured, photo: Path, tmp_path: Path) -> None:
    assert main(["render", str(photo), "--order", "gamma", "-o", str(tmp_path / "a.png")]) == 2
    assert "MetaISP is no chain of modules" in capfd.readouterr().err


def test_manifest_is_refused_when_a_module_has_no_function(
    tmp_path: Path, artifact: Callable[[str], Path]
) -> None:
    shutil.copytree(artifact("modules").parent, tmp_path / "copy")
    path = tmp_path / "copy" / manifest.path_of(artifact("modules")).name
    told = json.loads(path.read_text())
    told["chain"][0]["function"] = None
    path.write_text(json.dumps(told))
    with pytest.raises(BadInputError, match="fast-denoise"):
        manifest.read(path)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["metaisp", "--packaging", "baked"], "not exported in one graph"),
        (["metaisp", "--packaging", "modules"], "no chain of modules"),
        (["posisp", "--packaging", "bakd"], "did you mean 'baked'?"),
    ],
)
def test_packaging_is_refused_in_one_line(
    capfd: Captured, weights: Path, given: list[str], message: str
) -> None:
    more = ["--checkpoint", str(weights)] if given[0] == "posisp" else []
    assert main(["export", *given, *more, "-t", "onnx"]) == 2
    err = capfd.readouterr().err
    assert message in err
    assert err.count("\n") == 1
