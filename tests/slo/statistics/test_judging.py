from __future__ import annotations

from math import inf, nan

import pytest

from slo.statistics.intervals import (
    Finding,
    Interval,
    find,
    judge_quantile,
    judge_ratio,
    minimum_samples,
)


def each_once(count: int) -> list[tuple[float, int]]:
    return [(float(n), 1) for n in range(1, count + 1)]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (10, 200, Finding.PASSES),
        (10, 200.1, Finding.UNDECIDED),
        (200, 300, Finding.UNDECIDED),
        (200.1, 300, Finding.FAILS),
        (-inf, inf, Finding.UNDECIDED),
    ],
)
def test_only_a_whole_interval_on_one_side_of_the_limit_decides(
    low: float, high: float, expected: Finding
) -> None:
    assert find(Interval(low, low, high, 100), 200) is expected


@pytest.mark.parametrize(
    ("bad", "total", "limit", "expected"),
    [
        (0, 1000, 0.01, Finding.PASSES),
        (10, 1000, 0.01, Finding.UNDECIDED),
        (30, 1000, 0.01, Finding.FAILS),
        (1000, 1000, 0.01, Finding.FAILS),
        # 999 events without a bad one would be within the limit, and are one too few to say so.
        (0, 999, 0.01, Finding.UNDECIDED),
        (1, 1, 0.01, Finding.UNDECIDED),
        (0, 0, 0.01, Finding.UNDECIDED),
        (0, 0, 0.999, Finding.UNDECIDED),
    ],
)
def test_a_ratio_is_judged_once_there_are_enough_events(
    bad: int, total: int, limit: float, expected: Finding
) -> None:
    assert judge_ratio(bad, total, limit).finding is expected


@pytest.mark.parametrize(
    ("count", "limit", "expected"),
    [
        (1000, 970, Finding.PASSES),
        (1000, 950, Finding.UNDECIDED),
        (1000, 900, Finding.FAILS),
        (199, 1000, Finding.UNDECIDED),
        (0, 1000, Finding.UNDECIDED),
    ],
)
def test_a_quantile_is_judged_once_there_are_enough_samples(
    count: int, limit: float, expected: Finding
) -> None:
    judged = judge_quantile(each_once(count), 0.95, limit)
    assert (judged.finding, judged.minimum) == (expected, 200)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 20), (0.9, 100), (0.95, 200), (0.99, 1000), (0.999, 10_000)]
)
def test_ten_samples_are_beyond_a_quantile(share: float, expected: int) -> None:
    assert minimum_samples(share) == expected


@pytest.mark.parametrize("limit", [nan, inf, -inf])
def test_a_quantile_has_a_finite_limit(limit: float) -> None:
    with pytest.raises(ValueError, match="a finite number"):
        judge_quantile(each_once(9), 0.5, limit)
