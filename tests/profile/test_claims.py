"""Claims: measured, or what they need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from edgeisp.models import MODELS
from edgeisp.models.card import Check, Claim, ModelCard
from edgeisp.profile import claims
from edgeisp.profile.claims import Evidence, Line
from edgeisp.profile.report import Report


@pytest.mark.parametrize(
    ("check", "ours", "holds"),
    [
        (Check("parameters", 1e6, 0.02), 1.019e6, True),
        (Check("parameters", 1e6, 0.02), 0.979e6, False),
        (Check("macs", 0.106, 0.02), 0.105, True),
        (Check("psnr", 23.8, 0.1), 30.0, True),
        (Check("psnr", 23.8, 0.1), 23.71, True),
        (Check("psnr", 23.8, 0.1), 23.69, False),
        (Check("latency", 30.0, 0.1), 1.0, True),
        (Check("latency", 30.0, 0.1), 33.1, False),
    ],
)
def test_claim_holds_within_its_tolerance(check: Check, ours: float, holds: bool) -> None:
    assert check.holds(ours) is holds


def lines(name: str, evidence: Evidence | None = None) -> dict[str, Line]:
    return {line.what: line for line in claims.check(name, evidence or Evidence())}


def test_sizes_are_measured_and_scores_say_what_they_need() -> None:
    found = lines("metaisp")
    assert found["parameters"].status == found["MACs at 4x224x224"].status == "measured"
    assert found["parameters"].holds
    assert found["parameters, of LiteISPNet's"].shown == "9.20 %"
    zrr = found["PSNR on ZRR, aligned GT"]
    assert (zrr.status, zrr.holds, zrr.note) == ("needs data", None, "--data zrr:DIR")


@pytest.mark.parametrize("name", MODELS.names())
def test_no_measured_claim_of_a_card_fails(name: str) -> None:
    assert not [line for line in claims.check(name, Evidence()) if line.holds is False]


def card_with(monkeypatch: pytest.MonkeyPatch, claim: Claim) -> None:
    card: ModelCard = replace(MODELS.get("metaisp"), claims=(claim,))
    monkeypatch.setattr(claims.MODELS, "get", lambda name: card)


def test_latency_needs_a_report_of_that_device(
    monkeypatch: pytest.MonkeyPatch, make_report: Callable[..., Report]
) -> None:
    claim = Claim("latency", "11 ms", "a paper", check=Check("latency", 11.0, 0.1, device="A Processor"))
    card_with(monkeypatch, claim)
    assert lines("metaisp")["latency"].status == "needs device"
    report = make_report([10.0, 11.0, 12.0])
    subject = msgspec.structs.replace(report.subjects[0], model="metaisp")
    ran = msgspec.structs.replace(report, subjects=(subject,))
    found = lines("metaisp", Evidence(reports=[ran]))["latency"]
    assert (found.status, found.shown, found.holds) == ("measured", "11.00 ms", True)
    other = msgspec.structs.replace(ran, device=msgspec.structs.replace(ran.device, name="a phone"))
    assert lines("metaisp", Evidence(reports=[other]))["latency"].status == "needs device"


def test_claim_without_a_check_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    card_with(monkeypatch, Claim("colours", "nicer", "a paper"))
    assert lines("metaisp")["colours"].status == "not checkable"


def test_psnr_is_measured_when_a_set_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torchmetrics")
    from edgeisp.training import evalset, evaluate

    scores = [
        evaluate.Score(100, what, protocol, pictures, type("Q", (), {"psnr": value})())
        for what, protocol, pictures, value in (
            ("all", "aligned", 1, 20.0),
            ("all", "aligned", 3, 24.0),
            ("all", "original", 4, 5.0),
            ("natural", "aligned", 4, 5.0),
        )
    ]
    monkeypatch.setattr(evalset, "evaluation_set", lambda name, reader: [name])
    monkeypatch.setattr(evaluate, "evaluate", lambda network, pictures: evaluate.Evaluation(scores, []))
    found = lines("metaisp", Evidence(data={"zrr": "zrr:/data"}))["PSNR on ZRR, aligned GT"]
    assert (found.status, found.shown, found.holds) == ("measured", "23.00 dB", False)
    assert found.note.startswith("4 pictures, aligned GT")
