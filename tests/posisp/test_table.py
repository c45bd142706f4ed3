"""Runs of point-wise modules as tables: as close as eyes are to the exact chain, on dark pictures too."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab
from torch import Tensor

from edgeisp.cli.engine import EngineOptions
from edgeisp.cli.fit import start
from edgeisp.cli.main import main
from edgeisp.cli.options import NetworkOptions
from edgeisp.data.samples import packed_samples
from edgeisp.errors import BadInputError
from edgeisp.models import checkpoint
from edgeisp.posisp import MODULES
from edgeisp.posisp.cube import cube
from edgeisp.posisp.network import PosISP
from edgeisp.posisp.pipeline import Pipeline
from edgeisp.posisp.table import bounded, decode, encode, folded, runs

LIMIT = 0.3
"""Mean CIEDE2000 from the exact chain."""
POINTWISE = tuple(name for name in MODULES.names() if MODULES.get(name)(False).pointwise)


@cache
def pictures() -> tuple[Tensor, Tensor]:
    """Eight linear pictures, every fourth 4 stops dark, and what the bundled policy's context of them is."""
    network, color = policy(), torch.eye(3).reshape(1, 9, 1, 1)
    packed = torch.from_numpy(packed_samples(8, 64, 64, 7))
    with torch.inference_mode():
        return network.linear(packed, color), network.context(packed, color)


@cache
def policy() -> PosISP:
    network = checkpoint.load("posisp").network
    assert isinstance(network, PosISP)
    return network


def difference(got: Tensor, expected: Tensor) -> float:
    lab = [rgb2lab(x[0].clamp(0, 1).permute(1, 2, 0).numpy().astype(float)) for x in (got, expected)]
    return float(np.mean(deltaE_ciede2000(*lab)))


def drawn(pipeline: Pipeline, seed: int) -> Tensor:
    """Raw parameters up to a third of their range from identity."""
    far = torch.rand(pipeline.size, generator=torch.Generator().manual_seed(seed))
    return (pipeline.identity + (far - pipeline.identity) / 3)[None]


def chains() -> list[tuple[str, Callable[[], tuple[Pipeline, list[tuple[Tensor, tuple[int, ...]]]]]]]:
    def bundled() -> tuple[Pipeline, list[tuple[Tensor, tuple[int, ...]]]]:
        pipeline = policy().pipeline
        run = tuple(i for i in policy().sequence if pipeline.modules[i].pointwise)
        return pipeline, [(raw[None], run) for raw in pictures()[1]]

    def every() -> tuple[Pipeline, list[tuple[Tensor, tuple[int, ...]]]]:
        pipeline = Pipeline.of(POINTWISE)
        orders = np.random.default_rng(0)
        return pipeline, [
            (drawn(pipeline, i), tuple(orders.permutation(len(POINTWISE)).tolist())) for i in range(8)
        ]

    return [("bundled", bundled), ("every", every)]


@pytest.mark.parametrize(("name", "chain"), chains(), ids=lambda one: one if isinstance(one, str) else "")
def test_table_is_as_close_as_eyes_are_on_dark_and_bright_pictures(
    name: str, chain: Callable[[], tuple[Pipeline, list[tuple[Tensor, tuple[int, ...]]]]]
) -> None:
    pipeline, cases = chain()
    with torch.inference_mode():
        found = [
            difference(folded(pipeline, raw, run)(picture[None]), pipeline.run(picture[None], raw, run))
            for picture, (raw, run) in zip(pictures()[0], cases, strict=True)
        ]
    assert np.mean(found) <= LIMIT
    assert max(found) <= (LIMIT if name == "bundled" else 2 * LIMIT)


def test_curve_is_undone_and_spans_the_range() -> None:
    x = torch.linspace(0, 1, 1001)
    assert torch.allclose(decode(encode(x)), x, atol=1e-6)
    assert encode(x)[0].abs() < 1e-6
    assert encode(x)[-1] == pytest.approx(1, abs=1e-6)


def test_table_reaches_as_far_as_pictures_do_when_modules_in_front_brighten() -> None:
    pipeline = Pipeline.of(("exposure", "local-tone", "desaturation", "white-balance"))
    raw = pipeline.identity[None].clone()
    raw[:, :3] = torch.tensor([0.8, 0.9, 0.4])
    sequence = (0, 1, 2, 3)
    with torch.inference_mode():
        before = pipeline.run(pictures()[0][1:2], raw, (0, 1))
        peak = bounded(pipeline, raw, sequence)[2].peak
        assert before.max() <= peak
        exact = pipeline.run(before, raw, (2, 3))
        assert difference(folded(pipeline, raw, (2, 3), peak)(before), exact) <= LIMIT


def test_runs_are_cut_where_neighbours_are_looked_at() -> None:
    pipeline = Pipeline.of(("exposure", "sharpen", "gamma", "tone"))
    assert runs(pipeline, (0, 2, 1, 3)) == [(True, (0, 2)), (False, (1,)), (True, (3,))]


def test_cube_file_looks_up_what_the_modules_make() -> None:
    pipeline, raw = policy().pipeline, pictures()[1][:1]
    run = pipeline.ids(["gamma", "exposure", "tone"])
    with torch.inference_mode():
        lines = cube("look", pipeline, raw, run).splitlines()
    numbers = np.array([line.split() for line in lines if line[0].isdigit()], float)
    assert "LUT_3D_SIZE 65" in lines
    assert len(numbers) == 65**3
    red, green, blue = 40, 7, 21
    coded = torch.tensor([red, green, blue]).reshape(1, 3, 1, 1) / 64
    linear = torch.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    expected = pipeline.run(linear, raw, run).flatten().numpy()
    assert np.abs(numbers[red + 65 * green + 65 * 65 * blue] - expected).max() < 1e-5  # red fastest


def test_preview_renders_nearly_the_picture(photo: Path, tmp_path: Path) -> None:
    given = ["-m", "posisp", "--order", "gamma,exposure,tone,sharpen", "-q"]
    made = []
    for more in ([], ["--preview"]):
        out = tmp_path / f"{len(made)}.png"
        assert main(["render", str(photo), *given, *more, "-o", str(out)]) == 0
        made.append(torch.from_numpy(np.asarray(Image.open(out)) / 255).permute(2, 0, 1)[None])
    assert 0 < difference(made[1], made[0]) < 2 * LIMIT  # eight bits are dithered, which adds a little


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            ["-m", "posisp", "--order", "sharpen,exposure"],
            "no 2 point-wise modules in a row: sharpen, exposure",
        ),
        (["-m", "lwisp"], "add --model posisp"),
    ],
)
def test_preview_is_refused_in_one_line(
    capfd: pytest.CaptureFixture[str], photo: Path, tmp_path: Path, given: list[str], message: str
) -> None:
    assert main(["render", str(photo), *given, "--preview", "-o", str(tmp_path / "a.png")]) == 2
    err = capfd.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def test_preview_of_an_artifact_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="leave --artifact or --preview out"):
        start(EngineOptions(artifact=tmp_path / "a.tflite", preview=True), NetworkOptions())
