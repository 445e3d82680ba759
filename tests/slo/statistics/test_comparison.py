from __future__ import annotations

import random
from itertools import pairwise
from math import exp, inf, isclose, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.statistics.comparison import Allowance, Round, centre_interval, compare
from slo.statistics.errors import CountsError
from slo.statistics.intervals import Finding, Interval

RUNS = 100
TENTH = Allowance(tolerance=0.1, floor=1.0)
TIMES = st.floats(0.1, 10_000)
ROUNDS = st.lists(st.tuples(TIMES, TIMES, TIMES, TIMES), min_size=5, max_size=9).map(
    lambda found: [Round((a, d), (b, c)) for a, b, c, d in found]
)


def rounds(dice: random.Random, count: int, shift: float = 1.0, noise: float = 0.03) -> list[Round]:
    """Measure ABBA on a machine that differs from round to round by far more than versions do."""
    made = []
    for _ in range(count):
        # Slower by something within the round as well, at the same pace for all four.
        machine, drift = dice.lognormvariate(3, 0.3), dice.uniform(-0.05, 0.05)
        a, b, c, d = (machine * exp(dice.gauss(drift * n, noise)) for n in range(4))
        made.append(Round((a, d), (b * shift, c * shift)))
    return made


def share(found: Finding, runs: int, count: int, allowance: Allowance, shift: float = 1.0) -> float:
    dice = random.Random(count)  # noqa: S311  # no secret
    compared = [compare(rounds(dice, count, shift), allowance) for _ in range(runs)]
    return sum(one.finding is found for one in compared) / runs


@pytest.mark.parametrize("count", [5, 8, 12])
def test_equal_versions_fail_at_most_one_run_in_twenty(count: int) -> None:
    assert share(Finding.FAILS, RUNS, count, TENTH) <= 0.05


@pytest.mark.parametrize("count", [5, 8])
def test_equal_versions_that_may_not_differ_at_all_still_fail_no_more_often(count: int) -> None:
    assert 0 < share(Finding.FAILS, 2000, count, Allowance(0.0, 0.0)) <= 0.05


@pytest.mark.parametrize("count", [5, 8, 12])
def test_equal_versions_pass(count: int) -> None:
    assert share(Finding.PASSES, RUNS, count, TENTH) >= 0.9


@pytest.mark.parametrize("count", [5, 8, 12])
def test_a_shift_of_a_fifth_is_found(count: int) -> None:
    assert share(Finding.FAILS, RUNS, count, TENTH, shift=1.2) >= 0.9


@pytest.mark.parametrize("count", [5, 8, 12])
def test_the_interval_holds_the_shift_at_least_as_often_as_it_says(count: int) -> None:
    dice = random.Random(count)  # noqa: S311  # no secret
    found = [compare(rounds(dice, count, 1.2), TENTH).ratio for _ in range(2000)]
    assert 0.89 <= sum(one.low <= 1.2 <= one.high for one in found) / 2000 <= 0.96


def test_drifts_that_pass_one_by_one_are_found_against_the_first() -> None:
    dice = random.Random(10)  # noqa: S311  # no secret
    versions = [20 * 1.05**n for n in range(11)]

    def against(base: float, candidate: float) -> Finding:
        quiet = [dice.gauss(1, 0.01) for _ in range(5)]
        return compare([Round((base,), (candidate * q,)) for q in quiet], TENTH).finding

    assert {against(*step) for step in pairwise(versions)} == {Finding.PASSES}
    assert against(versions[0], versions[-1]) is Finding.FAILS


@pytest.mark.parametrize(
    ("base", "candidate", "expected"),
    [
        (100.0, 120.0, Finding.FAILS),
        # Half as much again, and half a millisecond.
        (1.0, 1.5, Finding.PASSES),
        # Five milliseconds, and a twentieth.
        (100.0, 105.0, Finding.PASSES),
        (100.0, 50.0, Finding.PASSES),
    ],
)
def test_a_regression_is_past_the_tolerance_and_the_floor(
    base: float, candidate: float, expected: Finding
) -> None:
    assert compare([Round((base,), (candidate,))] * 5, TENTH).finding is expected


def test_rounds_that_contradict_each_other_decide_nothing() -> None:
    mixed = [Round((100.0,), (candidate,)) for candidate in (90.0, 100.0, 115.0, 130.0, 140.0)]
    found = compare(mixed, TENTH)
    assert found.finding is Finding.UNDECIDED
    assert found.difference == Interval(15.0, -10.0, 40.0, 5)


def test_past_the_tolerance_and_perhaps_past_the_floor_decides_nothing() -> None:
    near = [Round((4.0,), (candidate,)) for candidate in (4.6, 4.8, 5.0, 5.2, 5.4)]
    found = compare(near, TENTH)
    assert found.ratio.low > 1.1
    assert found.finding is Finding.UNDECIDED


def test_five_values_bound_their_centre_in_fifteen_of_sixteen_cases() -> None:
    values = [1.0, 2.0, 3.0, 4.0, 5.0]
    assert centre_interval(values, 15 / 16) == Interval(3.0, 1.0, 5.0, 5)
    assert centre_interval(values, 0.94) == Interval(3.0, -inf, inf, 5)


@pytest.mark.parametrize("count", range(5))
def test_fewer_than_five_rounds_decide_nothing(count: int) -> None:
    for candidate in (1.0, 100.0, 1000.0):
        few = compare([Round((100.0,), (candidate,))] * count, TENTH, confidence=0.5)
        assert few.finding is Finding.UNDECIDED


def test_no_rounds_bound_nothing() -> None:
    assert centre_interval([]) == Interval(None, -inf, inf, 0)
    assert compare([], TENTH).ratio == Interval(None, 0.0, inf, 0)


def test_what_slows_the_machine_evenly_within_a_round_cancels_out() -> None:
    slowing = Round((100.0, 100 * 1.1**3), (110.0, 121.0))
    assert compare([slowing] * 5, TENTH).ratio.value == pytest.approx(1)


def test_the_centre_is_the_one_that_was_published() -> None:
    # Hollander and Wolfe, example 3.1: nine patients before and after a tranquilizer.
    before = (1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30)
    after = (0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29)
    found = centre_interval([b - a for a, b in zip(before, after, strict=True)], 0.96)
    assert (found.value, found.low, found.high) == pytest.approx((-0.46, -0.786, -0.01))


@pytest.mark.parametrize(("count", "critical"), [(6, 0), (8, 3), (10, 8), (15, 25), (20, 52)])
def test_walsh_averages_are_counted_as_wilcoxons_table_says(count: int, critical: int) -> None:
    # Powers of two: no two averages are equal, so the bound tells its own place among them.
    values = [2.0**n for n in range(count)]
    averages = sorted((x + y) / 2 for i, x in enumerate(values) for y in values[i:])
    assert averages.index(centre_interval(values, 0.95).low) == critical


@given(ROUNDS)
def test_a_ratio_is_within_its_bounds(measured: list[Round]) -> None:
    found = compare(measured, TENTH)
    for one in (found.ratio, found.difference):
        assert one.value is not None
        assert one.low <= one.value <= one.high
    assert found.ratio.low > 0


@given(ROUNDS)
def test_base_and_candidate_in_each_others_place_give_the_inverse(measured: list[Round]) -> None:
    found = compare(measured, TENTH).ratio
    swapped = compare([Round(one.candidate, one.base) for one in measured], TENTH).ratio
    assert isclose(found.low, 1 / swapped.high, rel_tol=1e-9)


@given(ROUNDS, st.floats(1, 100))
def test_a_slower_candidate_never_looks_better(measured: list[Round], times: float) -> None:
    slower = [Round(r.base, tuple(value * times for value in r.candidate)) for r in measured]
    order = [Finding.PASSES, Finding.UNDECIDED, Finding.FAILS]
    before, after = (order.index(compare(each, TENTH).finding) for each in (measured, slower))
    assert before <= after


@pytest.mark.parametrize("value", [nan, inf, 0.0, -1.0])
def test_a_measurement_that_cannot_be_is_no_evidence(value: float) -> None:
    for one in (Round((value,), (1.0,)), Round((1.0,), (1.0, value))):
        with pytest.raises(CountsError, match="which cannot be"):
            compare([one] * 5, TENTH)


def test_a_round_of_one_side_is_no_evidence() -> None:
    with pytest.raises(CountsError, match="the candidate of a round was not measured"):
        compare([Round((1.0,), ())] * 5, TENTH)


@pytest.mark.parametrize("number", [nan, inf, -0.1])
def test_an_allowance_is_a_number_from_0_up(number: float) -> None:
    with pytest.raises(ValueError, match="the tolerance of a comparison is 0 or more"):
        Allowance(number, 0.0)
    with pytest.raises(ValueError, match="the floor of a comparison is 0 or more"):
        Allowance(0.0, number)


@pytest.mark.parametrize("confidence", [nan, 0, 1, 90])
def test_a_confidence_is_between_0_and_1(confidence: float) -> None:
    with pytest.raises(ValueError, match="above 0 and below 1"):
        compare([Round((1.0,), (1.0,))] * 5, TENTH, confidence)
