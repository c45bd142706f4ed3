"""Comparison of two reports: ratios, intervals, regressions, controls."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edgeisp.errors import BadInputError
from edgeisp.profile.compare import Difference, compare, differences, warnings
from edgeisp.profile.report import NotMeasured, Report
from edgeisp.profile.statistics import quantile, ratio_of_medians

Make = Callable[..., Report]


def noisy(center: float, seed: int, spread: float = 0.02) -> list[float]:
    return list(center * (1 + spread * np.random.default_rng(seed).standard_normal(40)))


def latency(found: list[Difference]) -> Difference:
    return next(d for d in found if d.what.startswith("median") and d.subject == "net.tflite")


def test_slower_run_is_a_regression_when_noise_cannot_explain_it(make_report: Make) -> None:
    old, new = make_report(noisy(10, 1)), make_report(noisy(12, 2))
    found = latency(compare(old, new))
    assert found.regression
    assert found.ratio == pytest.approx(1.2, abs=0.03)
    assert found.interval is not None
    assert found.interval.low < found.ratio < found.interval.high


def test_slower_run_is_no_regression_when_noise_may_explain_it(make_report: Make) -> None:
    old, new = make_report(noisy(10, 1, 0.5)), make_report(noisy(10.8, 2, 0.5))
    assert not latency(compare(old, new)).regression
    assert not latency(compare(make_report(noisy(10, 1)), make_report(noisy(10.2, 2)))).regression


def test_control_divides_out_what_the_machine_did(make_report: Make) -> None:
    old, new = make_report(noisy(10, 1), noisy(5, 3)), make_report(noisy(20, 2), noisy(10, 4))
    assert latency(compare(old, new)).regression
    found = latency(compare(old, new, control="control.tflite"))
    assert not found.regression
    assert found.ratio == pytest.approx(1.0, abs=0.03)


def test_more_macs_are_a_regression_without_statistics(make_report: Make) -> None:
    found = compare(make_report(), make_report(macs=1200))
    (macs,) = [d for d in found if d.what == "macs"]
    assert (macs.ratio, macs.regression, macs.interval) == (1.2, True, None)
    shown = differences(found, 0.95)
    assert [row[2] for row in shown.rows] == ["median, tflite, 1 thread", "macs"]


def test_comparison_refuses_reports_without_anything_in_common(make_report: Make) -> None:
    silent = make_report(outcome=NotMeasured(reason="x"))
    renamed = Report(
        **{f: getattr(silent, f) for f in silent.__struct_fields__ if f != "subjects"}, subjects=()
    )
    with pytest.raises(BadInputError, match="nothing in common"):
        compare(make_report(), renamed)
    with pytest.raises(BadInputError, match="not in both"):
        compare(make_report(), make_report(), control="metaisp")


def test_warnings_name_what_the_new_report_lost(make_report: Make) -> None:
    died = make_report(outcome=NotMeasured(reason="x"))
    assert any(
        "no times in the new one, first net.tflite tile" in line
        for line in warnings(make_report(), died, None)
    )
    assert not any("no times" in line for line in warnings(make_report(), make_report(), None))


def test_interval_holds_the_true_ratio_as_often_as_it_says() -> None:
    held = 0
    for trial in range(100):
        rng = np.random.default_rng(trial)
        found = ratio_of_medians(1.1 * rng.lognormal(0, 0.2, 25), rng.lognormal(0, 0.2, 25), 0.9)
        held += found.low <= 1.1 <= found.high
    assert 80 <= held <= 99


def test_quantiles_are_samples() -> None:
    assert quantile([1.0, 2.0, 10.0], 0.9) == 10.0
    assert quantile(list(range(1, 101)), 0.9) == 90
