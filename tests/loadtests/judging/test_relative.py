"""What is relative to a baseline: worse only when both the tolerance and the floor are passed."""

from __future__ import annotations

from fractions import Fraction
from math import inf, nan

import pytest

from loadtests.judging.evidence import Evidence
from loadtests.judging.model import BaselineValue, Status
from loadtests.judging.relative import change, compared
from loadtests.rules.limits import Allowance
from loadtests.rules.measures import Errors, Measure, Quantile, Rate, Under
from loadtests.rules.units import quantity
from slo.statistics.intervals import Finding
from tests.loadtests.judging.loads import (
    SWIPE,
    answers,
    load,
    observed,
    relative,
    rule,
    ruling,
    step,
)

P95 = Quantile(SWIPE, Fraction("0.95"))
TENTH = Allowance(Fraction("0.1"), quantity("5 ms"))
BASE = BaselineValue(0.098, 0.1, 0.102)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        # 0.1122 is a tenth more than the most that the baseline may have been.
        (0.1123, 0.120, Finding.FAILS),
        (0.1121, 0.120, Finding.UNDECIDED),
        (0.100, 0.1077, Finding.PASSES),
        (0.100, 0.1079, Finding.UNDECIDED),
        (0.020, 0.030, Finding.PASSES),
        (0.0, inf, Finding.UNDECIDED),
        (inf, inf, Finding.FAILS),
    ],
)
def test_more_is_judged_by_the_closest_and_farthest_that_both_may_be(
    low: float, high: float, expected: Finding
) -> None:
    assert compared(Evidence(low, low, high, 1000), BASE, TENTH, P95)[0] is expected


@pytest.mark.parametrize(
    ("base", "now", "expected"),
    [
        # Half as much again, and less than 5 ms.
        (BaselineValue(0.001, 0.001, 0.001), (0.0015, 0.0015), Finding.PASSES),
        # 50 ms, and a twentieth.
        (BaselineValue(1.0, 1.0, 1.0), (1.05, 1.05), Finding.PASSES),
        (BaselineValue(1.0, 1.0, 1.0), (1.2, 1.2), Finding.FAILS),
        # The tolerance is surely passed, the floor perhaps.
        (BaselineValue(0.02, 0.02, 0.02), (0.024, 0.026), Finding.UNDECIDED),
    ],
)
def test_one_that_is_surely_kept_is_enough(
    base: BaselineValue, now: tuple[float, float], expected: Finding
) -> None:
    assert compared(Evidence(now[0], *now, 1000), base, TENTH, P95)[0] is expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ((440.0, 440.0), Finding.FAILS),
        ((450.0, 450.0), Finding.PASSES),
        ((449.0, 451.0), Finding.UNDECIDED),
        ((600.0, 600.0), Finding.PASSES),
    ],
)
def test_less_is_worse_for_a_rate(now: tuple[float, float], expected: Finding) -> None:
    base = BaselineValue(500, 500, 500)
    allowance = Allowance(Fraction("0.1"), quantity("20 /s"))
    assert compared(Evidence(now[0], *now, 1000), base, allowance, Rate(SWIPE))[0] is expected


def test_a_baseline_of_no_errors_bounds_no_share_but_a_difference() -> None:
    allowance = Allowance(Fraction(1), quantity("0.5 %"))
    none = BaselineValue(0.0, 0.0, 0.001)

    def found(low: float, high: float) -> Finding:
        return compared(Evidence(low, low, high, 1000), none, allowance, Errors("all"))[0]

    assert found(0.0, 0.002) is Finding.PASSES
    assert found(0.004, 0.006) is Finding.UNDECIDED
    assert found(0.01, 0.02) is Finding.FAILS
    share, _ = change((0.0, 0.0), BaselineValue(0.0, 0.0, 0.0))
    assert (share.low, share.high) == (-1.0, inf)


@pytest.mark.parametrize("value", [nan, inf])
def test_a_baseline_that_is_no_number_decides_nothing(value: float) -> None:
    base = BaselineValue(value, value, value)
    assert compared(Evidence(inf, inf, inf, 1000), base, TENTH, P95)[0] is Finding.UNDECIDED


def test_without_an_interval_the_number_stands_for_itself() -> None:
    base = BaselineValue(0.1, 0.1, 0.1)
    assert compared(Evidence(0.2), base, TENTH, P95)[0] is Finding.FAILS
    assert compared(Evidence(0.109), base, TENTH, P95)[0] is Finding.PASSES
    assert compared(Evidence(), base, TENTH, P95)[0] is Finding.UNDECIDED


@pytest.mark.parametrize(
    ("seconds", "status", "why"),
    [
        (0.1, Status.PASSED, "surely within the tolerance or the floor"),
        (0.108, Status.WARNED, "surely past the warning"),
        (0.105, Status.PASSED, "perhaps past the warning"),
        (0.13, Status.FAILED, "worse than the baseline by 27.4"),
    ],
)
def test_a_rule_with_a_baseline_has_each_status(seconds: float, status: Status, why: str) -> None:
    given = rule(P95, relative(("10 %", "5 ms"), ("5 %", "1 ms")), "steady")
    seen = observed(load(step({SWIPE: answers([seconds] * 1000)})))
    base = BaselineValue(0.0998, 0.1, 0.1019)
    found = ruling(given, seen, {("a-rule", "steady"): base, ("a-rule", "run"): BASE})
    assert found.status is status
    assert why in found.why
    assert found.compared == 0.1
    assert found.limit == "not both 10 % and 5 ms above the baseline"


def test_no_baseline_is_undecided() -> None:
    given = rule(P95, relative(("10 %", "5 ms")), "steady")
    seen = observed(load(step({SWIPE: answers([0.1] * 1000)})))
    for baseline in ({}, {("a-rule", "run"): BASE}, {("other", "steady"): BASE}):
        found = ruling(given, seen, baseline)
        assert (found.status, found.why) == (Status.UNDECIDED, "no baseline")
        assert found.compared is None


@pytest.mark.parametrize(
    ("measure", "floor", "minimum"),
    [
        (P95, "5 ms", 200),
        (Under(SWIPE, quantity("150 ms")), "0.5 %", 2000),
        (Errors(SWIPE), "0.1 %", 10_000),
        (Rate(SWIPE), "5 /s", None),
    ],
)
def test_a_floor_takes_ten_events_of_it(measure: Measure, floor: str, minimum: int | None) -> None:
    given = rule(measure, relative(("10 %", floor)))
    seen = observed(load(step({SWIPE: answers([0.1] * 150)})))
    found = ruling(given, seen, {("a-rule", "run"): BaselineValue(1.0, 1.0, 1.0)})
    assert found.minimum == minimum
    assert (found.status is Status.UNDECIDED) == (minimum is not None)
