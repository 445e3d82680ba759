from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from slo.statistics.differences import difference_interval
from slo.statistics.errors import CountsError

COUNTS = st.integers(1, 10**6).flatmap(
    lambda total: st.tuples(st.integers(0, total), st.just(total))
)


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        # Newcombe (1998), table II, method 10.
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_intervals_are_those_that_were_published(
    one: tuple[int, int], other: tuple[int, int], low: float, high: float
) -> None:
    found = difference_interval(one, other)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@given(COUNTS, COUNTS)
@example((0, 1), (511, 511))
def test_the_other_way_round_is_the_same_with_another_sign(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    there, back = difference_interval(one, other), difference_interval(other, one)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    assert there.value is not None
    assert -1 <= there.low <= there.value <= there.high <= 1


def test_without_events_on_a_side_there_is_no_value() -> None:
    found = difference_interval((0, 0), (5, 100))
    assert (found.value, found.samples) == (None, 0)
    assert found.low < -0.02
    assert found.high > 0.9


def test_counts_that_cannot_be_are_refused() -> None:
    with pytest.raises(CountsError):
        difference_interval((2, 1), (0, 1))
