"""`edgeisp posisp show`: what a policy decided, as a sheet, as a page, and as tables of colours."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from edgeisp.cli.main import main
from edgeisp.posisp.network import PosISP

Captured = pytest.CaptureFixture[str]


def test_show_tells_the_sequence_in_physical_units(
    capfd: Captured, weights: Path, photo: Path, tmp_path: Path, network: PosISP
) -> None:
    out = tmp_path / "steps.png"
    assert main(["posisp", "show", str(weights), str(photo), "-o", str(out), "--json"]) == 0
    facts = json.loads(capfd.readouterr().out)
    assert [step["module"] for step in facts["sequence"]] == network.card()["sequence"]
    assert -3.5 <= facts["sequence"][1]["parameters"]["exposure"] <= 3.5
    assert facts["sequence"][1]["units"] == {"exposure": "EV"}
    assert all(sum(row.values()) == pytest.approx(1, abs=1e-4) for row in facts["odds"])
    assert Image.open(out).width == 2000


def test_page_holds_every_step_and_needs_no_other_file(
    capfd: Captured, weights: Path, photo: Path, tmp_path: Path, network: PosISP
) -> None:
    out = tmp_path / "steps.html"
    assert main(["posisp", "show", str(weights), str(photo), "-o", str(out)]) == 0
    page = out.read_text()
    sequence = network.card()["sequence"]
    assert page.count('<img alt="') == page.count("data:image/jpeg;base64,") == len(sequence) + 1
    assert all(f"{number}. {name}" in page for number, name in enumerate(sequence, 1))
    assert " EV</span>" in page
    assert page.count("<tr>") == 1 + len(sequence) + 1  # head, steps, stopping
    assert "http" not in page


def test_tables_are_numbered_when_other_modules_stand_between_them(
    capfd: Captured, weights: Path, photo: Path, tmp_path: Path
) -> None:
    given = [str(weights), str(photo), "-o", str(tmp_path / "a.png"), "--cube", str(tmp_path / "look.cube")]
    assert main(["posisp", "show", *given, "--json"]) == 0
    cubes = [tmp_path / "look-1.cube", tmp_path / "look-2.cube"]
    assert json.loads(capfd.readouterr().out)["cubes"] == list(map(str, cubes))
    assert [cube.read_text().splitlines()[0].split(";")[0] for cube in cubes] == [
        "# exposure",
        "# ccm, gamma",
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["{photo}", "-o", "{tmp}/a.txt"], "cannot write .txt"),
        (["{weights}", "{photo}", "{photo}"], "give [CHECKPOINT] PHOTO"),
        (["{photo}", "{weights}"], "IMG.dng"),
    ],
)
def test_show_refuses_in_one_line(
    capfd: Captured, weights: Path, photo: Path, tmp_path: Path, given: list[str], message: str
) -> None:
    filled = [text.format(photo=photo, weights=weights, tmp=tmp_path) for text in given]
    assert main(["posisp", "show", *filled]) in (2, 3)
    err = capfd.readouterr().err
    assert message in err
    assert err.count("\n") == 1
