"""What the generator saw, against limits: every status from both sides, and no bucket guessed."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from loadtests.arrivals.histogram import Histogram
from loadtests.judging.client import under
from loadtests.judging.judge import judge
from loadtests.judging.model import Ruling, Status
from loadtests.rules.measures import Errors, Measure, Quantile, Rate, Under
from loadtests.rules.units import quantity
from tests.loadtests.judging.loads import (
    BEGIN,
    DECK,
    MINUTE,
    SWIPE,
    absolute,
    answers,
    load,
    observed,
    rule,
    ruling,
    step,
)

if TYPE_CHECKING:
    from loadtests.load import Answers

FAST, SLOW = 0.04, 0.4
UNDER = Under(SWIPE, quantity("150 ms"))
P95 = Quantile(SWIPE, Fraction("0.95"))


def mixed(fast: int, slow: int = 0, failed: int = 0) -> Answers:
    return answers([FAST] * fast + [SLOW] * slow, failed)


def judged(measure: Measure, fail: str, warn: str, seen: Answers) -> Ruling:
    return ruling(rule(measure, absolute(fail, warn)), observed(load(step({SWIPE: seen}))))


@pytest.mark.parametrize(
    ("seen", "status", "why"),
    [
        (mixed(9900, 100), Status.PASSED, "all of 98.7853 % to 99.1771 % is inside 95 %"),
        (mixed(9700, 300), Status.PASSED, "is inside 95 %; perhaps past the warning"),
        (mixed(9600, 400), Status.WARNED, "is inside 95 %; surely past the warning"),
        (mixed(9500, 500), Status.UNDECIDED, "95 % is between 94.5553 % and 95.4102 %, too wide"),
        (mixed(9400, 600), Status.FAILED, "even the good side of the interval, 94.4488 %, is past"),
        # A failure is no fast answer, however fast it came.
        (mixed(9400, 0, 600), Status.FAILED, "94.4488 %, is past"),
        (mixed(199), Status.UNDECIDED, "199 samples are too few, it takes 200"),
        (mixed(200), Status.PASSED, "is inside 95 %; perhaps past the warning"),
        (mixed(0), Status.UNDECIDED, f"no {SWIPE} was sent"),
    ],
)
def test_a_share_under_a_threshold_has_each_status(seen: Answers, status: Status, why: str) -> None:
    found = judged(UNDER, "95 %", "97 %", seen)
    assert found.status is status
    assert why in found.why
    assert (found.minimum, found.limit, found.warning) == (200, "at least 95 %", "at least 97 %")


@pytest.mark.parametrize(
    ("seen", "status", "why"),
    [
        (answers([0.100] * 1000), Status.PASSED, "is inside 150 ms"),
        (answers([0.110] * 950 + [0.125] * 50), Status.PASSED, "perhaps past the warning"),
        (answers([0.130] * 1000), Status.WARNED, "is inside 150 ms; surely past the warning"),
        (answers([0.140] * 950 + [0.2] * 50), Status.UNDECIDED, "150 ms is between"),
        (answers([0.2] * 1000), Status.FAILED, "even the good side of the interval, 199.8"),
        # One in ten never came.
        (
            answers([0.1] * 900, failed=100),
            Status.FAILED,
            "infinity is past 150 ms; 100 of 1000 failed",
        ),
        (answers([0.1] * 199), Status.UNDECIDED, "199 samples are too few, it takes 200"),
        (answers([]), Status.UNDECIDED, f"no {SWIPE} was sent"),
    ],
)
def test_a_quantile_has_each_status(seen: Answers, status: Status, why: str) -> None:
    found = judged(P95, "150 ms", "120 ms", seen)
    assert found.status is status
    assert why in found.why
    assert found.minimum == 200


@pytest.mark.parametrize(
    ("seen", "status"),
    [
        (mixed(20_000), Status.PASSED),
        # 0.5 % of 4000 are the ten that the warning takes too.
        (mixed(3999, 0, 1), Status.PASSED),
        (mixed(19_900, 0, 100), Status.PASSED),
        (mixed(19_860, 0, 140), Status.WARNED),
        (mixed(19_800, 0, 200), Status.UNDECIDED),
        (mixed(19_700, 0, 300), Status.FAILED),
        (mixed(0, 0, 1000), Status.FAILED),
        (mixed(0, 0, 999), Status.UNDECIDED),
    ],
)
def test_a_share_of_errors_has_each_status(seen: Answers, status: Status) -> None:
    found = judged(Errors("all"), "1 %", "0.5 %", seen)
    assert found.status is status
    assert (found.minimum, found.samples) == (1000, seen.total)


@pytest.mark.parametrize(
    ("good", "failed", "status"),
    [
        (29_880, 0, Status.PASSED),
        (29_700, 0, Status.PASSED),
        (29_699, 0, Status.WARNED),
        (29_400, 0, Status.WARNED),
        (29_399, 0, Status.FAILED),
        # Sent, but not answered well.
        (29_000, 880, Status.FAILED),
        (0, 100, Status.FAILED),
        (0, 0, Status.UNDECIDED),
    ],
)
def test_a_rate_is_a_count_so_nothing_is_between_its_statuses(
    good: int, failed: int, status: Status
) -> None:
    found = judged(Rate(SWIPE), "490 /s", "495 /s", mixed(good, 0, failed))
    assert found.status is status
    if status is not Status.UNDECIDED:
        assert found.low == found.measured == found.high == good / 60
    assert found.minimum is None


def test_nothing_rests_on_the_bucket_that_a_threshold_cuts() -> None:
    # All three lie in the bucket from 149.90 ms to 150.02 ms, of which 150 ms is a part.
    seen = answers([0.14991, 0.14995, 0.15001] + [FAST] * 7 + [SLOW] * 10)
    value, low, high = under(seen, 0.15)
    assert value == 7 / 20
    assert low == pytest.approx(1 - under_all(13, 20)[1])
    assert high == pytest.approx(1 - under_all(10, 20)[0])


def under_all(bad: int, total: int) -> tuple[float, float]:
    """Give a ratio's interval by answers that are far from any threshold."""
    _, low, high = under(answers([FAST] * (total - bad) + [SLOW] * bad), 0.15)
    return 1 - high, 1 - low


def test_a_whole_run_within_the_cut_bucket_neither_passes_nor_fails() -> None:
    found = judged(UNDER, "95 %", "97 %", answers([0.14999] * 2000))
    assert found.status is Status.UNDECIDED
    assert found.measured == 0


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.25, (2, 0)),
        # In the bucket that begins with 250 ms, so within the one that this cuts.
        (0.2501, (2, 1)),
        (0.1, (0, 1)),
        (60.0, (3, 0)),
        (0.001, (0, 0)),
    ],
)
def test_a_threshold_on_the_edge_of_a_bucket_cuts_none(
    seconds: float, expected: tuple[int, int]
) -> None:
    recorded = Histogram()
    for each in (0.1, 0.2499, 0.25, 60.0, 61.0):
        recorded.record(each)
    assert recorded.below(seconds) == expected


def test_a_quantile_just_above_its_limit_within_one_bucket_is_no_proof() -> None:
    near = judged(P95, "150 ms", "120 ms", answers([0.14999] * 2000))
    assert near.status is Status.UNDECIDED
    assert judged(P95, "150 ms", "120 ms", answers([0.1503] * 2000)).status is Status.FAILED


def test_what_never_came_is_no_number() -> None:
    found = judged(P95, "150 ms", "120 ms", answers([0.1] * 900, failed=100))
    assert (found.measured, found.low, found.high) == (None, None, None)


WARM_UP = step({SWIPE: mixed(500, 400, 100)}, "warm-up", warm_up=True)
STEADY = step({SWIPE: mixed(2000), DECK: mixed(0, 2000)}, began=BEGIN + MINUTE)
PEAK = step({SWIPE: mixed(1000, 1000)}, "peak", began=BEGIN + 2 * MINUTE)


def test_warming_up_is_no_latency_and_its_errors_count() -> None:
    seen = observed(load(WARM_UP, STEADY))
    latency = ruling(rule(UNDER, absolute("95 %")), seen)
    assert (latency.status, latency.samples) == (Status.PASSED, 2000)
    assert latency.started == STEADY.started
    errors = ruling(rule(Errors(SWIPE), absolute("1 %")), seen)
    assert (errors.status, errors.samples) == (Status.FAILED, 3000)
    assert errors.started == WARM_UP.started
    assert ruling(rule(Rate(SWIPE), absolute("33 /s")), seen).measured == 2000 / 60


def test_a_run_is_its_steps_together_and_steps_are_each_alone() -> None:
    seen = observed(load(WARM_UP, STEADY, PEAK))
    whole = ruling(rule(UNDER, absolute("80 %")), seen)
    assert (whole.over, whole.status, whole.measured) == ("run", Status.FAILED, 0.75)
    alone = judge([rule(UNDER, absolute("80 %"), "steady", "peak")], seen, {})
    assert [(r.over, r.status, r.measured) for r in alone] == [
        ("peak", Status.FAILED, 0.5),
        ("steady", Status.PASSED, 1.0),
    ]
    assert (alone[0].started, alone[0].ended) == (PEAK.started, PEAK.ended)


def test_operations_are_apart_and_all_is_all_of_them() -> None:
    seen = observed(load(STEADY))
    alls = Under("all", quantity("150 ms"))
    assert ruling(rule(UNDER, absolute("80 %")), seen).measured == 1
    assert ruling(rule(alls, absolute("80 %")), seen).measured == 0.5


def test_a_second_load_extends_the_first() -> None:
    first, second = load(step({SWIPE: mixed(150)})), load(step({SWIPE: mixed(150)}))
    assert ruling(rule(UNDER, absolute("95 %")), observed(first)).status is Status.UNDECIDED
    for where in ((), ("steady",)):
        both = ruling(rule(UNDER, absolute("95 %"), *where), observed(first, second))
        assert (both.status, both.samples) == (Status.PASSED, 300)
    assert ruling(rule(Rate(SWIPE), absolute("2 /s")), observed(first, second)).measured == 2.5


def test_a_step_that_was_never_sent_is_undecided() -> None:
    found = ruling(rule(UNDER, absolute("95 %"), "peak"), observed(load(STEADY)))
    assert (found.status, found.why) == (Status.UNDECIDED, f"no {SWIPE} was sent")
    assert found.started is None


def test_rulings_come_worst_first() -> None:
    rules = [rule(UNDER, absolute(limit)) for limit in ("20 %", "60 %", "50 %")]
    statuses = [r.status for r in judge(rules, observed(load(PEAK)), {})]
    assert statuses == [Status.FAILED, Status.UNDECIDED, Status.PASSED]
