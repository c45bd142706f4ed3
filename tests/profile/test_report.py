"""The report: read back as written, refused by name, shown whole."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from rich.console import Console

from edgeisp.errors import BadInputError
from edgeisp.export.records import Parity
from edgeisp.profile import report as r
from edgeisp.profile.page import page
from edgeisp.profile.rendering import markdown, terminal
from edgeisp.profile.tables import about, side_by_side, tables

Make = Callable[..., r.Report]


def test_report_is_read_back_as_it_was_written(tmp_path: Path, make_report: Make) -> None:
    written = make_report()
    r.write(written, tmp_path / "report.json")
    assert r.read(tmp_path / "report.json") == written


def test_committed_schema_is_that_of_the_code() -> None:
    text = (files("edgeisp.profile") / "report.schema.json").read_text()
    assert json.loads(text) == json.loads(json.dumps(r.schema())), "run `python -m edgeisp.profile.report`"


@pytest.mark.parametrize(
    ("fields", "said"),
    [({"report": 2}, "version 2"), ({"surprise": 1}, "surprise"), ({"subjects": 3}, "subjects")],
)
def test_report_is_refused_by_name_when_a_field_is_wrong(
    tmp_path: Path, make_report: Make, fields: dict[str, object], said: str
) -> None:
    r.write(make_report(), tmp_path / "report.json")
    changed = {**json.loads((tmp_path / "report.json").read_text()), **fields}
    (tmp_path / "report.json").write_text(json.dumps(changed))
    with pytest.raises(BadInputError, match=said):
        r.read(tmp_path / "report.json")


def test_reading_refuses_what_is_absent_or_no_report(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no such report"):
        r.read(tmp_path / "absent.json")
    (tmp_path / "broken.json").write_bytes(b"\xff{")
    with pytest.raises(BadInputError, match="not a report"):
        r.read(tmp_path / "broken.json")


@pytest.mark.parametrize(
    ("outcome", "status", "said"),
    [
        (r.NotMeasured(reason="no Mac"), "not measured", "not measured: no Mac"),
        (r.Died(cause="SIGKILL", said="help"), "died", "died (SIGKILL): help"),
        (r.Wrong(parity=Parity(psnr_db=9.0, max_error=1.0), threshold_db=90.0), "wrong", "wrong: 9.0 dB"),
    ],
)
def test_outcomes_without_times_say_why(
    make_report: Make, outcome: r.Outcome, status: str, said: str
) -> None:
    made = make_report(outcome=outcome)
    assert json.loads(r.encode(made))["subjects"][0]["measurements"][0]["outcome"]["outcome"] == status
    assert said in markdown(tables(made))
    assert said in page(made)


def test_tables_show_quantiles_ratios_and_shares(make_report: Make) -> None:
    found = {
        table.title.split(" in ms")[0]: table for table in tables(make_report(range(1, 101), [25.25] * 3))
    }
    first, control = found["Latency of tile"].rows
    assert first[3:] == ("20.00", "50.50", "90.00", "99.00", "1.00")
    assert control[-1] == "0.50"
    assert found["Load, memory, parity"].rows[0][4:] == ("5.00", "80", "30", "120.0")
    assert found["Delegation and verification"].rows[0][3] == "tflite: 75.0 %"
    fullhd = found["Real-time budgets"].rows[0]
    assert fullhd[3:6] == ("1080p30", "24", "1,212")  # cores of 320 pixels: 4 rows of 6, each 50.5 ms


def test_ratio_is_told_to_be_none_of_speed_when_tiles_differ(make_report: Make) -> None:
    report = make_report([5, 6], [7, 8])
    one, *others = report.subjects
    assert "Tiles differ" not in tables(report)[0].note
    report = msgspec.structs.replace(
        report, subjects=(msgspec.structs.replace(one, tile=(256, 128)), *others)
    )
    others_told = ", ".join(f"{other.name} 512x512" for other in others)
    assert f"Tiles differ ({one.name} 128x256, {others_told} pixels)" in tables(report)[0].note


def test_tables_fit_a_terminal_of_80_columns(make_report: Make) -> None:
    narrow = Console(width=80, file=io.StringIO())
    narrow.print(terminal(tables(make_report([1234.5] * 3))[:5]))
    shown = narrow.file.getvalue()  # type: ignore[attr-defined]
    assert shown.count("1,234") >= 3
    assert "net.tflite" in shown


def test_markdown_escapes_what_would_break_a_table(make_report: Make) -> None:
    text = markdown(tables(make_report()), about(make_report()), "title")
    assert "no &lt;Mac> \\| here" in text
    rows = [line for line in text.splitlines() if line.startswith("| net.tflite | tflite | 1 |")]
    assert [line.count(" | ") for line in rows] == [7, 7, 7, 7]


def test_page_is_self_contained_and_well_formed(make_report: Make) -> None:
    earlier = make_report([5.0, 6.0])
    text = page(make_report(), [earlier])
    assert "http" not in text.replace("http-equiv", "")
    for svg in text.split("<svg")[1:]:
        ElementTree.fromstring("<svg" + svg.split("</svg>")[0] + "</svg>")
    assert text.count("<svg") == 4  # distribution, history, roofline, layers
    assert "data:image/png;base64,iVBORw==" in text
    assert "no &lt;Mac&gt; | here" in text


def test_heat_and_clocks_of_a_phone_are_shown_and_drawn(make_report: Make) -> None:
    made = make_report()
    (subject,) = made.subjects
    (measurement,) = subject.measurements
    assert isinstance(measurement.outcome, r.Measured)
    cool = r.Health(at_s=0.0, status=0, celsius=31.0, clock_mhz=2800.0, allowed=1.0, memory_bytes=4 << 30)
    hot = r.Health(at_s=2.0, status=3, celsius=47.6, clock_mhz=1500.0, allowed=0.5, memory_bytes=3 << 30)
    outcome = msgspec.structs.replace(measurement.outcome, health=(cool, hot))
    changed = msgspec.structs.replace(measurement, outcome=outcome)
    made = msgspec.structs.replace(
        made, subjects=(msgspec.structs.replace(subject, measurements=(changed,)),)
    )
    (table,) = (table for table in tables(made) if table.title == "How the phone fared")
    assert table.rows[0][3:] == ("2", "3", "31 to 48", "1,500 to 2,800", "3,221", "yes")
    text = page(made)
    assert text.count("<svg") == 6  # distribution, heat, clock, memory, roofline, layers
    assert "While it ran: heat" in text


def test_devices_stand_side_by_side(make_report: Make) -> None:
    failed = make_report(outcome=r.Died(cause="killed (137)", said=""))
    rows = side_by_side([make_report([3.0, 4.0, 5.0]), failed]).rows
    assert [row[-1] for row in rows] == ["4.00", "died (killed (137))"]
