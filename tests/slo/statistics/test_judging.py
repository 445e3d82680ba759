from __future__ import annotations

from math import inf

import pytest

from slo.statistics.intervals import (
    Finding,
    Interval,
    find,
    minimum_samples,
)


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
    ("share", "expected"), [(0.5, 20), (0.9, 100), (0.95, 200), (0.99, 1000), (0.999, 10_000)]
)
def test_ten_samples_are_beyond_a_quantile(share: float, expected: int) -> None:
    assert minimum_samples(share) == expected
