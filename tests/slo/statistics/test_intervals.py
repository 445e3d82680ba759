from __future__ import annotations

from itertools import pairwise
from math import ceil, inf, isclose, nan

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from slo.statistics.errors import CountsError
from slo.statistics.intervals import (
    Finding,
    Interval,
    find,
    minimum_samples,
    quantile_interval,
    ratio_interval,
)

COUNTS = st.integers(0, 10**9).flatmap(
    lambda total: st.tuples(st.integers(0, total), st.just(total))
)
BUCKETS = st.dictionaries(st.integers(1, 60_000).map(float), st.integers(0, 5000), max_size=30).map(
    lambda found: sorted(found.items())
)
SHARES = st.sampled_from([0.5, 0.9, 0.95, 0.99, 0.999])


def each_once(count: int) -> list[tuple[float, int]]:
    return [(float(n), 1) for n in range(1, count + 1)]


@pytest.mark.parametrize(
    ("bad", "total", "low", "high"),
    [
        # Newcombe (1998), table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_a_ratio_has_the_bounds_that_were_published(
    bad: int, total: int, low: float, high: float
) -> None:
    found = ratio_interval(bad, total)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)
    assert found.value == bad / total


@pytest.mark.parametrize(
    ("count", "low", "high"), [(6, 1, 6), (10, 2, 9), (20, 6, 15), (50, 18, 33), (100, 40, 61)]
)
def test_a_median_has_the_ranks_that_were_published(count: int, low: int, high: int) -> None:
    value = ceil(count / 2)
    assert quantile_interval(each_once(count), 0.5) == Interval(value, low, high, count)


@pytest.mark.parametrize(("share", "enough"), [(0.95, 59), (0.99, 299)])
def test_the_largest_of_so_many_bounds_a_quantile_as_wilks_found_in_1941(
    share: float, enough: int
) -> None:
    assert quantile_interval(each_once(enough), share, 0.9).high == enough
    assert quantile_interval(each_once(enough - 1), share, 0.9).high == inf


def test_buckets_say_the_same_as_the_values_in_them() -> None:
    repeated = quantile_interval([(1.0, 0), (2.0, 900), (5.0, 0), (7.0, 99), (60.0, 1)], 0.95)
    assert repeated == Interval(7.0, 7.0, 7.0, 1000)


@given(COUNTS)
def test_the_bounds_of_a_ratio_stand_around_it_between_0_and_1(counts: tuple[int, int]) -> None:
    found = ratio_interval(*counts)
    assert 0 <= found.low <= found.high <= 1
    if found.value is not None:
        near = 1e-12
        assert found.low <= found.value * (1 + near)
        assert found.value <= found.high * (1 + near)


@given(COUNTS)
def test_good_events_have_the_mirrored_interval_of_bad_ones(counts: tuple[int, int]) -> None:
    bad, total = counts
    found, mirrored = ratio_interval(bad, total), ratio_interval(total - bad, total)
    assert isclose(found.low, 1 - mirrored.high, abs_tol=1e-12)


@given(COUNTS, st.integers(1, 1000))
def test_another_bad_event_never_lowers_a_bound(counts: tuple[int, int], more: int) -> None:
    bad, total = counts
    fewer, worse = ratio_interval(bad, total + more), ratio_interval(bad + more, total + more)
    assert fewer.low <= worse.low
    assert fewer.high <= worse.high


@given(COUNTS.filter(lambda counts: counts[1] > 0), st.integers(2, 100))
def test_more_events_of_the_same_ratio_narrow_its_interval(
    counts: tuple[int, int], times: int
) -> None:
    bad, total = counts
    few, many = ratio_interval(bad, total), ratio_interval(bad * times, total * times)
    assert many.high - many.low < few.high - few.low


@effort(deadline=None)
@given(BUCKETS, SHARES)
def test_a_quantile_is_within_its_bounds(buckets: list[tuple[float, int]], share: float) -> None:
    found = quantile_interval(buckets, share)
    assert found.samples == sum(count for _, count in buckets)
    if found.value is not None:
        assert found.low <= found.value <= found.high


@effort(deadline=None)
@given(BUCKETS, SHARES)
def test_a_higher_quantile_has_no_lower_bounds(
    buckets: list[tuple[float, int]], share: float
) -> None:
    found, higher = quantile_interval(buckets, 0.4), quantile_interval(buckets, share)
    assert found.low <= higher.low
    assert found.high <= higher.high


@effort(deadline=None)
@given(BUCKETS, SHARES)
def test_more_confidence_never_narrows_an_interval(
    buckets: list[tuple[float, int]], share: float
) -> None:
    found = [quantile_interval(buckets, share, confidence) for confidence in (0.8, 0.95, 0.999)]
    assert all(one.low >= more.low and one.high <= more.high for one, more in pairwise(found))


def test_ten_million_samples_bound_a_quantile_as_the_normal_law_does() -> None:
    found = quantile_interval([(float(n), 1000) for n in range(1, 10_001)], 0.99)
    # 1.96 times the root of n p (1 - p) is 617 ranks to either side of 9 900 000.
    assert found == Interval(9900.0, 9900.0, 9901.0, 10_000_000)


def test_nothing_counted_bounds_nothing() -> None:
    assert ratio_interval(0, 0) == Interval(None, 0, 1, 0)
    assert quantile_interval([], 0.5) == Interval(None, -inf, inf, 0)
    assert quantile_interval([(5.0, 0)], 0.5) == Interval(None, -inf, inf, 0)
    assert find(ratio_interval(0, 0), 1) is Finding.UNDECIDED


def test_a_single_value_is_hardly_ever_above_a_high_quantile() -> None:
    assert quantile_interval([(5.0, 1)], 0.99) == Interval(5.0, 5.0, inf, 1)


def test_the_extremes_of_a_ratio_are_exact() -> None:
    assert ratio_interval(0, 20).low == 0
    assert ratio_interval(20, 20).high == 1
    assert isclose(ratio_interval(20, 20).low, 0.8389, abs_tol=1e-4)


@pytest.mark.parametrize(
    ("bad", "total"), [(nan, 10), (1, nan), (-1, 10), (11, 10), (1, 0), (1, inf), (inf, inf)]
)
def test_counts_that_cannot_be_are_no_evidence(bad: float, total: float) -> None:
    with pytest.raises(CountsError, match="cannot be"):
        ratio_interval(bad, total)


@pytest.mark.parametrize(
    ("buckets", "said"),
    [
        ([(nan, 1)], "1 times nan cannot be"),
        ([(-inf, 1)], "1 times -inf cannot be"),
        ([(1.0, -1)], "-1 times 1.0 cannot be"),
        ([(1.0, nan)], "nan times 1.0 cannot be"),
        ([(1.0, 1.5)], "1.5 times 1.0 cannot be"),
        ([(2.0, 1), (1.0, 1)], "not ascending: 1.0 comes after 2.0"),
        ([(1.0, 1), (1.0, 1)], "not ascending"),
    ],
)
def test_buckets_that_cannot_be_are_no_evidence(
    buckets: list[tuple[float, int]], said: str
) -> None:
    with pytest.raises(CountsError, match=said):
        quantile_interval(buckets, 0.5)


def test_what_never_came_is_above_every_limit() -> None:
    lost = quantile_interval([(0.1, 900), (inf, 100)], 0.95)
    assert (lost.low, lost.value, lost.high) == (inf, inf, inf)
    assert quantile_interval([(0.1, 990), (inf, 10)], 0.95).high == 0.1


@pytest.mark.parametrize("number", [nan, 0, 1, -0.1, 95])
def test_what_is_not_between_0_and_1_is_misuse(number: float) -> None:
    for asked in (
        lambda: ratio_interval(1, 10, number),
        lambda: quantile_interval(each_once(9), 0.5, number),
        lambda: quantile_interval(each_once(9), number),
        lambda: minimum_samples(number),
    ):
        with pytest.raises(ValueError, match="above 0 and below 1"):
            asked()
